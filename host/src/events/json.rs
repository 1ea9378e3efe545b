//! Events as JSON: one object on one line, fields in a fixed order.

use jiff::Timestamp;
use serde::Serialize;

use super::{Event, Incident, StateCause};
use crate::decision::PolicyIdentity;

#[derive(Serialize)]
struct PolicyText<'a> {
    name: &'a str,
    version: &'a str,
    digest: &'a str,
    generation: u64,
}

impl<'a> PolicyText<'a> {
    fn of(policy: &'a PolicyIdentity) -> Self {
        Self {
            name: &policy.manifest.name,
            version: &policy.manifest.version,
            digest: &policy.digest_text,
            generation: policy.generation,
        }
    }
}

/// Every field that an event can have, in the order of the line.
#[derive(Serialize, Default)]
struct EventText<'a> {
    at: String,
    event: &'static str,
    what: String,
    #[serde(rename = "do")]
    advice: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_policy: Option<PolicyText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_expiry: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
}

impl Event {
    /// One line of the events file, without its end.
    pub fn to_json(&self, at: Timestamp) -> String {
        let text = EventText {
            at: at.to_string(),
            event: self.word(),
            what: self.to_string(),
            advice: self.advice(),
            ..self.facts()
        };
        // Strings and numbers alone: it cannot fail.
        serde_json::to_string(&text).unwrap_or_default()
    }

    fn facts(&self) -> EventText<'_> {
        let none = EventText::default();
        match self {
            Self::Activated { policy, asked_by } => EventText {
                policy: Some(PolicyText::of(policy)),
                asked_by: Some(asked_by.as_str()),
                ..none
            },
            Self::PassedOver { digest, why, .. } => EventText {
                digest: Some(digest.to_string()),
                why: Some(why),
                ..none
            },
            Self::GoesOn { policy } => EventText {
                policy: Some(PolicyText::of(policy)),
                ..none
            },
            Self::NoPolicy => none,
            Self::Refused {
                digest,
                asked_by,
                what,
            } => EventText {
                digest: digest.map(|digest| digest.to_string()),
                asked_by: Some(asked_by.as_str()),
                why: Some(what),
                ..none
            },
            Self::Quarantined { digest, why } => EventText {
                digest: Some(digest.to_string()),
                why: Some(why),
                ..none
            },
            Self::RolledBack { from, to, asked_by } => EventText {
                policy: Some(PolicyText::of(to)),
                from_policy: Some(PolicyText::of(from)),
                asked_by: Some(asked_by.as_str()),
                ..none
            },
            Self::Violation(incident) | Self::PolicyFault(incident) | Self::HostFault(incident) => {
                incident.facts()
            }
            Self::FailSafe { .. } | Self::BudgetExhausted { .. } | Self::StateChanged { .. } => {
                self.other_facts()
            }
            Self::ReservationExpired { .. }
            | Self::FillSideMismatch { .. }
            | Self::StoreFailed { .. }
            | Self::StoreBack { .. }
            | Self::NotKept { .. } => self.kept_facts(),
        }
    }

    /// The facts of events that no change of policy and no fault is about.
    fn other_facts(&self) -> EventText<'_> {
        let none = EventText::default();
        match self {
            Self::FailSafe {
                policy,
                request,
                symbol,
                side,
                reason,
            } => EventText {
                policy: Some(PolicyText::of(policy)),
                request: request.as_deref(),
                symbol: Some(symbol),
                side: Some(side.word()),
                reason: Some(reason),
                ..none
            },
            Self::BudgetExhausted {
                policy,
                budget,
                request,
                symbol,
                need,
                remaining,
            } => EventText {
                policy: Some(PolicyText::of(policy)),
                request: request.as_deref(),
                symbol: Some(symbol),
                budget: Some(budget),
                need: Some(need.to_string()),
                remaining: remaining.map(|left| left.to_string()),
                ..none
            },
            Self::StateChanged {
                from,
                to,
                until,
                cause,
            } => EventText {
                from: Some(from.word()),
                to: Some(to.word()),
                until: until.map(|until| until.to_string()),
                cause: Some(cause.word()),
                ..none
            },
            _ => none,
        }
    }
}

impl Event {
    /// The facts of events that reservations and their store are about.
    fn kept_facts(&self) -> EventText<'_> {
        let none = EventText::default();
        match self {
            Self::ReservationExpired {
                reservation,
                held,
                on_expiry,
            } => EventText {
                reservation: Some(reservation.to_string()),
                held: Some(held.to_string()),
                on_expiry: Some(on_expiry.word()),
                ..none
            },
            Self::FillSideMismatch {
                reservation,
                filled,
            } => EventText {
                reservation: Some(reservation.to_string()),
                side: Some(filled.word()),
                ..none
            },
            Self::StoreFailed { what, lost } => EventText {
                why: Some(what),
                lost: Some(*lost),
                ..none
            },
            Self::StoreBack { seconds, lost } => EventText {
                seconds: Some(*seconds),
                lost: Some(*lost),
                ..none
            },
            Self::NotKept { what } => EventText {
                why: Some(what),
                ..none
            },
            _ => none,
        }
    }
}

impl Incident {
    fn facts(&self) -> EventText<'_> {
        EventText {
            policy: Some(PolicyText::of(&self.policy)),
            request: self.request.as_deref(),
            why: Some(&self.what),
            ..EventText::default()
        }
    }
}

impl StateCause {
    /// Its word, as the events file has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Ended => "ended",
        }
    }
}
