//! One instance of a policy: the only place where a policy's code runs to decide.
//!
//! It carries requests in and answers out, and measures the fuel; it judges no answer beyond
//! what its form says (amounts within bounds). After a fault it is dead. A language's engine that
//! fills its heap is started anew before it has to clean it up: what that costs grows with all that
//! the instance was ever asked, and would fall on one decision.

use router_guest::decision::{Decision, Refusal};
use router_guest::layout::{ItemLayout, TermsLayout, UseLayout};
use router_guest::request::{OrderTerms, Request};
use router_guest::state::{BudgetUse, State, TradingState};
use wasmtime::component::{Component, ComponentExportIndex, Func, TypedFunc};
use wasmtime::{Store, StoreLimits};

use super::answer;
use super::{HostFault, Policy, PolicyFault, shape};
use crate::bindings::images::{
    AnswerImage, ItemImage, RequestArgument, StateArgument, TermsImage, UseImage,
};
use crate::bindings::placed::{PlacedArguments, Room};
use crate::sandbox::{self, LIMITS};

/// An answer, and the fuel that it cost.
pub type Answer = (Result<Decision, Refusal>, u64);

/// The answers to a batch, in its order, and the fuel that all of them cost.
pub type BatchAnswers = (Vec<Result<Decision, Refusal>>, u64);

type DecideArguments<'a> = (RequestArgument<'a>, StateArgument<'a>);
type DecideResults = (AnswerImage,);
type Passed<'a> = TypedFunc<DecideArguments<'a>, DecideResults>;
type Placed<'a> = TypedFunc<PlacedArguments<'a>, DecideResults>;
type BatchArguments<'a> = (&'a [&'a str], &'a [UseImage], &'a [ItemImage]);
type BatchResults = (Vec<AnswerImage>,);

/// One request of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchItem {
    /// Index of its symbol in the batch's names.
    pub symbol: u32,
    /// Index of its strategy in the batch's names.
    pub strategy: u32,
    /// The rest of the request.
    pub terms: OrderTerms,
    /// How much the operator lets through.
    pub trading_state: TradingState,
    /// Index in the batch's uses of its first budget use; `None` when they are withheld.
    pub budgets: Option<u32>,
}

/// Why a batch has no answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The policy is to blame.
    #[error(transparent)]
    Policy(#[from] PolicyFault),
    /// The host is.
    #[error(transparent)]
    Host(#[from] HostFault),
}

/// Where a component's functions are, looked up once.
pub(super) struct Exports {
    decide: ComponentExportIndex,
    decide_batch: ComponentExportIndex,
}

/// An instance of a policy. It serves one thread at a time.
pub struct Instance {
    policy: Policy,
    code: Code,
    /// Decisions until the code is started anew.
    decisions_left: usize,
    /// Of an instance of the rule engine that this program carries.
    room: Option<Room>,
    /// Kept between calls, so that a call allocates nothing.
    uses: Vec<UseImage>,
    items: Vec<ItemImage>,
}

/// The policy's code with its memory, and its functions.
struct Code {
    store: Store<StoreLimits>,
    decide: Func,
    decide_batch: Func,
}

impl Exports {
    /// The functions, with their types checked on an instance.
    pub(super) fn of(
        component: &Component,
        store: &mut Store<StoreLimits>,
        instance: &wasmtime::component::Instance,
    ) -> wasmtime::Result<Self> {
        let routing = component.get_export_index(None, shape::ROUTING);
        let export = |name: &str| {
            component
                .get_export_index(routing.as_ref(), name)
                .ok_or_else(|| wasmtime::format_err!("it has no function `{name}`"))
        };
        let (decide, decide_batch) = (export("decide")?, export("decide-batch")?);
        instance.get_typed_func::<DecideArguments<'_>, DecideResults>(&mut *store, &decide)?;
        instance.get_typed_func::<BatchArguments<'_>, BatchResults>(&mut *store, &decide_batch)?;
        Ok(Self {
            decide,
            decide_batch,
        })
    }
}

impl Instance {
    pub(super) fn new(policy: &Policy) -> Result<Self, HostFault> {
        Ok(Self {
            code: Code::start(policy)?,
            decisions_left: policy.profile().limits().run.decisions_max,
            room: policy.linked().is_own_engine.then(Room::default),
            policy: policy.clone(),
            uses: Vec::new(),
            items: Vec::new(),
        })
    }

    /// Counts decisions that are to be made, and starts the code anew where there are no more left.
    fn count(&mut self, decisions: usize) {
        match self.decisions_left.checked_sub(decisions) {
            Some(left) => self.decisions_left = left,
            None => self.start_anew(),
        }
    }

    #[cold]
    fn start_anew(&mut self) {
        // Where there is no room for another, this one is as good as it was.
        if let Ok(code) = Code::start(&self.policy) {
            self.code = code;
            self.decisions_left = self.policy.profile().limits().run.decisions_max;
        }
    }

    /// Decides one request.
    ///
    /// # Errors
    /// [`PolicyFault`]; the instance must be dropped then.
    pub fn decide(
        &mut self,
        request: &Request<'_>,
        state: &State<'_>,
    ) -> Result<Answer, PolicyFault> {
        self.count(1);
        let budgets = state.budgets.map(|uses| {
            self.uses.clear();
            self.uses.extend(uses.iter().map(use_image));
            self.uses.as_slice()
        });
        let fuel_max = LIMITS.decide_fuel_max;
        fill(&mut self.code.store, fuel_max, LIMITS.decision_bytes_max);
        let placed = self.room.as_ref().and_then(|room| {
            PlacedArguments::new(request, (state.trading_state, budgets), room, fuel_max)
        });
        let answered = match placed {
            Some(placed) => {
                // SAFETY: `Exports::of` has checked that this export has the type of the
                // parameters, which is that of the placed ones.
                let decide = unsafe { Placed::new_unchecked(self.code.decide) };
                decide.call(&mut self.code.store, placed)
            }
            None => {
                // SAFETY: `Exports::of` has checked that this export has this type.
                let decide = unsafe { Passed::new_unchecked(self.code.decide) };
                let arguments = arguments(request, state.trading_state, budgets);
                decide.call(&mut self.code.store, arguments)
            }
        };
        let (answered,) = answered.map_err(|error| PolicyFault::of_call(&error, fuel_max))?;
        let spent = fuel_max.saturating_sub(left(&self.code.store));
        Ok((answer::of(&answered)?, spent))
    }

    /// Decides each item for itself, as [`Instance::decide`] would. Names and budget uses
    /// stand beside the items, which point at them.
    ///
    /// # Errors
    /// [`CallError`]: of the policy, and the instance must be dropped then; or of the host,
    /// for a batch above [`LIMITS`]'s bound.
    pub fn decide_batch(
        &mut self,
        names: &[&str],
        uses: &[BudgetUse],
        items: &[BatchItem],
    ) -> Result<BatchAnswers, CallError> {
        let items_max = LIMITS.batch_items_max;
        if items.len() > items_max {
            return Err(HostFault::BatchTooLarge {
                items: items.len(),
                items_max,
            }
            .into());
        }
        self.count(items.len());
        self.uses.clear();
        self.uses.extend(uses.iter().map(use_image));
        self.items.clear();
        self.items.extend(items.iter().map(item_image));
        // SAFETY: `Exports::of` has checked that this export of the component has this type.
        let decide = unsafe {
            TypedFunc::<BatchArguments<'_>, BatchResults>::new_unchecked(self.code.decide_batch)
        };
        let fuel_max = LIMITS
            .decide_fuel_max
            .saturating_mul(items.len().max(1) as u64);
        fill(
            &mut self.code.store,
            fuel_max,
            LIMITS.decision_bytes_max * items.len().max(1),
        );
        let (answered,) = decide
            .call(
                &mut self.code.store,
                (names, self.uses.as_slice(), self.items.as_slice()),
            )
            .map_err(|error| PolicyFault::of_call(&error, fuel_max))?;
        let spent = fuel_max.saturating_sub(left(&self.code.store));
        if answered.len() != items.len() {
            let (asked, answered) = (items.len(), answered.len());
            return Err(PolicyFault::BatchLength { asked, answered }.into());
        }
        let answers: Result<Vec<_>, _> = answered.iter().map(answer::of).collect();
        Ok((answers?, spent))
    }
}

impl Code {
    fn start(policy: &Policy) -> Result<Self, HostFault> {
        let linked = policy.linked();
        let instance_pre = linked.pre.instance_pre();
        let mut store = sandbox::store(instance_pre.engine(), policy.profile())?;
        let fault = |message: String| HostFault::Instance { message };
        let instance = instance_pre
            .instantiate(&mut store)
            .map_err(|error| fault(super::plain(&error)))?;
        let mut function = |index: &ComponentExportIndex| {
            let function = instance.get_func(&mut store, index);
            function.ok_or_else(|| fault("an export is missing".into()))
        };
        let decide = function(&linked.exports.decide)?;
        let decide_batch = function(&linked.exports.decide_batch)?;
        Ok(Self {
            store,
            decide,
            decide_batch,
        })
    }
}

/// The arguments as any policy takes them.
fn arguments<'a>(
    request: &Request<'a>,
    trading_state: TradingState,
    budgets: Option<&'a [UseImage]>,
) -> DecideArguments<'a> {
    let request = RequestArgument {
        symbol: request.symbol,
        strategy: request.strategy,
        terms: TermsImage(TermsLayout::of(&request.terms)),
    };
    let trading_state = answer::trading_state(trading_state);
    let state = StateArgument {
        trading_state,
        budgets,
    };
    (request, state)
}

fn use_image(spent: &BudgetUse) -> UseImage {
    UseImage(UseLayout::of(spent))
}

#[inline]
fn item_image(item: &BatchItem) -> ItemImage {
    let BatchItem {
        symbol,
        strategy,
        terms,
        trading_state,
        budgets,
    } = item;
    ItemImage(ItemLayout::of(
        *symbol,
        *strategy,
        terms,
        *trading_state,
        *budgets,
    ))
}

fn fill(store: &mut Store<StoreLimits>, fuel: u64, result_bytes_max: usize) {
    // It fails only where fuel is not configured, and then nothing is ever left to spend.
    let filled = store.set_fuel(fuel);
    debug_assert!(filled.is_ok(), "fuel is on");
    store.set_hostcall_fuel(result_bytes_max);
}

fn left(store: &Store<StoreLimits>) -> u64 {
    store.get_fuel().unwrap_or(0)
}

#[cfg(test)]
mod tests;
