//! The typed face of a policy component: the only place where bindings are generated, in a
//! module of its own for each published version of the package.
//!
//! It holds no limits and no instances (see [`crate::sandbox`] and [`crate::policy`]).

pub(crate) mod images;
pub(crate) mod placed;

/// Version 0.1.0 of the package. Parameters are borrowed, so that a call copies no name.
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::allow_attributes_without_reason,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "generated code"
)]
pub(crate) mod v0_1_0 {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "policy",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

/// What `loading` of version 0.1.0 answers. Only the rule engine has it, and only composing
/// calls it.
pub(crate) mod loading {
    use wasmtime::component::{ComponentType, Lift};

    /// The interface's name.
    pub(crate) const LOADING: &str = "execution-router:policy/loading@0.1.0";

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Loaded {
        pub(crate) rules: u32,
    }

    #[derive(Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(
        dead_code,
        reason = "lifted from the component's answer, never made here"
    )]
    pub(crate) enum LoadErrorKind {
        #[component(name = "already-loaded")]
        AlreadyLoaded,
        #[component(name = "version-unsupported")]
        VersionUnsupported,
        #[component(name = "table-invalid")]
        TableInvalid,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct LoadError {
        pub(crate) kind: LoadErrorKind,
    }
}
