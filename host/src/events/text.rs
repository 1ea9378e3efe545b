//! Events in words: one line each, without what to do. What came from outside is printed
//! escaped, so that a name cannot forge a line.

use std::fmt;

use super::{Event, Incident, StateCause};
use crate::decision::PolicyIdentity;
use crate::ledger::OnExpiry;

impl fmt::Display for Incident {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = &self.request {
            write!(out, " request `{}`:", id.escape_debug())?;
        }
        write!(out, " {}", self.what)
    }
}

/// A policy as people tell it from others.
struct Told<'a>(&'a PolicyIdentity);

impl fmt::Display for Told<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = self.0;
        let (name, version) = (&policy.manifest.name, &policy.manifest.version);
        write!(
            out,
            "policy `{}` version `{}`, {} (generation {})",
            name.escape_debug(),
            version.escape_debug(),
            policy.digest_text,
            policy.generation
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activated { policy, asked_by } => {
                write!(out, "{} is live, asked for by {asked_by}", Told(policy))
            }
            Self::PassedOver { .. } | Self::GoesOn { .. } | Self::NoPolicy => {
                self.write_started(out)
            }
            Self::Refused { asked_by, what, .. } => write!(
                out,
                "the policy that {asked_by} asked for is not let in: {what}"
            ),
            Self::Quarantined { digest, why } => {
                write!(out, "policy {digest} is not let in again: {why}")
            }
            Self::RolledBack { from, to, asked_by } => write!(
                out,
                "{} is live again in place of generation {}, asked for by {asked_by}",
                Told(to),
                from.generation
            ),
            Self::Violation(incident) => {
                incident.write("broke an invariant and no longer decides", out)
            }
            Self::PolicyFault(incident) => incident.write("failed to answer", out),
            Self::HostFault(incident) => incident.write("could not be run", out),
            Self::FailSafe { .. } => self.write_fail_safe(out),
            Self::BudgetExhausted { .. } => self.write_spent(out),
            Self::ReservationExpired { .. }
            | Self::FillSideMismatch { .. }
            | Self::StoreFailed { .. }
            | Self::StoreBack { .. }
            | Self::NotKept { .. } => self.write_kept(out),
            Self::StateChanged { .. } => self.write_state(out),
        }
    }
}

impl Incident {
    fn write(&self, happened: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "policy {} {happened}:{self}", self.policy.digest)
    }
}

fn write_lost(lost: u64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if lost == 0 {
        return Ok(());
    }
    write!(
        out,
        "; {lost} decisions that were answered are in no journal"
    )
}

impl Event {
    /// What a router begins with on a store.
    fn write_started(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PassedOver {
                digest,
                name,
                version,
                why,
            } => write!(
                out,
                "policy `{}` version `{}`, {digest}, is passed over: {}",
                name.escape_debug(),
                version.escape_debug(),
                // A compiler's words may be many lines.
                why.trim_end().replace('\n', "; ")
            ),
            Self::GoesOn { policy } => write!(
                out,
                "{} goes on, which was live on this store before; use `swap` for another",
                Told(policy)
            ),
            Self::NoPolicy => out.write_str(
                "NO POLICY CAN BE USED: the fail-safe decides alone, and only exits go out",
            ),
            _ => Ok(()),
        }
    }

    fn write_fail_safe(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::FailSafe {
            request,
            symbol,
            side,
            reason,
            ..
        } = self
        else {
            return Ok(());
        };
        out.write_str("the fail-safe decided")?;
        if let Some(id) = request {
            write!(out, " request `{}`", id.escape_debug())?;
        }
        let symbol = symbol.escape_debug();
        write!(out, " for `{symbol}`: {} {reason}", side.word())
    }

    fn write_spent(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::BudgetExhausted {
            budget,
            symbol,
            need,
            remaining,
            ..
        } = self
        else {
            return Ok(());
        };
        let (budget, symbol) = (budget.escape_debug(), symbol.escape_debug());
        write!(
            out,
            "the budget `{budget}` does not hold what `{symbol}` needs: {need} needed"
        )?;
        match remaining {
            Some(left) => write!(out, ", {left} left"),
            None => out.write_str(", no orders left"),
        }
    }

    /// What became of reservations and of the store that keeps them.
    fn write_kept(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservationExpired {
                reservation,
                held,
                on_expiry,
            } => {
                let becomes = match on_expiry {
                    OnExpiry::Keep => "stay held",
                    OnExpiry::Release => "are released",
                };
                write!(
                    out,
                    "nobody said in time what became of the order under {reservation}: the {held} that it holds {becomes}"
                )
            }
            Self::FillSideMismatch {
                reservation,
                filled,
            } => write!(
                out,
                "the order under {reservation} was filled as a {}, which is not what was decided",
                filled.word()
            ),
            Self::StoreFailed { what, lost } => {
                write!(out, "THE STORE FAILED: {what}")?;
                write_lost(*lost, out)
            }
            Self::StoreBack { seconds, lost } => {
                write!(out, "the store is written again, after {seconds} s")?;
                write_lost(*lost, out)
            }
            Self::NotKept { what } => write!(
                out,
                "{what} holds, and is not on disk: until the store is back, a restart forgets it"
            ),
            _ => Ok(()),
        }
    }

    fn write_state(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::StateChanged {
            from,
            to,
            until,
            cause,
        } = self
        else {
            return Ok(());
        };
        let (from, to) = (from.word(), to.word());
        write!(out, "the trading state is {to}, after {from}")?;
        match (until, cause) {
            (_, StateCause::Ended) => out.write_str(", whose time is over"),
            (Some(until), StateCause::Set) => write!(out, ", until {until}"),
            (None, StateCause::Set) => Ok(()),
        }
    }
}
