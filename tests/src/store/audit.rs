//! What must hold of a store's tables, whatever ended the process that wrote them.

use std::collections::{BTreeMap, HashMap};

use execution_router::{Amount, Digest};
use rusqlite::{Connection, Row};

use super::acknowledged::Acknowledged;
use super::variants::Variants;
use super::{EQUITY, STRATEGIES};
use crate::ledger::calendar::Clocks;
use crate::ledger::model::{Filled, Model, Units, Verdict};
use crate::ledger::operation::{Decimal, Fate, Fill, Terms, Wish};

/// What does not hold, in words.
pub type Finding = String;

/// What was found in order.
#[derive(Debug)]
pub struct Audit {
    /// The ledger as the journal has it.
    pub model: Model,
    /// Entries of the log.
    pub entries: u64,
    /// Reservations that nobody was told of, or whose answer was on its way.
    pub unacknowledged: u64,
}

/// A grant as the log has it.
#[derive(Debug)]
struct Grant {
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

/// A decision that charged the budget.
#[derive(Debug)]
struct Granted {
    at: i64,
    number: u64,
    id: Option<String>,
    need: Decimal,
    strategy: String,
    /// The digest of the policy that decided.
    policy: String,
}

/// An entry of the log that moves the ledger.
#[derive(Debug)]
enum Entry {
    Granted(Granted),
    Settled {
        number: u64,
        fill: Fill,
        expected: Filled,
    },
    Released {
        number: u64,
        event: u8,
        released: Units,
    },
}

/// Holds a store to what was acknowledged.
///
/// # Errors
/// The first thing that does not hold.
pub fn audit(
    connection: &Connection,
    acknowledged: &[Acknowledged],
    variants: &Variants,
) -> Result<Audit, Finding> {
    sound(connection)?;
    let entries = chained(connection)?;
    numbered(connection)?;
    let mut replay = Replay::new();
    for (seq, entry) in log(connection)? {
        replay
            .take(entry, variants)
            .map_err(|finding| format!("entry {seq}: {finding}"))?;
    }
    replay.agrees(connection)?;
    replay.time(connection)?;
    for one in acknowledged {
        replay
            .has(one)
            .map_err(|finding| format!("`{one}` was answered, but {finding}"))?;
    }
    let told = acknowledged.iter().filter_map(|one| match one {
        Acknowledged::Granted { number, .. } => Some(*number),
        _ => None,
    });
    let told: std::collections::HashSet<u64> = told.collect();
    let grants = replay.grants.len().saturating_sub(told.len());
    Ok(Audit {
        model: replay.model,
        entries,
        unacknowledged: u64::try_from(grants).unwrap_or(0),
    })
}

fn sound(connection: &Connection) -> Result<(), Finding> {
    let said: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(finding)?;
    if said != "ok" {
        return Err(format!("the database is damaged: {said}"));
    }
    let mut statement = connection
        .prepare("PRAGMA foreign_key_check")
        .map_err(finding)?;
    if statement.exists([]).map_err(finding)? {
        return Err("a row refers to one that is not there".to_owned());
    }
    Ok(())
}

/// Every activation has a number of its own, and a later one than those before it.
fn numbered(connection: &Connection) -> Result<(), Finding> {
    let mut statement = connection
        .prepare(
            "SELECT seq, generation FROM changes WHERE kind IN ('started', 'swap', 'rollback') \
             ORDER BY seq",
        )
        .map_err(finding)?;
    let mut rows = statement.query([]).map_err(finding)?;
    let mut last = 0;
    while let Some(row) = rows.next().map_err(finding)? {
        let (seq, generation) = (count(row, 0)?, count(row, 1)?);
        if generation <= last {
            return Err(format!(
                "entry {seq} makes generation {generation} live after generation {last}"
            ));
        }
        last = generation;
    }
    Ok(())
}

/// Every entry follows the one before, from the first to the head that is written down.
fn chained(connection: &Connection) -> Result<u64, Finding> {
    let mut statement = connection
        .prepare(
            "SELECT seq, record, chain FROM decisions UNION ALL \
             SELECT seq, record, chain FROM settlements UNION ALL \
             SELECT seq, record, chain FROM changes ORDER BY seq",
        )
        .map_err(finding)?;
    let mut rows = statement.query([]).map_err(finding)?;
    let (mut last, mut link) = (0_u64, vec![0_u8; 32]);
    while let Some(row) = rows.next().map_err(finding)? {
        let seq = count(row, 0)?;
        if seq != last + 1 {
            return Err(format!("entry {seq} follows entry {last}"));
        }
        let record: Vec<u8> = get(row, 1)?;
        link.extend(record);
        link = Digest::of(&link).as_bytes().to_vec();
        if link != get::<Vec<u8>>(row, 2)? {
            return Err(format!("entry {seq} does not follow the one before it"));
        }
        last = seq;
    }
    let head = |key: &str| format!("SELECT value FROM meta WHERE key = '{key}'");
    let seq = connection.query_row(&head("chain_seq"), [], |row| row.get::<_, i64>(0));
    let hash = connection.query_row(&head("chain_hash"), [], |row| row.get::<_, Vec<u8>>(0));
    match (last, seq, hash) {
        (0, _, _) => Ok(0),
        (_, Ok(seq), Ok(hash)) if u64::try_from(seq) == Ok(last) && hash == link => Ok(last),
        (_, seq, _) => Err(format!("the log ends at {last}, and its head says {seq:?}")),
    }
}

/// The entries that move the ledger, in the order of the log.
fn log(connection: &Connection) -> Result<BTreeMap<u64, Entry>, Finding> {
    let mut entries = BTreeMap::new();
    let mut read = |sql: &str, entry: fn(&Row<'_>) -> Result<Entry, Finding>| {
        let mut statement = connection.prepare(sql).map_err(finding)?;
        let mut rows = statement.query([]).map_err(finding)?;
        while let Some(row) = rows.next().map_err(finding)? {
            entries.insert(count(row, 0)?, entry(row)?);
        }
        Ok::<(), Finding>(())
    };
    read(
        "SELECT seq, at, reservation, id, need, strategy, digest \
         FROM decisions JOIN policies ON number = policy \
         WHERE reservation IS NOT NULL AND repeated = 0",
        grant,
    )?;
    read(
        "SELECT seq, reservation, event_id, notional, side, is_final, used, released, overrun, \
         side_mismatch FROM settlements WHERE kind = 'settle'",
        settlement,
    )?;
    read(
        "SELECT seq, reservation, event_id, released FROM settlements WHERE kind = 'release'",
        release,
    )?;
    Ok(entries)
}

fn grant(row: &Row<'_>) -> Result<Entry, Finding> {
    Ok(Entry::Granted(Granted {
        at: get(row, 1)?,
        number: count(row, 2)?,
        id: get(row, 3)?,
        need: decimal(&get::<String>(row, 4)?)?,
        strategy: get(row, 5)?,
        policy: get(row, 6)?,
    }))
}

fn settlement(row: &Row<'_>) -> Result<Entry, Finding> {
    let overrun: Option<String> = get(row, 8)?;
    Ok(Entry::Settled {
        number: count(row, 1)?,
        fill: Fill {
            ago: 0,
            event: event(&get::<String>(row, 2)?)?,
            notional: decimal(&get::<String>(row, 3)?)?,
            bought: get::<String>(row, 4)? == "BUY",
            is_final: get(row, 5)?,
        },
        expected: Filled {
            used: units(&get::<String>(row, 6)?)?,
            released: units(&get::<String>(row, 7)?)?,
            reserved: 0,
            overrun: overrun.map_or(Ok(0), |overrun| units(&overrun))?,
            side_mismatch: get(row, 9)?,
            repeated: false,
        },
    })
}

fn release(row: &Row<'_>) -> Result<Entry, Finding> {
    Ok(Entry::Released {
        number: count(row, 1)?,
        event: event(&get::<String>(row, 2)?)?,
        released: units(&get::<String>(row, 3)?)?,
    })
}

/// The ledger, decided again.
struct Replay {
    clocks: Clocks,
    model: Model,
    grants: HashMap<u64, Grant>,
    events: HashMap<(u64, u8), Event>,
    ids: HashMap<String, u64>,
}

impl Replay {
    fn new() -> Self {
        let clocks = Clocks::new();
        let model = Model::new(clocks.at(0), Vec::new(), None, None);
        Self {
            clocks,
            model,
            grants: HashMap::new(),
            events: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    fn take(&mut self, entry: Entry, variants: &Variants) -> Result<(), Finding> {
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
        }
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
    fn time(&mut self, connection: &Connection) -> Result<(), Finding> {
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
    fn agrees(&self, connection: &Connection) -> Result<(), Finding> {
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
    fn has(&self, answer: &Acknowledged) -> Result<(), Finding> {
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

fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Result<T, Finding> {
    row.get(column).map_err(finding)
}

/// SQLite's whole numbers have a sign; the store's counts have none.
fn count(row: &Row<'_>, column: usize) -> Result<u64, Finding> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| format!("`{number}` is no count"))
}

fn finding(error: rusqlite::Error) -> Finding {
    format!("the store cannot be read: {error}")
}

fn event(name: &str) -> Result<u8, Finding> {
    let number = name
        .strip_prefix('e')
        .and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("`{name}` is no event of a load"))
}

fn strategy(name: &str) -> Result<usize, Finding> {
    let found = STRATEGIES.iter().position(|strategy| *strategy == name);
    found.ok_or_else(|| format!("`{name}` is no strategy of a load"))
}

fn decimal(text: &str) -> Result<Decimal, Finding> {
    let amount: Amount = text.parse().map_err(|_| format!("`{text}` is no amount"))?;
    match amount.to_words() {
        (0, coefficient, scale) => Ok(Decimal { coefficient, scale }),
        _ => Err(format!("`{text}` is more than a load asks for")),
    }
}

/// A sum of the router's in the model's units.
pub fn units_of(amount: Amount) -> Units {
    let (high, low, scale) = amount.to_words();
    let coefficient = (u128::from(high) << 64) | u128::from(low);
    // The ledger keeps twelve places.
    coefficient * 10_u128.pow(u32::from(12_u8.saturating_sub(scale)))
}

fn units(text: &str) -> Result<Units, Finding> {
    Ok(crate::ledger::model::units(decimal(text)?, true))
}
