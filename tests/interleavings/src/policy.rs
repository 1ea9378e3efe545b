//! A policy that answers its own name, or does as badly as it is made to. An instance knows
//! whose it is by itself, so that one that is asked in another's stead is found out.

use std::sync::Arc;

use router_guest::amount::Amount;
use router_guest::decision::{BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, Side};
use router_guest::manifest::{BudgetInfo, Manifest, Scope, SymbolInfo, TierInfo, Window};
use router_guest::request::{FinalAction, OrderTerms, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};

use crate::cache::Cache;
use crate::digest::Digest;

/// The names that policies have.
pub const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// How a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It answers.
    Sound,
    /// It buys where nothing is to be bought.
    Violating,
    /// It traps.
    Trapping,
}

/// What a policy needs of its budget for an opening.
pub const NEED: u64 = 100;

#[derive(Debug, Clone)]
pub struct Policy(Arc<Described>);

#[derive(Debug)]
struct Described {
    name: u32,
    manner: Manner,
    digest: Digest,
    manifest: Manifest,
}

impl Policy {
    /// The policy of a name's number.
    pub fn of(name: u32, manner: Manner) -> Self {
        let named = NAMES[name as usize];
        Self(Arc::new(Described {
            name,
            manner,
            digest: Digest::from_bytes([u8::try_from(name).unwrap(); Digest::BYTES]),
            manifest: manifest(named),
        }))
    }

    pub fn instantiate(&self) -> Result<Instance, HostFault> {
        Ok(Instance {
            name: self.0.name,
            manner: self.0.manner,
        })
    }

    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    pub const fn profile(&self) -> &'static str {
        "strict"
    }

    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    pub fn symbol(&self, name: &str) -> Option<&SymbolInfo> {
        self.0.manifest.symbols.iter().find(|one| one.name == name)
    }
}

fn manifest(name: &str) -> Manifest {
    Manifest {
        schema: 1,
        name: name.to_owned(),
        version: "1".to_owned(),
        account_currency: "USDT".to_owned(),
        // All of them have all names for reasons: an answer of one is sound for every other.
        reasons: NAMES.map(str::to_owned).to_vec(),
        rules: vec!["only".to_owned()],
        tiers: vec![TierInfo {
            name: "pilot".to_owned(),
            intent: OrderIntent::Pilot,
            size: Amount::whole(1),
            budget: Some(0),
        }],
        budgets: vec![BudgetInfo {
            name: "exploration".to_owned(),
            amount: Some(Amount::whole(10 * NEED)),
            percent: None,
            orders: None,
            window: Window::Rolling { seconds: 86_400 },
            zone: "UTC".to_owned(),
            scope: Scope::All,
        }],
        symbols: Vec::new(),
        score_thresholds: Vec::new(),
        amount_thresholds: Vec::new(),
    }
}

pub struct Instance {
    name: u32,
    manner: Manner,
}

impl Instance {
    pub fn decide(
        &mut self,
        request: &Request<'_>,
        state: &State<'_>,
    ) -> Result<Answer, PolicyFault> {
        let opens = request.terms.final_action == FinalAction::Buy;
        let charges = opens && request.terms.trade_type == TradeType::Pilot;
        assert_eq!(charges, state.budgets.is_some());
        let lies = self.manner == Manner::Violating && !opens;
        if self.manner == Manner::Trapping {
            return Err(PolicyFault("it trapped"));
        }
        let decision = Decision {
            side: if opens || lies { Side::Buy } else { Side::Skip },
            intent: if charges {
                OrderIntent::Pilot
            } else {
                OrderIntent::Normal
            },
            reason: self.name,
            rule: 0,
            effect: if opens || lies {
                PositionEffect::Open
            } else {
                PositionEffect::None
            },
            notional: opens.then(|| Amount::whole(NEED)),
            quantity: None,
            tier: charges.then_some(0),
            budget: charges.then(|| BudgetClaim {
                budget: 0,
                need: Amount::whole(NEED),
            }),
        };
        Ok((Ok(decision), 1))
    }

    pub fn decide_batch(
        &mut self,
        _: &[&str],
        _: &[BudgetUse],
        _: &[BatchItem],
    ) -> Result<(Vec<Result<Decision, Refusal>>, u64), PolicyFault> {
        Err(PolicyFault("it takes no batch"))
    }
}

pub type Answer = (Result<Decision, Refusal>, u64);

pub struct BatchItem {
    pub symbol: u32,
    pub strategy: u32,
    pub terms: OrderTerms,
    pub trading_state: TradingState,
    pub budgets: Option<u32>,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct PolicyFault(&'static str);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    #[error("no instance of the policy could be made: {message}")]
    Instance { message: String },
}

impl HostFault {
    pub(crate) fn no_instance() -> Self {
        Self::Instance {
            message: "it is gone".into(),
        }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(pub String);

impl PolicyError {
    pub const fn blames_host(&self) -> bool {
        false
    }
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ComponentError(pub String);

pub struct Loader<'c>(pub &'c Cache);
