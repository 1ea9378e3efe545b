//! A store made by hand, for tests of what reads one: entries go in as a router's writer puts
//! them in, and can then be tampered with.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use router_guest::manifest::Manifest;
use router_guest::state::{BudgetUse, TradingState};
use rusqlite::{Connection, params};

use super::chain::Link;
use super::columns;
use super::mask::Mask;
use super::reader::Journal;
use super::record::{Decided, Entry, PolicyNumber, Record, ShownState};
use crate::decision::PolicyIdentity;
use crate::guard::Question;
use crate::policy::Policy;
use crate::router::completed;
use crate::sandbox::engine_digest;
use crate::store::schema::{APPLICATION_ID, SCHEMA_VERSION};
use crate::{Cache, Compiler, Decision, Loader, Request, compose};

/// The store, in a folder that goes with it.
pub(crate) struct TestStore {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
    manifests: Vec<Manifest>,
    seq: i64,
    link: Link,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router.db");
        let connection = Connection::open(&path).unwrap();
        let schema = include_str!("../store/schema.sql");
        connection.execute_batch(schema).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};
                 PRAGMA journal_mode = WAL;"
            ))
            .unwrap();
        Self {
            _folder: folder,
            path,
            connection,
            manifests: Vec::new(),
            seq: 0,
            link: Link::START,
        }
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::open(&self.address().parse().unwrap()).unwrap()
    }

    pub(crate) fn address(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    /// Puts a policy in, made of a document.
    pub(crate) fn policy(&mut self, document: &str) -> (PolicyNumber, Policy) {
        let component = compose::compose(document, None).unwrap();
        let policy = loader(&Cache::disabled()).component(&component).unwrap();
        let manifest = policy.manifest();
        self.manifests.push(manifest.clone());
        let number = u32::try_from(self.manifests.len()).unwrap();
        let json = crate::store::manifest::to_json(manifest);
        self.connection
            .execute(
                "INSERT INTO policies VALUES (?1, ?2, ?3, ?4, ?5, '0.1.0', ?6, ?7, ?8, 0)",
                params![
                    number,
                    policy.digest().to_string(),
                    manifest.name,
                    manifest.version,
                    engine_digest(policy.profile()).unwrap().to_string(),
                    policy.profile().to_string(),
                    json,
                    component
                ],
            )
            .unwrap();
        (PolicyNumber::new(number), policy)
    }

    /// Puts a decision in.
    pub(crate) fn decided(
        &mut self,
        policy: PolicyNumber,
        request: &Request<'_>,
        shown: Option<&ShownState>,
        decision: &Decision,
        mask: Option<&Mask>,
    ) {
        let recorded_at: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let decided = Decided {
            request,
            shown: shown.map(ShownState::state),
            decision,
            at: request.timestamp(),
            recorded_at,
            policy,
            generation: 1,
            keeps_id: request.id().is_some_and(|id| self.is_new(id)),
            grant: None,
        };
        self.entry(&Entry::Decided(decided), mask);
    }

    fn is_new(&self, id: &str) -> bool {
        let query = "SELECT count(*) FROM decisions WHERE id = ?1 AND keeps_id = 1";
        let known: i64 = self
            .connection
            .query_row(query, [id], |row| row.get(0))
            .unwrap();
        known == 0
    }

    /// Puts an entry in.
    pub(crate) fn entry(&mut self, entry: &Entry<'_>, mask: Option<&Mask>) {
        let mut bytes = Vec::new();
        entry.encode(mask, &mut bytes);
        self.seq += 1;
        self.link = self.link.next(&bytes);
        let record = Record::decode(&bytes).unwrap();
        let (table, cells) = match &record {
            Record::Decided(record) => {
                let at = usize::try_from(record.policy.number()).unwrap() - 1;
                let cells = columns::of_decision(record, &self.manifests[at]);
                ("decisions", cells.to_vec())
            }
            Record::Settled(event) => ("settlements", columns::of_settlement(event).to_vec()),
            Record::Released(event) => ("settlements", columns::of_release(event).to_vec()),
            Record::Changed(event) => ("changes", columns::of_change(event).to_vec()),
        };
        let marks = vec!["?"; cells.len() + 3].join(", ");
        let mut statement = self
            .connection
            .prepare(&format!("INSERT INTO {table} VALUES ({marks})"))
            .unwrap();
        statement.raw_bind_parameter(1, self.seq).unwrap();
        for (at, cell) in cells.iter().enumerate() {
            statement.raw_bind_parameter(at + 2, cell).unwrap();
        }
        let last = cells.len() + 2;
        statement.raw_bind_parameter(last, &bytes).unwrap();
        let chain = &self.link.as_bytes()[..];
        statement.raw_bind_parameter(last + 1, chain).unwrap();
        statement.raw_execute().unwrap();
    }

    /// Writes down where the chain ends, as every group of a writer does.
    pub(crate) fn end_chain(&self) {
        self.connection
            .execute(
                "INSERT INTO meta SELECT 'chain_seq', ?1 UNION ALL SELECT 'chain_hash', ?2
                 UNION ALL SELECT 'latest', coalesce(max(at), -9223372036854775807 - 1)
                 FROM decisions WHERE budget IS NOT NULL AND repeated = 0",
                params![self.seq, &self.link.as_bytes()[..]],
            )
            .unwrap();
        let currency = self.manifests.first();
        self.connection
            .execute(
                "INSERT INTO meta SELECT 'generations', max(generation) FROM changes
                 HAVING max(generation) IS NOT NULL
                 UNION ALL SELECT 'account_currency', ?1 WHERE ?1 IS NOT NULL",
                params![currency.map(|manifest| &manifest.account_currency)],
            )
            .unwrap();
    }

    /// Tampers with the store.
    pub(crate) fn tamper(&self, sql: &str) {
        self.connection
            .execute_batch("PRAGMA foreign_keys = off")
            .unwrap();
        self.connection.execute_batch(sql).unwrap();
    }
}

/// A loader that compiles in this process: tests have no program beside them.
pub(crate) fn loader(cache: &Cache) -> Loader<'_> {
    Loader::new(cache).compiler(Compiler::in_process())
}

/// What a policy decides of a request, by itself.
pub(crate) fn decision(policy: &Policy, request: &Request<'_>, shown: &ShownState) -> Decision {
    let (seen, state) = (request.seen(), shown.state());
    let mut instance = policy.instantiate().unwrap();
    let (answered, fuel) = instance.decide(&seen, &state).unwrap();
    let question = Question {
        manifest: policy.manifest(),
        symbol: policy.symbol(request.symbol()),
        request: &seen,
        state: &state,
    };
    let identity = identity(policy);
    let answer = completed(&question, &identity, answered, Some(fuel));
    Decision {
        answer: answer.ok().unwrap(),
        warnings: Vec::new(),
        repeated: false,
    }
}

/// The policy's identity as its first generation.
pub(crate) fn identity(policy: &Policy) -> Arc<PolicyIdentity> {
    Arc::new(PolicyIdentity {
        manifest: Arc::new(policy.manifest().clone()),
        digest: policy.digest(),
        digest_text: policy.digest().to_string(),
        generation: 1,
    })
}

/// A request out of its line.
pub(crate) fn request(line: &str) -> Request<'_> {
    let line = router_guest::json::parse_request(line.as_bytes()).unwrap();
    Request::from_line(line).unwrap()
}

/// ACTIVE, with so much used of the default policy's budget.
pub(crate) fn shown(used: &str) -> ShownState {
    let spent = BudgetUse {
        used: used.parse().unwrap(),
        ..BudgetUse::default()
    };
    ShownState {
        trading_state: TradingState::Active,
        budgets: Some(vec![spent]),
    }
}

/// A request that opens normally.
pub(crate) const OPENS: &str = r#"{"id":"o-1","timestamp":"2026-11-24T08:00:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"momentum","position":null,"price":"50000","target_notional":"1000","equity":"10000","signal_score":0.7,"tags":{"desk":"a"}}"#;
/// A request that the default policy skips.
pub(crate) const SHORTS: &str = r#"{"id":"o-2","timestamp":"2026-11-24T08:01:00Z","final_action":"SELL","symbol":"ETH/USDT","strategy":"momentum","position":null,"price":"2000","target_notional":"1000","equity":"10000"}"#;
/// A request that charges the budget.
pub(crate) const EXPLORES: &str = r#"{"id":"o-3","timestamp":"2026-11-24T08:02:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"scout","trade_type":"exploration","position":null,"price":"50000","target_notional":"100","equity":"10000"}"#;
/// A request that closes.
pub(crate) const CLOSES: &str = r#"{"id":"o-4","timestamp":"2026-11-24T08:03:00Z","final_action":"CLOSE","symbol":"BTC/USDT","strategy":"momentum","position":{"side":"long","quantity":"0.5"}}"#;
