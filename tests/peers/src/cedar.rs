//! The table in Cedar: a policy an outcome, the first that permits.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use execution_router::Amount;

use crate::case::{Answer, Case, TIERS, carried_out, stated_tier};
use crate::peer::Peer;

const ROUTES: &str = include_str!("../routes/route.cedar");
/// Places of an amount or a score as a whole number, and of a quantity.
const PLACES: u8 = 4;
const QUANTITY_PLACES: u8 = 8;
const UNIT: f64 = 10_000.0;
/// What a target, an equity and a use of a budget may be at most, in units, so that nothing that
/// the policies multiply overflows.
const TARGET_MAX: i64 = 90_000_000_000;
const EQUITY_MAX: i64 = 300_000_000_000_000;
const USED_MAX: i64 = 2_000_000_000_000;
const PRICE_MAX: i64 = 9_000_000_000_000;
const QUANTITY_MAX: i64 = 90_000_000_000_000_000;

pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    /// What each policy is the outcome of, by its number.
    outcomes: Vec<String>,
    entities: Entities,
}

/// The questions of a case: whether it is in each tier, where it is classified, and its route by
/// each tier that it can have.
pub struct Input {
    classify: Vec<Request>,
    routes: Vec<Option<Request>>,
    tier: Option<usize>,
}

impl Peer for Cedar {
    const NAME: &'static str = "Cedar";
    type Input = Input;
    /// The policy's number and the tier.
    type Output = (usize, usize);

    fn load(rules: usize) -> Result<Self> {
        let mut more = String::new();
        for rule in 0..rules {
            writeln!(
                more,
                "@route(\"quiet\")\npermit (principal, action in [Action::\"BUY\", Action::\"SELL\"], resource == Symbol::\"S{rule}/USDT\") when {{ context.confidence < 4000 }};"
            )?;
        }
        let policies: PolicySet = ROUTES.replace("//RULES", &more).parse()?;
        let mut outcomes = vec![String::new(); policies.num_of_policies()];
        for policy in policies.policies() {
            let number = number(policy.id().as_ref())?;
            let route = policy.annotation("route").context("a route")?;
            *outcomes.get_mut(number).context("a number")? = route.to_owned();
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            outcomes,
            entities: entities()?,
        })
    }

    fn input(&self, case: &Case) -> Option<Input> {
        let tier = (case.trade_type != "auto").then(|| stated_tier(case.trade_type));
        let context = context(case)?;
        let ask = |tier: usize, action: &str| {
            let (name, ..) = TIERS.get(tier)?;
            let uid = |kind: &str, id: &str| format!("{kind}::{id:?}").parse::<EntityUid>().ok();
            let request = Request::new(
                uid("Tier", if case.sized { sized(name) } else { name })?,
                uid("Action", action)?,
                uid("Symbol", &case.symbol)?,
                context.clone(),
                None,
            );
            request.ok()
        };
        let classify = match tier {
            Some(_) => Vec::new(),
            None => (0..3)
                .map(|tier| ask_plain(tier, &context, &case.symbol))
                .collect::<Option<_>>()?,
        };
        let routes = (0..TIERS.len())
            .map(|at| {
                tier.is_none_or(|tier| tier == at)
                    .then(|| ask(at, case.action))
            })
            .map(Option::flatten);
        Some(Input {
            classify,
            routes: routes.collect(),
            tier,
        })
    }

    fn decide(&mut self, input: &Input) -> Result<(usize, usize)> {
        let tier = input.tier.unwrap_or_else(|| {
            let mut asked = input.classify.iter().enumerate();
            // Rows that look at no action permit it too; the tiers' own policies come first.
            asked
                .position(|(tier, request)| self.first(request) == Some(tier))
                .unwrap_or(3)
        });
        let request = input.routes.get(tier).and_then(Option::as_ref);
        match self.first(request.context("a request")?) {
            Some(policy) => Ok((policy, tier)),
            None => bail!("nothing permits it"),
        }
    }

    fn answer(&self, case: &Case, (policy, tier): &(usize, usize)) -> Result<Answer> {
        let reason = self.outcomes.get(*policy).context("an outcome")?;
        carried_out(case, reason, *tier)
    }
}

impl Cedar {
    /// The first policy that permits.
    fn first(&self, request: &Request) -> Option<usize> {
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        let permitting = response.diagnostics().reason();
        permitting.filter_map(|id| number(id.as_ref()).ok()).min()
    }
}

/// The tiers of trades that are sized already.
fn sized(tier: &str) -> &'static str {
    match tier {
        "pilot" => "pilot_sized",
        "explore" => "explore_sized",
        "normal" => "normal",
        _ => "none",
    }
}

fn ask_plain(tier: usize, context: &Context, symbol: &str) -> Option<Request> {
    let (name, ..) = TIERS.get(tier)?;
    let uid = |kind: &str, id: &str| format!("{kind}::{id:?}").parse::<EntityUid>().ok();
    let resource = uid("Symbol", symbol)?;
    Request::new(
        uid("Tier", name)?,
        uid("Action", "classify")?,
        resource,
        context.clone(),
        None,
    )
    .ok()
}

fn number(id: &str) -> Result<usize> {
    Ok(id.trim_start_matches("policy").parse()?)
}

fn entities() -> Result<Entities> {
    let long = RestrictedExpression::new_long;
    let mut all = Vec::new();
    let mut add =
        |kind: &str, name: &str, attributes: Vec<(&str, RestrictedExpression)>| -> Result<()> {
            let uid: EntityUid = format!("{kind}::{name:?}").parse()?;
            let attributes = attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            all.push(Entity::new(
                uid,
                attributes.collect::<HashMap<_, _>>(),
                HashSet::new(),
            )?);
            Ok(())
        };
    for (name, size, budget) in TIERS {
        let budgets = |size: u32| {
            let mut attributes = vec![("size", long(i64::from(size)))];
            if budget {
                attributes.push((
                    "budget",
                    RestrictedExpression::new_string("exploration".into()),
                ));
            }
            attributes
        };
        add("Tier", name, budgets(size))?;
        if budget {
            add("Tier", sized(name), budgets(100))?;
        }
    }
    for name in ["BTC/USDT", "ETH/USDT"] {
        add(
            "Symbol",
            name,
            vec![("shortable", RestrictedExpression::new_bool(false))],
        )?;
    }
    add(
        "Symbol",
        "LTC/USDT",
        vec![
            ("shortable", RestrictedExpression::new_bool(false)),
            ("min_quantity", long(1_000_000)),
            ("min_notional", long(50_000)),
        ],
    )?;
    Ok(Entities::from_entities(all, None)?)
}

/// Amount and scores as whole numbers; `None` where they are none, or so large that a product of
/// them overflows.
fn context(case: &Case) -> Option<Context> {
    let mut fields = Vec::new();
    for (name, word) in case.words() {
        fields.push((
            name.to_owned(),
            RestrictedExpression::new_string(word.to_owned()),
        ));
    }
    let mut products = HashMap::new();
    for (name, amount) in case.amounts() {
        let (places, most) = match name {
            "target" => (PLACES, TARGET_MAX),
            "equity" => (PLACES, EQUITY_MAX),
            "used" | "reserved" => (PLACES, USED_MAX),
            "quantity" | "closing" | "opening" => (QUANTITY_PLACES, QUANTITY_MAX),
            _ => (PLACES, PRICE_MAX),
        };
        let units = units(amount, places)?;
        if units > most {
            return None;
        }
        products.insert(name, units);
        fields.push((name.to_owned(), RestrictedExpression::new_long(units)));
    }
    let figure = |name: &str| products.get(name).copied().unwrap_or(0);
    figure("target")
        .checked_mul(figure("rate"))?
        .checked_mul(100)?;
    for (name, score) in case.scores() {
        let units = (score * UNIT).round();
        // The nearest double of the same ten-thousandths must be this one.
        if units.abs() > 1e15 || units / UNIT != score {
            return None;
        }
        fields.push((
            name.to_owned(),
            RestrictedExpression::new_long(units as i64),
        ));
    }
    Context::from_pairs(fields).ok()
}

fn units(amount: Amount, places: u8) -> Option<i64> {
    let (coefficient, scale): (u128, u8) = amount.normalized().into();
    let places = places.checked_sub(scale)?;
    let units = coefficient.checked_mul(10_u128.pow(u32::from(places)))?;
    i64::try_from(units).ok()
}
