//! The other terminal's side: asks the router that runs on a store, by a row in its table of
//! commands, or where none runs, does by itself what needs none.

use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use router_guest::json::{self, Line};
use router_guest::state::TradingState;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value, json};

use super::lock::{self, Holder};
use super::{SqliteStore, StoreAddress, StoreFault, connection, load};
use crate::events::ASKER_BYTES_MAX;
use crate::journal::record::{ChangeKind, ChangedEvent, Proofs};
use crate::ledger::{Clock as _, Store as _, SystemClock};
use crate::rejection::Rejection;
use crate::stream::{answer, control};

/// How long an answer is waited for: a swap runs the whole gate.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(120);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Nobody is there to do it.
    #[error("no router runs on `{}`, and this takes one", path.display())]
    NoRouter {
        /// The store.
        path: std::path::PathBuf,
    },
    /// The router that runs did not answer.
    #[error("the router that runs on `{}` ({holder}) did not answer within {seconds} s", path.display())]
    NoAnswer {
        /// The store.
        path: std::path::PathBuf,
        /// Who runs on it.
        holder: Holder,
        /// How long that was waited for.
        seconds: u64,
    },
    /// It was done or refused, and its answer cannot be read.
    #[error("the router answered what cannot be read: `{text}`")]
    Unreadable {
        /// The answer.
        text: String,
    },
}

/// What was asked for was done, with what there is to say of it, or refused.
pub type Asked = Result<Value, Rejected>;

/// A command that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// A word that programs can act on.
    pub code: String,
    /// Why.
    pub message: String,
}

impl From<Rejection> for Rejected {
    fn from(rejection: Rejection) -> Self {
        Self {
            code: rejection.code.to_owned(),
            message: rejection.message,
        }
    }
}

/// Asks for what a line says, as the stream takes it: settle, release or control.
///
/// # Errors
/// [`AskError`]: nobody could be asked. A refusal is an answer.
pub fn ask(
    address: &StoreAddress,
    verb: &str,
    line: &str,
    asked_by: &str,
) -> Result<Asked, AskError> {
    let path = address.path();
    let end = asked_by.floor_char_boundary(ASKER_BYTES_MAX);
    let asked_by = asked_by.get(..end).unwrap_or_default();
    match lock::holder(path)? {
        Some(holder) => {
            let asked = ask_router(address, &holder, verb, line, asked_by)?;
            Ok(asked.map(|done| with_holder(done, &holder)))
        }
        None => do_alone(address, line, asked_by),
    }
}

fn ask_router(
    address: &StoreAddress,
    holder: &Holder,
    verb: &str,
    line: &str,
    asked_by: &str,
) -> Result<Asked, AskError> {
    let path = address.path();
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let connection = connection::open_existing(path)?;
    connection
        .execute(
            "INSERT INTO commands (asked_at, asked_by, verb, arguments) VALUES (?1, ?2, ?3, ?4)",
            params![Timestamp::now().as_microsecond(), asked_by, verb, line],
        )
        .map_err(fault)?;
    let number = connection.last_insert_rowid();
    let started = Instant::now();
    while started.elapsed() < ANSWER_WAIT_MAX {
        if let Some(outcome) = outcome(&connection, number).map_err(fault)? {
            return read(&outcome);
        }
        thread::sleep(LOOK_EVERY);
    }
    Err(AskError::NoAnswer {
        path: path.to_path_buf(),
        holder: holder.clone(),
        seconds: ANSWER_WAIT_MAX.as_secs(),
    })
}

/// A status, with who it is of.
fn with_holder(mut done: Value, holder: &Holder) -> Value {
    let status = done.get_mut("status").and_then(Value::as_object_mut);
    if let Some(status) = status {
        let running = json!({
            "pid": holder.pid,
            "since": holder.started,
            "program": holder.program,
        });
        status.insert("running".into(), running);
    }
    done
}

fn outcome(connection: &Connection, number: i64) -> rusqlite::Result<Option<String>> {
    connection
        .query_row(
            "SELECT outcome FROM commands WHERE number = ?1 AND done_at IS NOT NULL",
            [number],
            |row| row.get(0),
        )
        .optional()
}

fn read(outcome: &str) -> Result<Asked, AskError> {
    let value: Option<Value> = serde_json::from_str(outcome).ok();
    if let Some(done) = value.as_ref().and_then(|value| value.get("done")) {
        return Ok(Ok(done.clone()));
    }
    let word = |key: &str| {
        let error = value.as_ref()?.get("error")?;
        error.get(key)?.as_str().map(str::to_owned)
    };
    match (word("code"), word("message")) {
        (Some(code), Some(message)) => Ok(Err(Rejected { code, message })),
        _ => Err(AskError::Unreadable {
            text: outcome.escape_debug().take(200).collect(),
        }),
    }
}

/// Does without a router what needs none, holding the store meanwhile.
fn do_alone(address: &StoreAddress, line: &str, asked_by: &str) -> Result<Asked, AskError> {
    let path = address.path();
    // A store is not made by asking it.
    drop(connection::open_reader(path)?);
    let parsed = match json::parse_line(line.as_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Err(Rejection::from(error.fault).into())),
    };
    let asked = match parsed {
        Line::Control(line) => match control::standing(line.text) {
            Err(rejection) => return Ok(Err(rejection.into())),
            Ok(control::Standing::Status) => return status(address).map(Ok),
            Ok(control::Standing::Quarantine) => return quarantine(address).map(Ok),
            Ok(control::Standing::NeedsRouter) => None,
            Ok(standing) => {
                let store = SqliteStore::open_to_operate(address)?;
                Some(change(&store, standing, asked_by))
            }
        },
        Line::Settle(line) => {
            let store = SqliteStore::open_to_operate(address)?;
            Some(settle(&store, &line, asked_by))
        }
        Line::Release(line) => {
            let store = SqliteStore::open_to_operate(address)?;
            Some(release(&store, &line, asked_by))
        }
        Line::Request(_) => None,
    };
    match asked {
        Some(asked) => Ok(asked.map_err(Rejected::from)),
        None => Err(AskError::NoRouter {
            path: path.to_path_buf(),
        }),
    }
}

fn settle(
    store: &SqliteStore,
    line: &json::SettleLine<'_>,
    asked_by: &str,
) -> Result<Value, Rejection> {
    let settlement = answer::settlement(line)?;
    let settled = store.settle_for(&settlement, asked_by)?;
    let (state, _) = store.restored().trading_state.unwrap_or_default();
    if settled.side_mismatch && !settled.repeated && state == TradingState::Active {
        set_state(store, TradingState::Reducing, None, "router")?;
    }
    Ok(answer::settled(line, &settled).into_value())
}

fn release(
    store: &SqliteStore,
    line: &json::ReleaseLine<'_>,
    asked_by: &str,
) -> Result<Value, Rejection> {
    let (reservation, event_id) = answer::names(&line.reservation, &line.event_id)?;
    let released = store.release_for(reservation, event_id, asked_by)?;
    Ok(answer::released(line, &released).into_value())
}

fn change(
    store: &SqliteStore,
    standing: control::Standing,
    asked_by: &str,
) -> Result<Value, Rejection> {
    match standing {
        control::Standing::State(state, until) => {
            set_state(store, state, until, asked_by)?;
            Ok(json!({ "trading_state": control::state_facts(state, until) }))
        }
        control::Standing::Clear(digest) => {
            let shut_out = store.restored().quarantined;
            if shut_out.iter().all(|one| one.digest != digest) {
                return Err(Rejection::new(
                    "not_quarantined",
                    format!("policy {digest} is not in quarantine"),
                ));
            }
            store.change_first(&ChangedEvent {
                digest: Some(digest),
                ..plain(ChangeKind::QuarantineCleared, asked_by)
            })?;
            let others = shut_out.iter().filter(|one| one.digest != digest);
            let others: Vec<Value> = others.map(control::quarantined_facts).collect();
            Ok(json!({ "quarantine": { "cleared": digest.to_string(), "quarantined": others } }))
        }
        control::Standing::Quarantine
        | control::Standing::Status
        | control::Standing::NeedsRouter => Ok(Value::Null),
    }
}

fn set_state(
    store: &SqliteStore,
    state: TradingState,
    until: Option<Timestamp>,
    asked_by: &str,
) -> Result<(), Rejection> {
    store.change_first(&ChangedEvent {
        state: Some(state),
        until,
        ..plain(ChangeKind::TradingState, asked_by)
    })?;
    Ok(())
}

fn plain(kind: ChangeKind, asked_by: &str) -> ChangedEvent<'_> {
    ChangedEvent {
        recorded_at: SystemClock.now(),
        kind,
        asked_by,
        digest: None,
        generation: None,
        state: None,
        until: None,
        what: None,
        milliseconds: None,
        proofs: Proofs::default(),
    }
}

/// Which policies a store that no router runs on lets in no more.
fn quarantine(address: &StoreAddress) -> Result<Value, AskError> {
    let path = address.path();
    let restored = load::restored(&connection::open_reader(path)?, path)?;
    let shut_out = restored.quarantined.iter().map(control::quarantined_facts);
    let shut_out: Vec<Value> = shut_out.collect();
    Ok(json!({ "quarantine": { "quarantined": shut_out } }))
}

/// How things stand on a store that no router runs on.
fn status(address: &StoreAddress) -> Result<Value, AskError> {
    let path = address.path();
    let connection = connection::open_reader(path)?;
    let restored = load::restored(&connection, path)?;
    let mut facts = Map::new();
    facts.insert("running".into(), false.into());
    if let Some(last) = restored.lives.first() {
        let policy = json!({
            "name": last.name,
            "version": last.version,
            "digest": last.digest.to_string(),
            "generation": last.generation,
        });
        facts.insert("policy".into(), policy);
    }
    let (state, until) = restored
        .trading_state
        .unwrap_or((TradingState::Active, None));
    let state = control::state_facts(state, until);
    facts.insert("trading_state".into(), state.into());
    let shut_out = restored.quarantined.iter().map(control::quarantined_facts);
    facts.insert("quarantined".into(), Value::Array(shut_out.collect()));
    Ok(json!({ "status": facts }))
}
