//! The routing table of the default policy in Cedar, Rego, JDM and CEL, proven equal to the
//! component on every cell of its domain that each can express, and timed beside it.

mod case;
mod cedar;
mod cel_rules;
mod peer;
mod prove;
mod rego;
mod zen;

use anyhow::Result;

fn main() -> Result<()> {
    let policy = prove::policy()?;
    prove::print(&prove::prove::<rego::Interpreted>(&policy)?);
    prove::print(&prove::prove::<rego::Machine>(&policy)?);
    prove::print(&prove::prove::<cel_rules::Cel>(&policy)?);
    prove::print(&prove::prove::<zen::Zen>(&policy)?);
    prove::print(&prove::prove::<cedar::Cedar>(&policy)?);
    Ok(())
}
