//! A policy without a router: a request and the state that it meets in, the decision out.
//!
//! It holds every answer to the invariants, as the router does. It has no ledger, no memory of
//! ids, no journal and no fail-safe: nothing is charged, and asked twice it decides twice. It
//! is what a policy is tried and compared with; orders go through a [`crate::Router`].

use std::sync::Arc;

use router_guest::decision::Refusal;
use router_guest::json::{Fault, LineError, parse_request, parse_state, write_refusal};
use router_guest::state::State;

use crate::decision::{Decision, PolicyIdentity};
use crate::guard::Question;
use crate::policy::{Answer, HostFault, Instance, Policy};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::{Unanswered, decided};

/// The code of an answer that a policy owes.
pub const POLICY_FAULT: &str = "policy_fault";

/// A policy, an instance of it, and nothing else. It serves one thread at a time.
pub struct Decider {
    policy: Policy,
    identity: Arc<PolicyIdentity>,
    /// None before the first request, and after a fault.
    instance: Option<Instance>,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeciderError {
    /// The request lacks what its route needs.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The policy gave no answer, or one that breaks an invariant.
    #[error("{what}")]
    Policy {
        /// What happened.
        what: String,
    },
    /// The host could not run it.
    #[error(transparent)]
    Host(#[from] HostFault),
}

impl DeciderError {
    /// A word that programs can act on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code,
            Self::Policy { .. } => POLICY_FAULT,
            Self::Host(_) => "host_fault",
        }
    }
}

impl Decider {
    /// Decides by one policy.
    pub fn new(policy: Policy) -> Self {
        let digest = policy.digest();
        let identity = PolicyIdentity {
            manifest: Arc::new(policy.manifest().clone()),
            digest,
            digest_text: digest.to_string(),
            generation: 1,
        };
        Self {
            policy,
            identity: Arc::new(identity),
            instance: None,
        }
    }

    /// Decides one request on a state, whose budget uses are in the manifest's order. They are
    /// withheld from types that have no business with a budget.
    ///
    /// # Errors
    /// [`DeciderError`]; the next request is decided all the same.
    pub fn decide(
        &mut self,
        request: &Request<'_>,
        state: &State<'_>,
    ) -> Result<Decision, DeciderError> {
        let wanted = self.policy.manifest().budgets.len();
        let budgets = state
            .budgets
            .filter(|uses| request.terms().sees_budgets() && uses.len() == wanted);
        let state = State {
            trading_state: state.trading_state,
            budgets,
        };
        let (answered, fuel) = self.ask(request, &state)?;
        let question = Question {
            manifest: self.policy.manifest(),
            symbol: self.policy.symbol(request.symbol()),
            request: &request.seen(),
            state: &state,
        };
        decided(&question, request, &self.identity, answered, Some(fuel)).map_err(|unanswered| {
            match unanswered {
                Unanswered::Rejected(rejection) => DeciderError::Rejected(rejection),
                Unanswered::NoRoute => Rejection::from(Fault::of_refusal(Refusal::NoRoute)).into(),
                Unanswered::Violation(violation) => DeciderError::Policy {
                    what: violation.to_string(),
                },
            }
        })
    }

    /// Decides a request's text on a state's text, as `decide-json` does: the answer is a
    /// decision in its canonical form, or `{"side":"SKIP","error":{"code","message"}}`.
    pub fn decide_json(&mut self, request: &str, state: &str) -> String {
        let mut out = Vec::new();
        if let Err(refused) = self.write_decision(request, state, &mut out) {
            let Refused { id, symbol, error } = refused;
            let (code, message) = (error.code(), error.to_string());
            write_refusal(
                None,
                id.as_deref(),
                symbol.as_deref(),
                code,
                &message,
                &mut out,
            );
        }
        // All of it came from text.
        String::from_utf8(out).unwrap_or_default()
    }

    fn write_decision(
        &mut self,
        request: &str,
        state: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        let request = parse_request(request.as_bytes()).and_then(Request::from_line)?;
        let asked = |error: DeciderError| Refused {
            // A policy's fault says nothing of the request.
            id: request
                .id()
                .filter(|_| error.is_about_request())
                .map(str::to_owned),
            symbol: error
                .is_about_request()
                .then(|| request.symbol().to_owned()),
            error,
        };
        let state = parse_state(state).map_err(|fault| asked(Rejection::from(fault).into()))?;
        let state = State {
            trading_state: state.trading_state,
            budgets: state.budgets.as_deref(),
        };
        let decision = self.decide(&request, &state).map_err(asked)?;
        decision.write_canonical(&request, out);
        Ok(())
    }

    /// What the policy answers, in the instance that is there or in a new one.
    fn ask(&mut self, request: &Request<'_>, state: &State<'_>) -> Result<Answer, DeciderError> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.policy.instantiate()?,
        };
        let answered = instance.decide(&request.seen(), state);
        let answer = answered.map_err(|fault| DeciderError::Policy {
            what: fault.to_string(),
        })?;
        // After a fault it is dead, and not put back.
        self.instance = Some(instance);
        Ok(answer)
    }
}

/// A refusal on its way into a text.
struct Refused {
    id: Option<String>,
    symbol: Option<String>,
    error: DeciderError,
}

impl From<LineError<'_>> for Refused {
    fn from(error: LineError<'_>) -> Self {
        Self {
            id: error.id.map(|id| id.into_owned()),
            symbol: error.symbol.map(|symbol| symbol.into_owned()),
            error: DeciderError::Rejected(error.fault.into()),
        }
    }
}

impl DeciderError {
    const fn is_about_request(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;

    const DEFAULT: &str = include_str!("../../policies/default/policy.yaml");
    /// It never closes, which no host lets it do.
    const STUBBORN: &str = "name: stubborn
version: 1
account_currency: USDT
routes:
  - never: { skip: because }
";

    #[track_caller]
    fn answers(document: &str, rows: &[(&str, &str, &str)]) {
        let policy = Policy::from_document(document, None, &Cache::disabled()).unwrap();
        let mut decider = Decider::new(policy);
        for (request, state, expected) in rows {
            let answer = decider.decide_json(request, state);
            assert!(answer.contains(expected), "{answer} and not {expected}");
        }
    }

    #[test]
    fn a_request_is_decided_on_the_state_that_it_is_given() {
        let pilot = r#"{"id":"a","final_action":"BUY","symbol":"BTC/USDT","strategy":"s","trade_type":"pilot","position":null,"price":100,"target_notional":500,"equity":10000}"#;
        let exit = r#"{"final_action":"CLOSE","symbol":"BTC/USDT","strategy":"s","position":{"side":"long","quantity":1}}"#;
        answers(
            DEFAULT,
            &[
                (
                    pilot,
                    r#"{"budgets":[{"used":0,"reserved":100,"orders":1}]}"#,
                    r#""budget":{"name":"exploration","need":"200","used":"0","reserved":"100","limit":"300","remaining":"200"},"metadata":"#,
                ),
                (
                    pilot,
                    r#"{"budgets":[{"used":0,"reserved":"100.01","orders":1}]}"#,
                    r#""reason":"exploration_limit""#,
                ),
                (
                    pilot,
                    "{}",
                    r#"{"id":"a","symbol":"BTC/USDT","side":"SKIP","error":{"code":"budgets_missing","#,
                ),
                // One too many is as good as none.
                (
                    pilot,
                    r#"{"budgets":[{"used":0,"reserved":0,"orders":0},{"used":0,"reserved":0,"orders":0}]}"#,
                    r#""error":{"code":"budgets_missing","#,
                ),
                (
                    pilot,
                    r#"{"trading_state":"HALTED"}"#,
                    r#""reason":"trading_halted""#,
                ),
                (exit, "{}", r#""side":"SELL","order_intent":"exit""#),
                (
                    exit,
                    "[",
                    r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"not_an_object","#,
                ),
                ("{", "{}", r#"{"side":"SKIP","error":{"code":"bad_json","#),
            ],
        );
    }

    #[test]
    fn a_policy_that_breaks_an_invariant_has_no_answer_and_is_asked_again() {
        let line = |action: &str| {
            format!(
                r#"{{"id":"a","final_action":"{action}","symbol":"s","strategy":"s","position":{{"side":"long","quantity":1}}}}"#
            )
        };
        let fault = r#"{"side":"SKIP","error":{"code":"policy_fault","message":"I12: "#;
        answers(
            STUBBORN,
            &[
                (&line("CLOSE"), "{}", fault),
                (&line("BUY"), "{}", r#""reason":"because","rule":"never""#),
                (&line("CLOSE"), "{}", fault),
            ],
        );
    }
}
