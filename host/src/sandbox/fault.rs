//! Who is to blame when a policy gives no answer: the policy ([`PolicyFault`]) or the machine
//! that runs it ([`HostFault`]). Only the first costs a policy its place.

use std::fmt;

/// What the policy did wrong. Its instance is dead afterwards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// It ran longer than its bound.
    #[error("it ran out of fuel: {fuel_max} units are its bound")]
    OutOfFuel {
        /// The bound.
        fuel_max: u64,
    },
    /// It stopped itself, or did what no program may.
    #[error("it trapped: {0}")]
    Trap(TrapKind),
    /// What it gave back is not of the interface, or more than a host takes.
    #[error("its answer cannot be read: {message}")]
    AnswerMalformed {
        /// What is wrong with it.
        message: String,
    },
    /// An amount of its answer has more digits or places than an amount can have.
    #[error("the {field} of its answer is no amount: more than 28 digits or places")]
    AmountInvalid {
        /// The field, in words.
        field: &'static str,
    },
    /// It answered another number of items than it was asked.
    #[error("it answered {answered} items of a batch of {asked}")]
    BatchLength {
        /// Items of the batch.
        asked: usize,
        /// Items of the answer.
        answered: usize,
    },
}

/// Why a program was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrapKind {
    /// It gave up by itself: a panic, an assertion, no memory left.
    GaveUp,
    /// It called itself too deeply.
    StackOverflow,
    /// It reached outside of its memory.
    OutOfBounds,
    /// It divided by zero or left the range of its integers.
    Arithmetic,
    /// It called something that is no function of the type.
    BadCall,
    /// It was used again after a trap.
    Dead,
    /// Anything else.
    Other,
}

/// What the host could not do. No policy is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// The sandbox itself could not be set up.
    #[error("the sandbox could not be set up: {message}")]
    Engine {
        /// The reason.
        message: String,
    },
    /// A component could not be compiled, and is not to blame.
    #[error("the component could not be compiled: {message}")]
    Compiler {
        /// The reason.
        message: String,
    },
    /// There was no room for an instance.
    #[error("no instance of the policy could be made: {message}")]
    Instance {
        /// The reason.
        message: String,
    },
    /// The caller asked for more than a batch holds.
    #[error("a batch of {items} items was asked for, and {items_max} are the bound")]
    BatchTooLarge {
        /// Items that were asked for.
        items: usize,
        /// The bound.
        items_max: usize,
    },
}

impl HostFault {
    /// There should be an instance, and there is none.
    pub(crate) fn no_instance() -> Self {
        Self::Instance {
            message: "it is gone".into(),
        }
    }
}

impl PolicyFault {
    /// What a failed call says about the policy.
    pub(crate) fn of_call(error: &wasmtime::Error, fuel_max: u64) -> Self {
        match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::OutOfFuel) => Self::OutOfFuel { fuel_max },
            Some(trap) => Self::Trap(TrapKind::of(*trap)),
            None => Self::AnswerMalformed {
                message: error.root_cause().to_string(),
            },
        }
    }
}

impl TrapKind {
    const fn of(trap: wasmtime::Trap) -> Self {
        use wasmtime::Trap;
        match trap {
            Trap::UnreachableCodeReached => Self::GaveUp,
            Trap::StackOverflow => Self::StackOverflow,
            Trap::MemoryOutOfBounds | Trap::TableOutOfBounds => Self::OutOfBounds,
            Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
                Self::Arithmetic
            }
            Trap::IndirectCallToNull | Trap::BadSignature => Self::BadCall,
            Trap::CannotEnterComponent => Self::Dead,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::GaveUp => "it gave up (a panic, or no memory left)",
            Self::StackOverflow => "its calls went too deep",
            Self::OutOfBounds => "it reached outside of its memory",
            Self::Arithmetic => "a division by zero or an overflow",
            Self::BadCall => "a call of something that is no such function",
            Self::Dead => "it was asked again after a fault",
            Self::Other => "it did what no policy may",
        })
    }
}
