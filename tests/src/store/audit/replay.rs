//! A store's ledger, decided again by the naive model from the entries of its log, and held to
//! the store's own tables and to what was answered.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::Finding;
use super::cells::{count, finding, get, strategy, units};
use super::log::{Entry, Granted};
use crate::ledger::calendar::Clocks;
use crate::ledger::model::{Filled, Model, Units, Verdict};
use crate::ledger::operation::{Decimal, Fate, Terms, Wish};
use crate::store::EQUITY;
use crate::store::acknowledged::Acknowledged;
use crate::store::variants::Variants;

/// A grant as the log has it.
#[derive(Debug)]
pub(super) struct Grant {
    id: Option<String>,
    need: Units,
    used: Units,
    reserved: Units,
}

/// What the log says that a number was told of an event.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Settled { used: Units },
    Released { released: Units },
}

/// The ledger, decided again.
pub(super) struct Replay {
    clocks: Clocks,
    pub(super) model: Model,
    pub(super) grants: HashMap<u64, Grant>,
    events: HashMap<(u64, u8), Event>,
    ids: HashMap<String, u64>,
    /// The ids of all decisions, also of those that charged nothing.
    decided: HashSet<String>,
}

impl Replay {
    pub(super) fn new(decided: HashSet<String>) -> Self {
        let clocks = Clocks::new();
        let model = Model::new(clocks.at(0), Vec::new(), None, None);
        Self {
            clocks,
            model,
            grants: HashMap::new(),
            events: HashMap::new(),
            ids: HashMap::new(),
            decided,
        }
    }

    pub(super) fn take(&mut self, entry: Entry, variants: &Variants) -> Result<(), Finding> {
        match entry {
            Entry::Granted(granted) => {
                let terms = variants
                    .terms(&granted.policy)
                    .ok_or("a policy that there is not decided")?;
                self.grant(granted, &terms)
            }
            Entry::Settled {
                number,
                fill,
                expected,
            } => {
                let filled = self.model.settle(number, &fill);
                let filled = filled.map(|filled| Filled {
                    reserved: 0,
                    ..filled
                });
                if filled != Some(expected) {
                    return Err(format!("R{number}: {expected:?} should be {filled:?}"));
                }
                let event = Event::Settled {
                    used: expected.used,
                };
                self.events.insert((number, fill.event), event);
                Ok(())
            }
            Entry::Released {
                number,
                event,
                released,
            } => {
                let freed = self.model.release(number, event);
                if freed != Some((released, false)) {
                    return Err(format!("R{number}: {released} freed should be {freed:?}"));
                }
                self.events
                    .insert((number, event), Event::Released { released });
                Ok(())
            }
            Entry::Expired {
                number,
                released,
                stays_open,
            } => self.expire(number, released, stays_open),
        }
    }

    fn expire(&mut self, number: u64, released: Units, stays_open: bool) -> Result<(), Finding> {
        let freed = self.model.end(number, !stays_open);
        if freed == Some(released) {
            return Ok(());
        }
        Err(format!(
            "the time of R{number} is over: {released} freed should be {freed:?}"
        ))
    }

    fn grant(&mut self, granted: Granted, terms: &Terms) -> Result<(), Finding> {
        let Granted {
            at,
            number,
            id,
            need,
            ..
        } = granted;
        let strategy = strategy(&granted.strategy)?;
        if at < self.model.now.microseconds {
            return Err(format!("R{number} was granted before the one before it"));
        }
        self.model.clock(self.clocks.at(at));
        let wish = Wish {
            budget: 0,
            need,
            rest: None,
            equity: Decimal::whole(EQUITY),
            symbol: 0,
            strategy,
            buys: true,
            rate: Decimal::whole(1),
            id: None,
            fate: Fate::Commit,
        };
        let sum = self.model.sum(terms, 0, strategy);
        match self.model.judge(terms, &wish) {
            Verdict::Granted => self.model.grant(terms, &wish, number),
            other => return Err(format!("R{number} passes the limit: {other:?}")),
        }
        let grant = Grant {
            id: id.clone(),
            need: crate::ledger::model::units(need, true),
            used: sum.used,
            reserved: sum.reserved,
        };
        if self.grants.insert(number, grant).is_some() {
            return Err(format!("R{number} was granted twice"));
        }
        match id.and_then(|id| self.ids.insert(id, number)) {
            Some(other) => Err(format!("R{number} and R{other} are of one request")),
            None => Ok(()),
        }
    }

    /// Time goes on from where it was, not before any charge, and what is asked then counts.
    pub(super) fn time(&mut self, connection: &Connection) -> Result<(), Finding> {
        let one = |sql: &str| {
            let value = connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
            value.map_err(finding)
        };
        let Some(last) = one("SELECT max(at) FROM reservations")? else {
            return Ok(());
        };
        let kept = one("SELECT max(value) FROM meta WHERE key = 'latest'")?;
        match kept.filter(|kept| *kept >= last) {
            Some(kept) => self.model.clock(self.clocks.at(kept)),
            None => return Err(format!("time is {kept:?}, after a charge of {last}")),
        }
        Ok(())
    }

    /// The table of reservations says what the log comes to.
    pub(super) fn agrees(&self, connection: &Connection) -> Result<(), Finding> {
        let mut statement = connection
            .prepare("SELECT number, reserved, settled, is_open FROM reservations ORDER BY number")
            .map_err(finding)?;
        let mut rows = statement.query([]).map_err(finding)?;
        let mut kept = Vec::new();
        while let Some(row) = rows.next().map_err(finding)? {
            kept.push((
                count(row, 0)?,
                units(&get::<String>(row, 1)?)?,
                units(&get::<String>(row, 2)?)?,
                get::<bool>(row, 3)?,
            ));
        }
        let mut counted: Vec<_> = self
            .model
            .charges()
            .iter()
            .map(|charge| {
                let (number, reserved, settled, is_open, _) = charge.state();
                (number, reserved, settled, is_open)
            })
            .collect();
        counted.sort_unstable();
        let differs = kept
            .iter()
            .zip(&counted)
            .find(|(kept, counted)| kept != counted);
        match differs {
            Some((kept, counted)) => {
                Err(format!("the table has {kept:?}, and the log {counted:?}"))
            }
            None if kept.len() == counted.len() => Ok(()),
            None => Err(format!(
                "the table has {} reservations, and the log {}",
                kept.len(),
                counted.len()
            )),
        }
    }

    /// What was answered is there, once, and says the same.
    pub(super) fn has(&self, answer: &Acknowledged) -> Result<(), Finding> {
        match answer {
            Acknowledged::Granted {
                number,
                id,
                need,
                used,
                reserved,
            } => {
                let grant = self.grants.get(number).ok_or("it is not there")?;
                let told = (units(need)?, units(used)?, units(reserved)?);
                let is_same = grant.id.as_ref() == Some(id)
                    && told == (grant.need, grant.used, grant.reserved);
                is_same.then_some(()).ok_or(format!("there is {grant:?}"))
            }
            Acknowledged::Decided { id } => {
                let is_there = self.decided.contains(id);
                is_there.then_some(()).ok_or("it is not there".to_owned())
            }
            Acknowledged::Settled {
                number,
                event,
                used,
                repeated,
            } => {
                let found = self.event(*number, *event)?;
                let told = Event::Settled { used: units(used)? };
                let is_same = *repeated || *found == told;
                is_same.then_some(()).ok_or(format!("there is {found:?}"))
            }
            Acknowledged::Released {
                number,
                event,
                released,
                repeated,
            } => {
                let found = self.event(*number, *event)?;
                let told = Event::Released {
                    released: units(released)?,
                };
                let is_same = *repeated || *found == told;
                is_same.then_some(()).ok_or(format!("there is {found:?}"))
            }
        }
    }

    fn event(&self, number: u64, event: u8) -> Result<&Event, Finding> {
        self.events
            .get(&(number, event))
            .ok_or_else(|| "it is not there".to_owned())
    }
}
