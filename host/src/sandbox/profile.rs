//! The two sets of bounds that an operator chooses from, for each policy.
//!
//! A bound of `strict` is some times what components of compiled languages need; one of `large` is
//! what a component needs that carries a language's own engine, such as one for JavaScript. Neither
//! is a setting: a bound that can be set to anything bounds nothing, and whatever is compiled or
//! certified would hold under that setting alone.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Which bounds a policy is loaded and run under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SandboxProfile {
    /// For rule documents, and for components of compiled languages.
    #[default]
    Strict,
    /// For components that carry a language's own engine.
    Large,
}

/// The bounds of a profile. They are part of every compiled form's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileLimits {
    /// What is counted in a component before it is compiled.
    pub decode: DecodeLimits,
    /// What compiling it may take.
    pub compile: CompileLimits,
    /// What an instance of it may take.
    pub run: RunLimits,
}

/// Bounds on what a component holds, over all modules and components in it where nothing else is
/// said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the component.
    pub component_bytes_max: usize,
    /// Modules and components within each other.
    pub nesting_max: u64,
    /// Core modules.
    pub modules_max: u64,
    /// Components, itself included.
    pub components_max: u64,
    /// Definitions of components: instances, aliases, canonical functions, imports and exports.
    pub definitions_max: u64,
    /// Types of components, and of core modules.
    pub types_max: u64,
    /// Bytes of the types of components, which can hold each other.
    pub type_bytes_max: u64,
    /// Parameters and results of one core function type.
    pub type_values_max: u64,
    /// Imports and exports of core modules.
    pub names_max: u64,
    /// Functions.
    pub functions_max: u64,
    /// Bytes of one function.
    pub function_bytes_max: u64,
    /// Locals of one function, without its parameters.
    pub locals_max: u64,
    /// Blocks, loops and ifs within each other.
    pub block_depth_max: u64,
    /// Globals.
    pub globals_max: u64,
    /// Memories, which is also what a store has.
    pub memories_max: u64,
    /// Segments of data.
    pub data_segments_max: u64,
    /// Segments of elements.
    pub element_segments_max: u64,
}

/// Bounds on the process that compiles a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, of all its threads together.
    pub cpu_seconds_max: u64,
    /// Time on the clock. What is slow by this and not by processor time is the machine.
    pub wall_time_max: Duration,
    /// Bytes of address space.
    pub address_bytes_max: u64,
    /// Bytes of the compiled form.
    pub compiled_bytes_max: u64,
    /// Threads that compile.
    pub threads_max: usize,
}

/// Bounds on an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Bytes of its one linear memory.
    pub memory_bytes_max: usize,
    /// Core instances of a component.
    pub core_instances_max: usize,
    /// Tables of an instance.
    pub tables_max: usize,
    /// Elements of a table.
    pub table_elements_max: usize,
    /// Bytes of the stack that a call may use.
    pub stack_bytes_max: usize,
    /// Instances that live at once, of all policies and threads together.
    pub instances_max: usize,
    /// Decisions of an instance before it is started anew.
    pub decisions_max: usize,
}

const STRICT: ProfileLimits = ProfileLimits {
    decode: DecodeLimits {
        component_bytes_max: 4 << 20,
        nesting_max: 4,
        modules_max: 8,
        components_max: 16,
        definitions_max: 1_000,
        types_max: 2_000,
        type_bytes_max: 64 << 10,
        type_values_max: 64,
        names_max: 1_000,
        functions_max: 10_000,
        function_bytes_max: 128 << 10,
        locals_max: 1_000,
        block_depth_max: 256,
        globals_max: 1_000,
        memories_max: 1,
        // A large document fills 10,000, the most that pre-initialising leaves, and the engine has its own.
        data_segments_max: 12_000,
        element_segments_max: 64,
    },
    compile: CompileLimits {
        cpu_seconds_max: 20,
        wall_time_max: Duration::from_secs(60),
        address_bytes_max: 1 << 30,
        compiled_bytes_max: 64 << 20,
        threads_max: 4,
    },
    run: RunLimits {
        memory_bytes_max: 16 << 20,
        core_instances_max: 8,
        tables_max: 2,
        table_elements_max: 10_000,
        stack_bytes_max: 256 << 10,
        instances_max: 1024,
        // Compiled code frees what it takes, and has nothing to gain by a start.
        decisions_max: usize::MAX,
    },
};

const LARGE: ProfileLimits = ProfileLimits {
    decode: DecodeLimits {
        component_bytes_max: 32 << 20,
        nesting_max: 8,
        // Python's interpreter comes in ten libraries, and with a stub for each interface of a system
        // that it does without: 38.
        modules_max: 64,
        components_max: 64,
        definitions_max: 10_000,
        types_max: 20_000,
        type_bytes_max: 256 << 10,
        type_values_max: 256,
        names_max: 10_000,
        functions_max: 100_000,
        function_bytes_max: 1 << 20,
        locals_max: 10_000,
        block_depth_max: 1_024,
        globals_max: 10_000,
        memories_max: 1,
        data_segments_max: 50_000,
        element_segments_max: 1_000,
    },
    compile: CompileLimits {
        cpu_seconds_max: 120,
        wall_time_max: Duration::from_secs(300),
        address_bytes_max: 4 << 30,
        compiled_bytes_max: 240 << 20,
        threads_max: 4,
    },
    run: RunLimits {
        memory_bytes_max: 256 << 20,
        // One for each module, and one for each interface between them.
        core_instances_max: 128,
        tables_max: 4,
        table_elements_max: 100_000,
        stack_bytes_max: 512 << 10,
        instances_max: 128,
        // The engine for JavaScript cleans up its whole heap after 170,000, and no decision's fuel is
        // enough for that; a start takes as long as a few decisions.
        decisions_max: 10_000,
    },
};

impl SandboxProfile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Large];

    /// Its bounds.
    pub const fn limits(self) -> &'static ProfileLimits {
        match self {
            Self::Strict => &STRICT,
            Self::Large => &LARGE,
        }
    }

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Large => "large",
        }
    }
}

impl fmt::Display for SandboxProfile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A word that is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no profile: `strict` and `large` are", .0.escape_debug())]
pub struct UnknownProfile(String);

impl FromStr for SandboxProfile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        let found = Self::ALL.into_iter().find(|profile| profile.word() == text);
        found.ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_by_its_word() {
        for profile in SandboxProfile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        for word in ["", "Strict", "largest"] {
            let error = SandboxProfile::from_str(word).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("`{word}` is no profile: `strict` and `large` are")
            );
        }
    }
}
