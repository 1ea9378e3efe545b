//! Running cases: each is asked of the component and of the native engine, and both answers
//! go the way that a router's go.

use std::sync::Arc;

use router_guest::decision::{Decision as PolicyDecision, Refusal};
use router_guest::document::Document;
use router_guest::document::cases::{Case, Cases, Question as Asked, said};
use router_guest::engine::Engine;
use router_guest::json::{LineError, parse_request};
use router_guest::manifest::Manifest;
use router_guest::state::{BudgetUse, State};
use router_guest::table::Table;

use super::coverage::Counter;
use super::differences::{Answer, Fields, differing};
use super::{CaseResult, Failure, Report, RunError};
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::guard::Question;
use crate::policy::{HostFault, Instance, Policy};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::{NO_ROUTE, Unanswered, decided};
use crate::scenario::Scenario;

type Answered = Result<PolicyDecision, Refusal>;

/// Runs every case on a policy's component, and on the native engine of its document, where
/// there is one: an answer of one that the other does not give fails the case.
///
/// # Errors
/// [`RunError`] when there is nothing to run them on. A policy's own faults fail its cases.
pub fn run(
    cases: &Cases,
    policy: &Policy,
    document: Option<&Document>,
) -> Result<Report, RunError> {
    let table = document.map(Document::table);
    let native = table.map(Engine::new).transpose()?;
    let manifest = policy.manifest();
    let runner = Runner {
        identity: identity(manifest, policy.digest()),
        said: said(manifest).into_iter().collect(),
        component: Some(Component {
            policy,
            instance: None,
        }),
        native,
        counter: Counter::new(manifest, table, document)?,
        manifest,
    };
    Ok(runner.run(cases)?)
}

/// Runs every case on a table, without a component: for many variants of a policy at once.
/// What users act on is the component's, see [`run`].
///
/// # Errors
/// [`RunError::Table`] when the table does not validate.
pub fn run_natively(cases: &Cases, table: &Table) -> Result<Report, RunError> {
    let manifest = table.manifest();
    let runner = Runner {
        identity: identity(&manifest, Digest::of(&table.encode()?)),
        said: said(&manifest).into_iter().collect(),
        component: None,
        native: Some(Engine::new(table)?),
        counter: Counter::new(&manifest, Some(table), None)?,
        manifest: &manifest,
    };
    Ok(runner.run(cases)?)
}

fn identity(manifest: &Manifest, digest: Digest) -> Arc<PolicyIdentity> {
    Arc::new(PolicyIdentity {
        manifest: Arc::new(manifest.clone()),
        digest,
        digest_text: digest.to_string(),
        generation: 1,
    })
}

struct Runner<'a> {
    manifest: &'a Manifest,
    identity: Arc<PolicyIdentity>,
    said: Fields,
    component: Option<Component<'a>>,
    native: Option<Engine>,
    counter: Counter,
}

/// The component, with the instance that is in use.
struct Component<'a> {
    policy: &'a Policy,
    instance: Option<Instance>,
}

impl Component<'_> {
    /// What the policy answers; inside an error, the fault of a policy that did not.
    fn decide(
        &mut self,
        request: &router_guest::request::Request<'_>,
        state: &State<'_>,
    ) -> Result<Result<Answered, String>, HostFault> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.policy.instantiate()?,
        };
        match instance.decide(request, state) {
            Ok((answered, _)) => {
                self.instance = Some(instance);
                Ok(Ok(answered))
            }
            // After a fault an instance is dead.
            Err(fault) => Ok(Err(fault.to_string())),
        }
    }
}

impl Runner<'_> {
    fn run(mut self, cases: &Cases) -> Result<Report, HostFault> {
        let results: Result<_, _> = cases
            .as_slice()
            .iter()
            .map(|case| self.case(case))
            .collect();
        Ok(Report {
            results: results?,
            coverage: self.counter.finish(),
        })
    }

    fn case(&mut self, case: &Case) -> Result<CaseResult, HostFault> {
        let mut result = CaseResult {
            name: case.name.clone(),
            place: case.place,
            scenario: None,
            failures: Vec::new(),
        };
        result.differs(differing(&case.about_policy, &self.said));
        if let Some(asked) = &case.question {
            self.ask(asked, &mut result)?;
        }
        Ok(result)
    }

    fn ask(&mut self, asked: &Asked, result: &mut CaseResult) -> Result<(), HostFault> {
        result.scenario = Some(asked.request.clone());
        let request = parse_request(asked.request.as_bytes()).and_then(Request::from_line);
        let request = match request {
            Ok(request) => request,
            Err(LineError { fault, .. }) => {
                let answer = Answer::Refused(Rejection::from(fault));
                result.differs(answer.against(&asked.expected, asked.is_refusal_expected()));
                return Ok(());
            }
        };
        let uses = match asked.uses.of(&self.manifest.budgets) {
            Ok(uses) => uses,
            Err(what) => {
                result.failures.push(Failure::State(what));
                return Ok(());
            }
        };
        result.scenario = Some(scenario(&request, asked, uses.clone()).to_json());
        let state = State {
            trading_state: asked.trading_state,
            budgets: request.terms().sees_budgets().then_some(uses.as_slice()),
        };
        self.decide(asked, &request, &state, result)
    }

    fn decide(
        &mut self,
        asked: &Asked,
        request: &Request<'_>,
        state: &State<'_>,
        result: &mut CaseResult,
    ) -> Result<(), HostFault> {
        let seen = request.seen();
        let native = self.native.as_ref();
        let native = native.map(|engine| engine.decide(&seen, state));
        let answered = match (&mut self.component, native) {
            (Some(component), _) => component.decide(&seen, state)?,
            (None, native) => native
                .map(Ok)
                .unwrap_or_else(|| Err("there is nothing to ask".into())),
        };
        let answered = match answered {
            Ok(answered) => answered,
            Err(fault) => {
                result.failures.push(Failure::Unanswered(fault));
                return Ok(());
            }
        };
        if let Ok(decision) = &answered {
            self.counter.count(&seen, state, decision);
        }
        let answer = self.answer(request, state, answered);
        match &answer {
            Ok(answer) => {
                result.differs(answer.against(&asked.expected, asked.is_refusal_expected()));
            }
            Err(what) => result.failures.push(Failure::Unanswered(what.clone())),
        }
        if let Some(native) = native.filter(|native| *native != answered) {
            let native = self.answer(request, state, native);
            result
                .failures
                .push(Failure::Engines(apart(&native, &answer)));
        }
        Ok(())
    }

    /// What a router would make of an answer, were it asked nothing else.
    fn answer(
        &self,
        request: &Request<'_>,
        state: &State<'_>,
        answered: Answered,
    ) -> Result<Answer, String> {
        let question = Question {
            manifest: self.manifest,
            symbol: self.manifest.symbol(request.symbol()),
            request: &request.seen(),
            state,
        };
        match decided(&question, request, &self.identity, answered, None) {
            Ok(decision) => Ok(Answer::decided(&decision)),
            Err(Unanswered::Rejected(rejection)) => Ok(Answer::Refused(rejection)),
            Err(Unanswered::NoRoute) => Err(NO_ROUTE.into()),
            Err(Unanswered::Violation(violation)) => Err(violation.to_string()),
        }
    }
}

fn scenario(request: &Request<'_>, asked: &Asked, uses: Vec<BudgetUse>) -> Scenario {
    let mut scenario = Scenario::new(request.symbol(), request.strategy(), *request.terms());
    scenario.trading_state = asked.trading_state;
    scenario.budgets = Some(uses);
    scenario
}

/// Where the native engine's answer and the component's part.
fn apart(
    native: &Result<Answer, String>,
    component: &Result<Answer, String>,
) -> Vec<super::Difference> {
    if let (Ok(native), Ok(component)) = (native, component) {
        let differences = component.beside(native);
        if !differences.is_empty() {
            return differences;
        }
    }
    let told = |answer: &Result<Answer, String>| match answer {
        Ok(Answer::Decided(_)) => "a decision".to_owned(),
        Ok(Answer::Refused(rejection)) => format!("refused, {}", rejection.code),
        Err(what) => what.clone(),
    };
    vec![super::Difference {
        field: "answer".into(),
        expected: told(native),
        actual: told(component),
    }]
}

impl CaseResult {
    fn differs(&mut self, differences: Vec<super::Difference>) {
        if !differences.is_empty() {
            self.failures.push(Failure::Differs(differences));
        }
    }
}
