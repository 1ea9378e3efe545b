//! One decision decided again by the policy that made it, and what is another one then.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use router_guest::amount::Amount;

use super::{DIFFERENCES_MAX, DecisionDifference, Replay, ReplayError};
use crate::decision::{Answer, Author, PolicyIdentity};
use crate::failsafe;
use crate::guard::{BudgetReport, Question};
use crate::journal::mask::MaskField;
use crate::journal::reader::{Policies, PolicyRow, Snapshot};
use crate::journal::record::{
    DecisionRecord, PolicyNumber, RecordedAnswer, RecordedAuthor, ShownState,
};
use crate::policy::{Instance, Loader, Policy};
use crate::router::{Unanswered, completed};
use crate::sandbox::engine_digest;

/// Policies of a store, loaded as they are needed.
pub(super) struct Deciders<'a> {
    snapshot: &'a Snapshot<'a>,
    policies: &'a Policies,
    loader: &'a Loader<'a>,
    loaded: HashMap<PolicyNumber, Decider>,
    /// The last one: journals have long runs of one policy.
    last: Option<(PolicyNumber, Decider)>,
}

/// A policy that decides again.
pub(super) struct Decider {
    pub(super) policy: Policy,
    pub(super) identity: Arc<PolicyIdentity>,
    instance: Option<Instance>,
    title: String,
    decided: u64,
    /// Whether its fuel must be the same: a component of the rule engine, in the engine
    /// configuration that it had.
    compares_fuel: bool,
    is_other_engine: bool,
}

impl<'a> Deciders<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot<'a>,
        policies: &'a Policies,
        loader: &'a Loader<'a>,
    ) -> Self {
        Self {
            snapshot,
            policies,
            loader,
            loaded: HashMap::new(),
            last: None,
        }
    }

    /// Decides one again, and counts what came of it.
    pub(super) fn again(
        &mut self,
        seq: i64,
        record: &DecisionRecord<'_>,
        replay: &mut Replay,
    ) -> Result<(), ReplayError> {
        let Some(shown) = &record.shown else {
            replay.repeats += 1;
            return Ok(());
        };
        if names_are_masked(record) {
            replay.masked += 1;
            return Ok(());
        }
        let decider = self.decider(record.policy, seq)?;
        decider.decided += 1;
        replay.decided += 1;
        let what = match record.answer.author {
            RecordedAuthor::FailSafe { .. } => decider.fail_safe(record, shown),
            RecordedAuthor::Policy { .. } => {
                let compares_fuel = decider.compares_fuel && record.answer.fuel.is_some();
                replay.fuel_compared += u64::from(compares_fuel);
                match decider.decide(record, shown)? {
                    Ok(answer) => {
                        different(&record.answer, &answer, compares_fuel, &decider.identity)
                    }
                    Err(failed) => vec![failed],
                }
            }
        };
        if !what.is_empty() {
            replay.differing += 1;
            if replay.differences.len() < DIFFERENCES_MAX {
                let id = record.request.id().map(str::to_owned);
                replay
                    .differences
                    .push(DecisionDifference { seq, id, what });
            }
        }
        Ok(())
    }

    /// The policy of a number, loaded if it was not.
    pub(super) fn decider(
        &mut self,
        number: PolicyNumber,
        seq: i64,
    ) -> Result<&mut Decider, ReplayError> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            let next = match self.loaded.remove(&number) {
                Some(loaded) => loaded,
                None => self.load(self.policies.of(number, seq)?)?,
            };
            if let Some((before, decider)) = self.last.replace((number, next)) {
                self.loaded.insert(before, decider);
            }
        }
        let last = self.last.as_mut().map(|(_, decider)| decider);
        last.ok_or_else(|| crate::policy::HostFault::no_instance().into())
    }

    fn load(&self, row: &PolicyRow) -> Result<Decider, ReplayError> {
        let bytes = self.snapshot.component(row.number)?;
        let found = crate::Digest::of(&bytes);
        let title = row.title();
        if found.to_string() != row.digest {
            return Err(ReplayError::OtherComponent { title, found });
        }
        let profile = row.profile.parse().unwrap_or_default();
        let loader = self.loader.clone().profile(profile);
        let loaded = loader.component(&bytes);
        let policy = loaded.map_err(|error| ReplayError::Component {
            title: title.clone(),
            error,
        })?;
        let is_other_engine = engine_digest(profile)?.to_string() != row.engine;
        Ok(Decider {
            identity: identity(&policy),
            compares_fuel: policy.is_rule_engine() && !is_other_engine,
            is_other_engine,
            policy,
            instance: None,
            title,
            decided: 0,
        })
    }

    fn all(&self) -> Vec<&Decider> {
        let last = self.last.as_ref();
        let mut all: Vec<_> = self.loaded.iter().map(|(at, one)| (*at, one)).collect();
        all.extend(last.map(|(at, one)| (*at, one)));
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, decider)| decider).collect()
    }

    /// The policies, with how many each decided.
    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        let all = self.all().into_iter();
        all.map(|one| (one.title.clone(), one.decided)).collect()
    }

    /// The policies of the rule engine that ran in another engine configuration.
    pub(super) fn other_engines(&self) -> Vec<String> {
        let all = self.all().into_iter();
        all.filter(|one| one.is_other_engine && one.policy.is_rule_engine())
            .map(|one| one.title.clone())
            .collect()
    }
}

/// Whether a name is masked that rules may test, or by which a quote currency is known.
pub(super) fn names_are_masked(record: &DecisionRecord<'_>) -> bool {
    record.masked.has(MaskField::Symbol) || record.masked.has(MaskField::Strategy)
}

fn identity(policy: &Policy) -> Arc<PolicyIdentity> {
    let digest = policy.digest();
    Arc::new(PolicyIdentity {
        manifest: Arc::new(policy.manifest().clone()),
        digest,
        digest_text: digest.to_string(),
        generation: 0,
    })
}

impl Decider {
    /// What the policy answers now, completed as the router does; else why it has no answer.
    fn decide(
        &mut self,
        record: &DecisionRecord<'_>,
        shown: &ShownState,
    ) -> Result<Result<Answer, String>, ReplayError> {
        let mut instance = match self.instance.take() {
            Some(kept) => kept,
            None => self.policy.instantiate()?,
        };
        let (request, state) = (record.request.seen(), shown.state());
        let (answered, fuel) = match instance.decide(&request, &state) {
            Ok(answered) => answered,
            // After a fault the instance is dead.
            Err(fault) => return Ok(Err(format!("the policy now fails: {fault}"))),
        };
        self.instance = Some(instance);
        let question = Question {
            manifest: self.policy.manifest(),
            symbol: self.policy.symbol(record.request.symbol()),
            request: &request,
            state: &state,
        };
        let completed = completed(&question, &self.identity, answered, Some(fuel));
        Ok(completed.map_err(|unanswered| match unanswered {
            Unanswered::Rejected(rejection) => format!("now refused: {rejection}"),
            Unanswered::NoRoute => "the policy now has no route for it".to_owned(),
            Unanswered::Violation(violation) => {
                format!("the policy now breaks an invariant, {violation}")
            }
        }))
    }

    /// What differs of a decision that the host made itself.
    fn fail_safe(&self, record: &DecisionRecord<'_>, shown: &ShownState) -> Vec<String> {
        let symbol = self.policy.symbol(record.request.symbol());
        let least = symbol.and_then(|symbol| symbol.min_quantity);
        let made = failsafe::decide(record.request.terms(), shown.trading_state, least);
        let answer = Answer::of_fail_safe(made);
        different(&record.answer, &answer, false, &self.identity)
    }
}

/// What differs. Nothing is looked up or written where nothing does.
fn different(
    recorded: &RecordedAnswer,
    answer: &Answer,
    compares_fuel: bool,
    identity: &PolicyIdentity,
) -> Vec<String> {
    let same_author = match (&recorded.author, &answer.author) {
        (
            RecordedAuthor::Policy { reason, rule },
            Author::Policy {
                reason: now_reason,
                rule: now_rule,
                ..
            },
        ) => (reason, rule) == (now_reason, now_rule),
        (RecordedAuthor::FailSafe { reason }, Author::FailSafe { reason: now }) => reason == now,
        _ => false,
    };
    let same = same_author
        && recorded.side == answer.side
        && recorded.intent == answer.intent
        && recorded.effect == answer.effect
        && recorded.position_side == answer.position_side
        && recorded.tier == answer.tier
        && recorded.quantity == answer.quantity
        && recorded.notional == answer.notional
        && recorded.budget == answer.charge.as_deref().map(|charge| charge.report)
        && (!compares_fuel || recorded.fuel == answer.fuel);
    if same {
        return Vec::new();
    }
    told(
        recorded,
        &RecordedAnswer::of(answer),
        compares_fuel,
        identity,
    )
}

/// Every field that differs, in words.
#[cold]
fn told(
    then: &RecordedAnswer,
    now: &RecordedAnswer,
    compares_fuel: bool,
    identity: &PolicyIdentity,
) -> Vec<String> {
    let mut all = Vec::new();
    let mut tell = |field: &str, then: String, now: String| {
        if then != now {
            all.push(format!("{field}: {then}, now {now}"));
        }
    };
    let word = |word: &str| word.to_owned();
    tell("side", word(then.side.word()), word(now.side.word()));
    tell(
        "order_intent",
        word(then.intent.word()),
        word(now.intent.word()),
    );
    let (reason, rule) = names(then.author, identity);
    let (now_reason, now_rule) = names(now.author, identity);
    tell("reason", reason, now_reason);
    tell("rule", rule, now_rule);
    tell(
        "position_effect",
        word(then.effect.word()),
        word(now.effect.word()),
    );
    let leg = |answer: &RecordedAnswer| {
        let leg = answer.position_side;
        leg.map_or("none", |leg| leg.word()).to_owned()
    };
    tell("position_side", leg(then), leg(now));
    tell("quantity", or_none(then.quantity), or_none(now.quantity));
    tell("notional", or_none(then.notional), or_none(now.notional));
    tell("tier", or_none(then.tier), or_none(now.tier));
    tell("budget", report(then.budget), report(now.budget));
    if compares_fuel {
        tell("fuel", or_none(then.fuel), or_none(now.fuel));
    }
    all
}

fn or_none(value: Option<impl Display>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

fn names(author: RecordedAuthor, identity: &PolicyIdentity) -> (String, String) {
    let listed = |names: &[String], index: u32| {
        let at = usize::try_from(index).ok();
        let name = at.and_then(|at| names.get(at)).cloned();
        name.unwrap_or_else(|| format!("number {index}"))
    };
    match author {
        RecordedAuthor::Policy { reason, rule } => (
            listed(&identity.manifest.reasons, reason),
            listed(&identity.manifest.rules, rule),
        ),
        RecordedAuthor::FailSafe { reason } => {
            (reason.to_owned(), failsafe::FAIL_SAFE_RULE.to_owned())
        }
    }
}

fn report(report: Option<BudgetReport>) -> String {
    let Some(report) = report else {
        return "none".to_owned();
    };
    let limit = report
        .limit
        .map_or_else(|| "none".to_owned(), |limit: Amount| limit.to_string());
    format!(
        "number {} (need {}, used {}, reserved {}, limit {limit}, orders {})",
        report.budget, report.need, report.used, report.reserved, report.orders
    )
}
