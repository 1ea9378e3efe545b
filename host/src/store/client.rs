//! The other terminal's side: asks the router that runs on a store, by a row in its table of
//! commands, or where none runs, does by itself what needs none.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use router_guest::json::{self, Line};
use router_guest::state::TradingState;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value, json};

use super::commands::{self, GONE, GONE_BEFORE, ROUTER_GONE};
use super::error::FaultKind;
use super::lock::{self, Holder};
use super::{SqliteStore, StoreAddress, StoreFault, connection, load, schema};
use crate::events::ASKER_BYTES_MAX;
use crate::journal::record::{ChangeKind, ChangedEvent, Proofs};
use crate::ledger::{Clock as _, Store as _, SystemClock};
use crate::rejection::Rejection;
use crate::router::after_mismatch;
use crate::stream::{answer, control};

/// How long an answer is waited for at most, in seconds.
pub const WAIT_SECONDS_MAX: u64 = 3_600;
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often it is looked whether the router is there still.
const HOLDER_EVERY: Duration = Duration::from_millis(500);

/// What a router is asked, by whom.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The verb, for people who look at the store's commands.
    pub verb: &'q str,
    /// A line as the stream takes it: settle, release or control.
    pub line: &'q str,
    /// Who asks, for the journal.
    pub asked_by: &'q str,
    /// How long the answer is waited for. What is not taken up by then is not done later either.
    pub wait: Duration,
}

/// How long a router that starts takes from its lock file to the store.
const START_MAX: Duration = Duration::from_secs(1);

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
        path: PathBuf,
    },
    /// The router did not take it up, and it will not be done.
    #[error(
        "the router that runs on `{}` ({holder}) did not take this up within {seconds} s, and it \
         was withdrawn: nothing was done; where that process is stopped, let it go on \
         (`kill -CONT {}`), else look at its events, or end it and start it again",
        path.display(),
        holder.pid
    )]
    NotTaken {
        /// The store.
        path: PathBuf,
        /// Who runs on it.
        holder: Holder,
        /// How long that was waited for.
        seconds: u64,
    },
    /// The router took it up, and what came of it is not known.
    #[error(
        "the router that runs on `{}` ({holder}) took this up and did not answer within {seconds} \
         s: it may be done or not, `status` and `journal` say; its answer will be in row {number} \
         of `commands`",
        path.display()
    )]
    NotAnswered {
        /// The store.
        path: PathBuf,
        /// Who runs on it.
        holder: Holder,
        /// How long that was waited for.
        seconds: u64,
        /// The command's row.
        number: i64,
    },
    /// The router ended in between.
    #[error("{message}")]
    RouterGone {
        /// Whether something may have been done.
        message: String,
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

/// Asks the router that runs on a store, or does by itself what needs none.
///
/// # Errors
/// [`AskError`]: nobody could be asked, or did not answer. A refusal is an answer.
pub fn ask(address: &StoreAddress, question: &Question<'_>) -> Result<Asked, AskError> {
    let path = address.path();
    let end = question.asked_by.floor_char_boundary(ASKER_BYTES_MAX);
    let question = Question {
        asked_by: question.asked_by.get(..end).unwrap_or_default(),
        ..*question
    };
    match lock::holder(path)? {
        Some(holder) => {
            check_file(path)?;
            let asked = Command::give(path, &holder, &question)?.answer(question.wait)?;
            Ok(asked.map(|done| with_holder(done, &holder)))
        }
        None if lock::is_held(path) == Some(true) => {
            Err(StoreFault::new(path, FaultKind::RunningElsewhere).into())
        }
        None => do_alone(address, question.line, question.asked_by),
    }
}

/// That the router that runs has just this file: another one in its place, written beside the log
/// of the first, would be damaged by it.
fn check_file(path: &Path) -> Result<(), StoreFault> {
    let started = Instant::now();
    // A router that starts has the lock file first.
    while lock::is_held(path) == Some(false) {
        if started.elapsed() >= START_MAX {
            return Err(StoreFault::new(path, FaultKind::Replaced));
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// A command that was given to a router.
struct Command<'c> {
    path: &'c Path,
    holder: &'c Holder,
    connection: Connection,
    number: i64,
}

impl<'c> Command<'c> {
    /// Writes the command down, and until when its answer is waited for: whoever asks may be gone
    /// before that without a word.
    fn give(
        path: &'c Path,
        holder: &'c Holder,
        question: &Question<'_>,
    ) -> Result<Self, StoreFault> {
        let connection = connection::open_existing(path)?;
        let found = schema::version(&connection, path)?;
        if found < schema::SCHEMA_VERSION {
            return Err(StoreFault::new(path, FaultKind::Older { found }));
        }
        let asked_at = Timestamp::now().as_microsecond();
        let wait = i64::try_from(question.wait.as_micros()).unwrap_or(i64::MAX);
        let given = connection.execute(
            "INSERT INTO commands (asked_at, asked_by, verb, arguments, wait_until) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                asked_at,
                question.asked_by,
                question.verb,
                question.line,
                asked_at.saturating_add(wait)
            ],
        );
        given.map_err(|error| StoreFault::of_sqlite(path, &error))?;
        Ok(Self {
            path,
            holder,
            number: connection.last_insert_rowid(),
            connection,
        })
    }

    /// Waits for the answer; without one, sees to it that the command is not run later.
    fn answer(&self, wait: Duration) -> Result<Asked, AskError> {
        let started = Instant::now();
        let mut looked = started;
        while started.elapsed() < wait {
            if let Some(outcome) = self.outcome()? {
                return read(&outcome);
            }
            thread::sleep(LOOK_EVERY);
            if looked.elapsed() >= HOLDER_EVERY {
                looked = Instant::now();
                if lock::holder(self.path)?.is_none() {
                    return self.without_router();
                }
            }
        }
        let (path, holder) = (self.path.to_path_buf(), self.holder.clone());
        let seconds = wait.as_secs();
        if self.withdraw()? {
            return Err(AskError::NotTaken {
                path,
                holder,
                seconds,
            });
        }
        match self.outcome()? {
            Some(outcome) => read(&outcome),
            None => Err(AskError::NotAnswered {
                path,
                holder,
                seconds,
                number: self.number,
            }),
        }
    }

    /// The router has ended meanwhile.
    fn without_router(&self) -> Result<Asked, AskError> {
        let was_taken = !self.withdraw()?;
        match self.outcome()? {
            Some(outcome) if was_taken => read(&outcome),
            _ => Err(AskError::RouterGone {
                message: if was_taken { GONE } else { GONE_BEFORE }.to_owned(),
            }),
        }
    }

    fn withdraw(&self) -> Result<bool, StoreFault> {
        let now = Timestamp::now().as_microsecond();
        let withdrawn = commands::withdraw(&self.connection, self.number, now);
        withdrawn.map_err(|error| StoreFault::of_sqlite(self.path, &error))
    }

    fn outcome(&self) -> Result<Option<String>, StoreFault> {
        let found = self.connection.query_row(
            "SELECT outcome FROM commands WHERE number = ?1 AND done_at IS NOT NULL",
            [self.number],
            |row| row.get(0),
        );
        let found = found.optional();
        found.map_err(|error| StoreFault::of_sqlite(self.path, &error))
    }
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
        // What came of it is not known: that is no refusal.
        (Some(code), Some(message)) if code == ROUTER_GONE => Err(AskError::RouterGone { message }),
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
    if settled.side_mismatch && !settled.repeated {
        let (state, until) = store.restored().trading_state.unwrap_or_default();
        if let Some(stricter) = after_mismatch(state, until) {
            set_state(store, stricter, None, "router")?;
        }
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
