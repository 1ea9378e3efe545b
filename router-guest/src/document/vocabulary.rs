//! Every key that a policy document may have: its word, the form of its value, and what it
//! means in one sentence.
//!
//! The reader takes its keys from here and so does the schema, so that an editor knows what the
//! reader knows. It reads nothing; words that are values stand where they are given a meaning.

use crate::manifest::{AmountField, ScoreField};

/// A key of a map whose keys are the language's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) word: &'static str,
    pub(super) form: Form,
    /// What an editor shows beside the key.
    pub(super) about: &'static str,
}

/// What a key's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Any text of 1 to 64 bytes.
    FreeName,
    Currency,
    Risk,
    Symbols,
    Tiers,
    Budgets,
    Routes,
    YesOrNo,
    /// A decimal above 0.
    Positive,
    Intent,
    /// A score that must be reached.
    Least,
    /// A percentage above 0 and at most 100.
    Share,
    /// A lower-case word that the policy gives.
    OwnName,
    Limits,
    Orders,
    Window,
    Zone,
    Scope,
    When,
    /// What `close` takes.
    Position,
    /// What `open` takes.
    Sized,
    States,
    Actions,
    Types,
    Positions,
    TierNames,
    /// Patterns of symbols or strategies.
    Names,
    BudgetState,
    ScoreTest(ScoreField),
    AmountTest(AmountField),
    /// The words that a set excludes; their form is the set's.
    Excluded,
}

const fn key(word: &'static str, form: Form, about: &'static str) -> Key {
    Key { word, form, about }
}

/// The sections of a document.
pub(super) const SECTIONS: [Key; 8] = [
    key(
        "name",
        Form::FreeName,
        "The policy's name: any text of 1 to 64 bytes.",
    ),
    key(
        "version",
        Form::FreeName,
        "The policy's own version: any text of 1 to 64 bytes.",
    ),
    key(
        "account_currency",
        Form::Currency,
        "The currency of equity and budgets: a code of capitals and digits, such as USDT.",
    ),
    key(
        "risk",
        Form::Risk,
        "The master switch of shorting. No short anywhere when not given.",
    ),
    key(
        "symbols",
        Form::Symbols,
        "What is known of symbols, by name, exactly as bots send them. A symbol that is not listed can be traded; it has no known minimums, a step of 8 places, and cannot be shorted.",
    ),
    key(
        "tiers",
        Form::Tiers,
        "Classes of trades: how good a trade must be, and how large it may be. `auto` trades get the first tier of which every threshold is reached; a trade that states its type gets the first tier of its intent.",
    ),
    key(
        "budgets",
        Form::Budgets,
        "Money or orders set aside for pilot and exploration trades.",
    ),
    key(
        "routes",
        Form::Routes,
        "The routing table. The first route that matches decides; the last one, and only that one, has no `when`.",
    ),
];

/// Sections that cannot be left out.
pub(super) const SECTIONS_REQUIRED: [&str; 4] = ["name", "version", "account_currency", "routes"];

/// Keys of `risk`.
pub(super) const RISK: [Key; 1] = [key(
    "short_enabled",
    Form::YesOrNo,
    "`yes` switches on what symbols allow: a short needs this and the symbol's `allow_short`. `no` when not given.",
)];

/// Keys of a symbol.
pub(super) const SYMBOL: [Key; 4] = [
    key(
        "allow_short",
        Form::YesOrNo,
        "Whether the symbol may be shorted; `risk.short_enabled` must be on as well. `no` when not given.",
    ),
    key(
        "step",
        Form::Positive,
        "The venue's step: an opening's quantity is rounded down to a multiple of it. Above 0; 8 places when not given.",
    ),
    key(
        "min_quantity",
        Form::Positive,
        "The venue's least quantity, a multiple of `step`: a smaller position is dust, a smaller order is `below_minimum`. Above 0.",
    ),
    key(
        "min_notional",
        Form::Positive,
        "The venue's least order in quote currency: a smaller one is `below_minimum`. Above 0.",
    ),
];

/// Keys of a tier.
pub(super) const TIER: [Key; 6] = [
    key(
        "intent",
        Form::Intent,
        "What its trades are opened as. May be left out where the tier is named so.",
    ),
    key(
        "score",
        Form::Least,
        "The least |signal_score|; a score that the request does not give reaches none.",
    ),
    key(
        "risk_reward",
        Form::Least,
        "The least risk_reward_ratio; one that the request does not give reaches none.",
    ),
    key(
        "confidence",
        Form::Least,
        "The least confidence; one that the request does not give reaches none.",
    ),
    key(
        "size",
        Form::Share,
        "The share of target_notional that is opened, above 0% and at most 100%: `40%`. `100%` when not given.",
    ),
    key(
        "budget",
        Form::OwnName,
        "The budget that the tier's trades are charged to. Required for pilot and explore, refused for normal.",
    ),
];

/// Keys of a budget.
pub(super) const BUDGET: [Key; 5] = [
    key(
        "limit",
        Form::Limits,
        "`3% of equity`, `500 USDT` (account currency), or a list of both: then both hold.",
    ),
    key(
        "orders",
        Form::Orders,
        "The number of orders; this, `limit`, or both.",
    ),
    key(
        "per",
        Form::Window,
        "When use starts again at zero: `hour`, `day`, `week` (from Monday), `none` (never), or `rolling 24h`: a whole number and `s`, `m`, `h` or `d`, up to 366 days.",
    ),
    key(
        "zone",
        Form::Zone,
        "The IANA time zone whose hours, days and weeks are meant. `UTC` when not given.",
    ),
    key(
        "scope",
        Form::Scope,
        "`all`, or one budget for each `symbol` or each `strategy`. `all` when not given.",
    ),
];

/// Keys of a route. Those between `when` and `reason` are its verbs.
pub(super) const ROUTE: [Key; 5] = [
    key(
        "when",
        Form::When,
        "A map of conditions that must all hold, or a list of such maps of which any must. Only the last route has none.",
    ),
    key("skip", Form::OwnName, "No order, for this reason."),
    key(
        "close",
        Form::Position,
        "Close what is closable of the position, or the request's close_quantity of it. The side follows from the position.",
    ),
    key(
        "open",
        Form::Sized,
        "Open, sized by the tier. The side follows from the action.",
    ),
    key(
        "reason",
        Form::OwnName,
        "The reason that `close` or `open` gives, instead of `close_long` and `close_short`, `open_long` and `open_short`.",
    ),
];

/// What a route can do: exactly one of these.
pub(super) const VERBS: [&str; 3] = ["skip", "close", "open"];
/// What `close` takes.
pub(super) const POSITION: &str = "position";
/// What `open` takes.
pub(super) const SIZED: &str = "sized";

/// The key of a negated set.
pub(super) const NOT: [Key; 1] = [key(
    "not",
    Form::Excluded,
    "None of these. `not` stands before a whole set, never within a list.",
)];

/// Conditions other than on numbers.
const CONDITIONS: [Key; 14] = [
    key(
        "state",
        Form::States,
        "How much the operator lets through: everything, nothing that opens, or closes of type risk alone.",
    ),
    key(
        "action",
        Form::Actions,
        "What the strategy says; `unknown` stands for any word that is no action.",
    ),
    key(
        "type",
        Form::Types,
        "The trade type as the request states it; `explore` is short for `exploration`.",
    ),
    key(
        "position",
        Form::Positions,
        "What the bot may close. `opposite`: the action would reduce it (BUY with a short, SELL with a long, CLOSE with either); `same`: the action would add to it (BUY with a long, SELL with a short).",
    ),
    key(
        "dust",
        Form::YesOrNo,
        "The position is above 0 and under the symbol's known min_quantity; such a position is still long or short.",
    ),
    key(
        "closable",
        Form::YesOrNo,
        "Something of the position is left to close: position − working closing orders.",
    ),
    key("opening", Form::YesOrNo, "An opening order works."),
    key(
        "short_allowed",
        Form::YesOrNo,
        "`short_enabled`, and `allow_short` of the symbol.",
    ),
    key(
        "sized",
        Form::YesOrNo,
        "The request says that target_notional is final.",
    ),
    key(
        "below_minimum",
        Form::YesOrNo,
        "The sized order is under the symbol's known min_quantity or min_notional, or rounds to nothing. Asks for target_notional and price.",
    ),
    key(
        "budget",
        Form::BudgetState,
        "`exhausted`: the tier's budget does not hold what the trade needs; `holds`: it does, or the tier has none. Asks for target_notional, and for equity and quote_rate where they are needed.",
    ),
    key(
        "tier",
        Form::TierNames,
        "The name of a tier, or `none` where no tier fits.",
    ),
    key(
        "symbol",
        Form::Names,
        "The symbol's name, with `*` for any run of characters and `?` for any one byte; a name that begins with `*` must be quoted.",
    ),
    key(
        "strategy",
        Form::Names,
        "The strategy's name, with `*` for any run of characters and `?` for any one byte; a name that begins with `*` must be quoted.",
    ),
];

/// Every condition there is.
pub(super) fn conditions() -> Vec<Key> {
    CONDITIONS
        .into_iter()
        .chain(
            ScoreField::ALL
                .map(|field| key(field.word(), Form::ScoreTest(field), about_score(field))),
        )
        .chain(
            AmountField::ALL
                .map(|field| key(field.word(), Form::AmountTest(field), about_amount(field))),
        )
        .collect()
}

const fn about_score(field: ScoreField) -> &'static str {
    match field {
        ScoreField::SignalScore => "The signal score that the request gives; it may be negative.",
        ScoreField::SignalStrength => "The signal score without its sign.",
        ScoreField::Confidence => "The confidence that the request gives.",
        ScoreField::RiskRewardRatio => "The risk/reward ratio that the request gives.",
    }
}

const fn about_amount(field: AmountField) -> &'static str {
    match field {
        AmountField::PositionQuantity => "The position in base quantity, 0 when flat.",
        AmountField::ClosableQuantity => {
            "What is left to close of the position, in base quantity, 0 when flat."
        }
        AmountField::CloseQuantity => "How much of the position the request wants closed.",
        AmountField::WorkingOpening => {
            "Base quantity of the opening orders that still rest, 0 when not given."
        }
        AmountField::WorkingClosing => {
            "Base quantity of the closing orders that still rest, 0 when not given."
        }
        AmountField::Price => "The price that the request gives.",
        AmountField::TargetNotional => "The request's target in quote currency, before sizing.",
        AmountField::Equity => "The equity that the request gives, in account currency.",
        AmountField::QuoteRate => {
            "Account currency for one unit of the quote currency, as the request gives it."
        }
        AmountField::StopLoss => "The stop's price that the request gives.",
        AmountField::TakeProfit => "The target's price that the request gives.",
    }
}
