//! What a component may hold: counted in one pass over its bytes, before anything is compiled.
//!
//! The pass is linear, keeps nothing but counts, and goes into no types within types. It does not
//! say whether a component is valid: that is the compiler's to say, which is where time and memory
//! go, and which runs within bounds of its own (see [`crate::compiler`]).

use std::fmt;

use wasmparser::{
    BinaryReaderError, CanonicalFunction, ComponentCanonicalSectionReader, ElementItems,
    ElementSectionReader, FunctionBody, MemorySectionReader, Operator, Parser, Payload,
    TableSectionReader, TypeSectionReader,
};

use crate::sandbox::{DecodeLimits, RunLimits, SandboxProfile};

/// A component holds more of something than its profile takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundError {
    /// What it holds, in words.
    pub what: &'static str,
    /// How much of it there is, or was when the counting stopped.
    pub found: u64,
    /// How much there may be.
    pub bound: u64,
    /// The profile whose bound it is.
    pub profile: SandboxProfile,
    /// The bound of profile `large`, where that would be enough.
    pub large: Option<u64>,
}

impl std::error::Error for BoundError {}

impl fmt::Display for BoundError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            found,
            bound,
            profile,
            large,
        } = self;
        write!(
            out,
            "the component has {found} {what}, and {bound} are the bound of profile `{profile}`"
        )?;
        match large {
            Some(bound) => write!(out, "; profile `large` takes {bound}"),
            None => Ok(()),
        }
    }
}

/// Why a component is not compiled at all.
pub(super) enum DecodeError {
    Bound(BoundError),
    /// It has a canonical function that no policy needs, by its name.
    Canonical(&'static str),
    Damaged(BinaryReaderError),
}

impl From<BoundError> for DecodeError {
    fn from(error: BoundError) -> Self {
        Self::Bound(error)
    }
}

impl From<BinaryReaderError> for DecodeError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Damaged(error)
    }
}

type Counted = Result<(), DecodeError>;

/// Holds a component to the bounds of a profile.
pub(super) fn check(bytes: &[u8], profile: SandboxProfile) -> Counted {
    check_bytes(bytes, profile)?;
    let mut counts = Counts::new(profile);
    for payload in Parser::new(0).parse_all(bytes) {
        counts.take(payload?)?;
    }
    Ok(())
}

/// Holds a component to its size, which needs no look into it.
pub(super) fn check_bytes(bytes: &[u8], profile: SandboxProfile) -> Result<(), BoundError> {
    let bound = |limits: &DecodeLimits| limits.component_bytes_max as u64;
    within(profile, "bytes", bytes.len() as u64, |profile| {
        bound(&profile.limits().decode)
    })
}

fn within(
    profile: SandboxProfile,
    what: &'static str,
    found: u64,
    bound_of: impl Fn(SandboxProfile) -> u64,
) -> Result<(), BoundError> {
    let bound = bound_of(profile);
    if found <= bound {
        return Ok(());
    }
    let large = bound_of(SandboxProfile::Large);
    Err(BoundError {
        what,
        found,
        bound,
        profile,
        large: (profile != SandboxProfile::Large && found <= large).then_some(large),
    })
}

/// What was counted so far.
struct Counts {
    profile: SandboxProfile,
    depth: u64,
    modules: u64,
    components: u64,
    definitions: u64,
    types: u64,
    type_bytes: u64,
    names: u64,
    functions: u64,
    globals: u64,
    memories: u64,
    tables: u64,
    data_segments: u64,
    element_segments: u64,
    elements: u64,
}

/// A bound on a sum: the sum, what it is of, and which bound it is.
macro_rules! add {
    ($counts:ident.$sum:ident += $count:expr, $what:literal, $bound:ident) => {{
        $counts.$sum = $counts.$sum.saturating_add(u64::from($count));
        $counts.hold($what, $counts.$sum, |limits| limits.$bound)
    }};
}

impl Counts {
    const fn new(profile: SandboxProfile) -> Self {
        Self {
            profile,
            depth: 0,
            modules: 0,
            components: 0,
            definitions: 0,
            types: 0,
            type_bytes: 0,
            names: 0,
            functions: 0,
            globals: 0,
            memories: 0,
            tables: 0,
            data_segments: 0,
            element_segments: 0,
            elements: 0,
        }
    }

    fn hold(
        &self,
        what: &'static str,
        found: u64,
        bound: fn(&DecodeLimits) -> u64,
    ) -> Result<(), BoundError> {
        within(self.profile, what, found, |profile| {
            bound(&profile.limits().decode)
        })
    }

    fn hold_run(
        &self,
        what: &'static str,
        found: u64,
        bound: fn(&RunLimits) -> usize,
    ) -> Result<(), BoundError> {
        within(self.profile, what, found, |profile| {
            bound(&profile.limits().run) as u64
        })
    }

    fn take(&mut self, payload: Payload<'_>) -> Counted {
        match payload {
            Payload::ModuleSection { .. } => {
                add!(self.modules += 1_u32, "core modules", modules_max)?;
                self.enter()
            }
            Payload::ComponentSection { .. } => {
                // The component itself is one.
                add!(self.components += 1_u32, "components in it", components_max)?;
                self.enter()
            }
            Payload::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Payload::CodeSectionEntry(body) => self.function(&body),
            Payload::CodeSectionStart { count, .. } => {
                Ok(add!(self.functions += count, "functions", functions_max)?)
            }
            other => self.section(other),
        }
    }

    fn enter(&mut self) -> Counted {
        self.depth += 1;
        let (what, depth) = ("modules and components within each other", self.depth);
        Ok(self.hold(what, depth, |limits| limits.nesting_max)?)
    }

    /// Sections that are lists of things.
    fn section(&mut self, payload: Payload<'_>) -> Counted {
        match payload {
            Payload::InstanceSection(section) => self.definitions(section.count()),
            Payload::ComponentInstanceSection(section) => self.definitions(section.count()),
            Payload::ComponentAliasSection(section) => self.definitions(section.count()),
            Payload::ComponentCanonicalSection(section) => self.canonicals(section),
            Payload::ComponentImportSection(section) => self.definitions(section.count()),
            Payload::ComponentExportSection(section) => self.definitions(section.count()),
            Payload::CoreTypeSection(section) => self.types(section.count(), &section.range()),
            Payload::ComponentTypeSection(section) => self.types(section.count(), &section.range()),
            Payload::TypeSection(section) => self.function_types(section),
            Payload::ImportSection(section) => self.names(section.count()),
            Payload::ExportSection(section) => self.names(section.count()),
            Payload::GlobalSection(section) => Ok(add!(
                self.globals += section.count(),
                "globals",
                globals_max
            )?),
            Payload::MemorySection(section) => self.memories(section),
            Payload::TableSection(section) => self.tables(section),
            Payload::DataSection(section) => {
                let count = section.count();
                Ok(add!(
                    self.data_segments += count,
                    "segments of data",
                    data_segments_max
                )?)
            }
            Payload::ElementSection(section) => self.elements(section),
            _ => Ok(()),
        }
    }

    fn definitions(&mut self, count: u32) -> Counted {
        let what = "definitions of components";
        self.definitions = self.definitions.saturating_add(u64::from(count));
        Ok(self.hold(what, self.definitions, |limits| limits.definitions_max)?)
    }

    /// A policy lifts its own functions. It has no imports to lower; and what passes between
    /// components in it, and handles of resources, are copied and kept by the host, outside of
    /// fuel and of the bound on memory.
    fn canonicals(&mut self, section: ComponentCanonicalSectionReader<'_>) -> Counted {
        self.definitions(section.count())?;
        for function in section {
            return Err(DecodeError::Canonical(match function? {
                CanonicalFunction::Lift { .. } => continue,
                CanonicalFunction::Lower { .. } => "canon lower",
                CanonicalFunction::ResourceNew { .. } => "canon resource.new",
                CanonicalFunction::ResourceDrop { .. } => "canon resource.drop",
                CanonicalFunction::ResourceRep { .. } => "canon resource.rep",
                _ => "canon of threads or tasks",
            }));
        }
        Ok(())
    }

    fn names(&mut self, count: u32) -> Counted {
        self.names = self.names.saturating_add(u64::from(count));
        let what = "imports and exports of core modules";
        Ok(self.hold(what, self.names, |limits| limits.names_max)?)
    }

    /// Types that can hold each other: they are bounded by their bytes, unread.
    fn types(&mut self, count: u32, range: &std::ops::Range<u64>) -> Counted {
        add!(self.types += count, "types", types_max)?;
        let bytes = range.end.saturating_sub(range.start);
        self.type_bytes = self.type_bytes.saturating_add(bytes);
        let what = "bytes of component types";
        Ok(self.hold(what, self.type_bytes, |limits| limits.type_bytes_max)?)
    }

    fn function_types(&mut self, section: TypeSectionReader<'_>) -> Counted {
        for function in section.into_iter_err_on_gc_types() {
            let function = function?;
            add!(self.types += 1_u32, "types", types_max)?;
            let values = (function.params().len() + function.results().len()) as u64;
            let what = "parameters and results in one function type";
            self.hold(what, values, |limits| limits.type_values_max)?;
        }
        Ok(())
    }

    fn memories(&mut self, section: MemorySectionReader<'_>) -> Counted {
        const WASM_PAGE_BYTES: u64 = 64 << 10;
        add!(self.memories += section.count(), "memories", memories_max)?;
        for memory in section {
            let bytes = memory?.initial.saturating_mul(WASM_PAGE_BYTES);
            let what = "bytes of memory from its start";
            self.hold_run(what, bytes, |limits| limits.memory_bytes_max)?;
        }
        Ok(())
    }

    fn tables(&mut self, section: TableSectionReader<'_>) -> Counted {
        self.tables = self.tables.saturating_add(u64::from(section.count()));
        self.hold_run("tables", self.tables, |limits| limits.tables_max)?;
        for table in section {
            let what = "elements in one table from its start";
            let elements = table?.ty.initial;
            self.hold_run(what, elements, |limits| limits.table_elements_max)?;
        }
        Ok(())
    }

    fn elements(&mut self, section: ElementSectionReader<'_>) -> Counted {
        let count = section.count();
        add!(
            self.element_segments += count,
            "segments of elements",
            element_segments_max
        )?;
        for segment in section {
            let count = match segment?.items {
                ElementItems::Functions(functions) => functions.count(),
                ElementItems::Expressions(_, expressions) => expressions.count(),
            };
            self.elements = self.elements.saturating_add(u64::from(count));
            let what = "elements in its segments";
            self.hold_run(what, self.elements, |limits| limits.table_elements_max)?;
        }
        Ok(())
    }

    fn function(&self, body: &FunctionBody<'_>) -> Counted {
        let range = body.range();
        let bytes = range.end.saturating_sub(range.start);
        self.hold("bytes in one function", bytes, |limits| {
            limits.function_bytes_max
        })?;
        let mut locals = 0_u64;
        for group in body.get_locals_reader()? {
            locals = locals.saturating_add(u64::from(group?.0));
            self.hold("locals in one function", locals, |limits| limits.locals_max)?;
        }
        self.blocks(body)
    }

    fn blocks(&self, body: &FunctionBody<'_>) -> Counted {
        let mut depth = 0_u64;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => {
                    depth += 1;
                    let what = "blocks within each other in one function";
                    self.hold(what, depth, |limits| limits.block_depth_max)?;
                }
                Operator::End => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
