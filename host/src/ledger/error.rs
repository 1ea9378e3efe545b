//! Why the ledger says no: one enum for each thing that it is asked.

use router_guest::amount::Amount;

use super::reservation::{EVENT_ID_BYTES_MAX, EVENTS_MAX, ReservationId};

/// The store itself cannot do it, whatever was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A bound of the memory is reached.
    #[error("the store is full: it holds the most {0} that it can")]
    Full(Holding),
    /// It cannot be read or written; for memory, a thread died while it held it.
    #[error("the store is unavailable")]
    Unavailable,
}

/// What a store holds a bounded number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Budgets with charges.
    Budgets,
    /// Charges.
    Charges,
    /// Event ids.
    Events,
    /// Request ids that charged a budget.
    Ids,
}

/// Why a policy's budgets cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The zone is not in the bundled database.
    #[error("budget `{budget}` names the unknown time zone `{zone}`")]
    UnknownZone {
        /// The budget's name.
        budget: Box<str>,
        /// As written.
        zone: Box<str>,
    },
    /// A rolling window of no time at all.
    #[error("budget `{budget}` has a rolling window of 0 seconds")]
    EmptyWindow {
        /// The budget's name.
        budget: Box<str>,
    },
    /// Use is kept under a budget's name, so two of one manifest cannot share it.
    #[error("budget `{budget}` is declared twice")]
    DeclaredTwice {
        /// The budget's name.
        budget: Box<str>,
    },
    /// A budget is known by its name, and what is used of it is a bare amount.
    #[error(
        "the policy's account currency is {policy}, and the budgets on the store are counted in \
         {store}; it needs a store of its own"
    )]
    AccountCurrency {
        /// The policy's.
        policy: String,
        /// The store's, from its first policy on.
        store: String,
    },
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a policy that a store keeps cannot be had from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentFault {
    /// There is none.
    #[error("its component is not in the store")]
    Missing,
    /// It is not what was stored.
    #[error("its component in the store is damaged, or another one's: it has another digest")]
    Damaged,
    /// The store cannot be read there.
    #[error("its component cannot be read from the store: {what}")]
    Unreadable {
        /// What the store says.
        what: String,
    },
}

/// Why a claim was not granted. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The need is more than is left.
    #[error("the budget does not hold `{need}`: `{remaining}` remains")]
    OverLimit {
        /// Account currency.
        need: Amount,
        /// Account currency, as it stood.
        remaining: Amount,
    },
    /// As many orders as the budget lets through were granted in the window.
    #[error("the budget does not hold another order: all `{orders}` are granted")]
    OrdersSpent {
        /// The budget's limit.
        orders: u32,
    },
    /// A need of 10¹⁶ or more, which no charge can hold.
    #[error("the need `{need}` is too large to charge")]
    NeedTooLarge {
        /// Account currency.
        need: Amount,
    },
    /// An index past the manifest's budgets.
    #[error("there is no budget number `{index}`")]
    NoBudget {
        /// As claimed.
        index: usize,
    },
    /// A decision charges one budget, once.
    #[error("this decision already holds a reservation")]
    AlreadyReserved,
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a settlement or a release was not recorded. Nothing has changed: what was reserved
/// stays reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Never granted, or its window passed so long ago that it is forgotten.
    #[error("there is no reservation `{reservation}`")]
    UnknownReservation {
        /// As asked for.
        reservation: ReservationId,
    },
    /// The reservation has seen as many events as it can remember.
    #[error("reservation `{reservation}` has had {EVENTS_MAX} events, the most that it can")]
    TooManyEvents {
        /// As asked for.
        reservation: ReservationId,
    },
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a text is no reservation id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no reservation id: one is written `R` and a number, as `R1`")]
pub struct ReservationIdError {
    pub(super) text: Box<str>,
}

/// Why a text is no event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id has 1 to {EVENT_ID_BYTES_MAX} bytes, this one has {bytes}")]
pub struct EventIdError {
    pub(super) bytes: usize,
}

/// Why a request has no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` has {bytes} bytes: 1 to 64 make an identity")]
pub struct IdentityError {
    pub(super) field: &'static str,
    pub(super) bytes: usize,
}

impl std::fmt::Display for Holding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Budgets => "budgets",
            Self::Charges => "charges",
            Self::Events => "event ids",
            Self::Ids => "request ids",
        })
    }
}

impl StoreError {
    /// The error's code in a refused line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full(_) => "store_full",
            Self::Unavailable => "store_unavailable",
        }
    }
}

impl ReserveError {
    /// The error's code in a refused line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OverLimit { .. } => "over_limit",
            Self::OrdersSpent { .. } => "orders_spent",
            Self::NeedTooLarge { .. } => "need_too_large",
            Self::NoBudget { .. } => "no_budget",
            Self::AlreadyReserved => "already_reserved",
            Self::Store(error) => error.code(),
        }
    }
}

impl EventError {
    /// The error's code in a refused line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownReservation { .. } => "unknown_reservation",
            Self::TooManyEvents { .. } => "too_many_events",
            Self::Store(error) => error.code(),
        }
    }
}
