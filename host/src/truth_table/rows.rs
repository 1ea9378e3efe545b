//! A rule's rows: one for each side that it can give, and one for what its verb cannot be
//! carried out for.

use router_guest::decision::{OrderIntent, Side};
use router_guest::document::wording::{self, Subject};
use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::state::TradingState;
use router_guest::table::{
    Clause, Flag, NO_TIER_BIT, Outcome, Rule, STATES_ALL, TYPES_ALL, Table, pair_number, state_bit,
    type_bit,
};

use super::Row;
use super::reach::{Cell, Reached};
use super::words;

/// A row in the making: what is decided there.
struct Decided {
    side: Option<Side>,
    intent: String,
    reason: String,
}

/// The rows of a rule, of which these alternatives can be reached.
pub(super) fn of_rule(
    table: &Table,
    number: usize,
    rule: &Rule,
    alternatives: &[Reached],
) -> Vec<Row> {
    let mut rows = Vec::new();
    for reached in alternatives {
        for (cells, decided) in split(table, rule.outcome, reached) {
            if !cells.is_empty() {
                let clause = as_shown(reached, &cells, decided.side);
                rows.push(row(table, rule, &clause, &cells, decided));
            }
        }
    }
    let several = rows.len() > 1;
    for (at, row) in rows.iter_mut().enumerate() {
        row.number = (number + 1).to_string();
        if several {
            row.number.push_str(&letters(at));
        }
    }
    rows
}

/// `a` to `z`, then `aa` and so on.
fn letters(mut at: usize) -> String {
    let mut letters = String::new();
    loop {
        let letter = u8::try_from(at % 26).unwrap_or(0);
        letters.insert(0, char::from(b'a' + letter));
        match (at / 26).checked_sub(1) {
            Some(next) => at = next,
            None => return letters,
        }
    }
}

/// Facts, and what follows under them.
type Part = (Vec<Cell>, Decided);

/// What follows under which facts.
fn split(table: &Table, outcome: Outcome, reached: &Reached) -> Vec<Part> {
    match outcome {
        Outcome::Skip { reason } => {
            let intent = intent_of_type(table, &reached.clause);
            let skipped = decided(table, Side::Skip, intent, reason);
            vec![(reached.cells.clone(), skipped)]
        }
        Outcome::Close {
            long_reason,
            short_reason,
        } => closed(table, reached, [long_reason, short_reason]),
        Outcome::Open {
            long_reason,
            short_reason,
        } => opened(table, reached, [long_reason, short_reason]),
    }
}

fn decided(table: &Table, side: Side, intent: String, reason: u32) -> Decided {
    let at = usize::try_from(reason).ok();
    let reason = at.and_then(|at| table.reasons.get(at));
    Decided {
        side: Some(side),
        intent,
        reason: reason.cloned().unwrap_or_default(),
    }
}

fn cells_of(reached: &Reached, wanted: impl Fn(&Cell) -> bool) -> Vec<Cell> {
    let cells = reached.cells.iter();
    cells.filter(|cell| wanted(cell)).copied().collect()
}

fn closed(table: &Table, reached: &Reached, [long_reason, short_reason]: [u32; 2]) -> Vec<Part> {
    let leg = |side, leg, reason| {
        let intent = intent_of_close(&reached.clause).to_owned();
        let closed = |cell: &Cell| can_close(cell) && cell.position == Some(leg);
        (
            cells_of(reached, closed),
            decided(table, side, intent, reason),
        )
    };
    vec![
        leg(Side::Sell, PositionSide::Long, long_reason),
        leg(Side::Buy, PositionSide::Short, short_reason),
        (cells_of(reached, |cell| !can_close(cell)), no_answer()),
    ]
}

fn opened(table: &Table, reached: &Reached, [long_reason, short_reason]: [u32; 2]) -> Vec<Part> {
    // Over a position on the other leg only dust is opened: a row of its own, unless all that
    // is left of such positions is dust.
    let mut cells = reached.cells.iter();
    let split = cells.any(|cell| cell.faces_position() && !cell.dust);
    let stands_apart = |cell: &Cell| split && cell.faces_position();
    let leg = |side, action, reason, apart| {
        let intent = intent_of_type(table, &reached.clause);
        let opened =
            |cell: &Cell| can_open(cell) && cell.action == action && stands_apart(cell) == apart;
        (
            cells_of(reached, opened),
            decided(table, side, intent, reason),
        )
    };
    vec![
        leg(Side::Buy, FinalAction::Buy, long_reason, false),
        leg(Side::Buy, FinalAction::Buy, long_reason, true),
        leg(Side::Sell, FinalAction::Sell, short_reason, false),
        leg(Side::Sell, FinalAction::Sell, short_reason, true),
        (cells_of(reached, |cell| !can_open(cell)), no_answer()),
    ]
}

const fn can_close(cell: &Cell) -> bool {
    cell.faces_position() && cell.closable
}

fn can_open(cell: &Cell) -> bool {
    let leg_is_free = !cell.faces_position() || cell.dust;
    let side = match cell.action {
        FinalAction::Buy => true,
        FinalAction::Sell => cell.shortable,
        _ => false,
    };
    side && leg_is_free && !cell.trade_type.only_closes() && cell.state == TradingState::Active
}

fn no_answer() -> Decided {
    Decided {
        side: None,
        intent: String::new(),
        reason: "no answer: the fail-safe decides".to_owned(),
    }
}

/// The clause with what the verb asks for besides, where requests that do not have it can
/// come here with the same action and position.
fn as_shown(reached: &Reached, cells: &[Cell], side: Option<Side>) -> Clause {
    let mut clause = reached.clause.clone();
    if !matches!(side, Some(Side::Buy | Side::Sell)) {
        return clause;
    }
    let pair = |cell: &Cell| pair_number(cell.action, cell.position);
    let pairs = cells.iter().fold(0_u32, |all, cell| all | 1 << pair(cell));
    let comes_here = |cell: &&Cell| pairs >> pair(cell) & 1 == 1;
    let here: Vec<Cell> = reached.cells.iter().filter(comes_here).copied().collect();
    let narrower = |bit: fn(&Cell) -> u8| {
        let bits = |cells: &[Cell]| cells.iter().fold(0, |bits, cell| bits | bit(cell));
        let own = bits(cells);
        (own != bits(&here)).then_some(own)
    };
    clause.states &= narrower(|cell| state_bit(cell.state)).unwrap_or(STATES_ALL);
    clause.types &= narrower(|cell| type_bit(cell.trade_type)).unwrap_or(TYPES_ALL);
    let ask = |flag: &mut Flag, holds: fn(&Cell) -> bool| {
        if *flag == Flag::Any && cells.iter().all(holds) && !here.iter().all(holds) {
            *flag = Flag::Yes;
        }
    };
    ask(&mut clause.dust, |cell| cell.dust);
    ask(&mut clause.closable, |cell| cell.closable);
    ask(&mut clause.shortable, |cell| cell.shortable);
    clause
}

fn row(table: &Table, rule: &Rule, clause: &Clause, cells: &[Cell], decided: Decided) -> Row {
    let conditions = wording::conditions(clause, &table.tiers);
    let of = |subject| {
        let condition = conditions.iter().find(|one| one.subject() == subject);
        condition.map_or(String::new(), |one| one.wanted().to_string())
    };
    let in_columns = [
        Subject::State,
        Subject::Type,
        Subject::Action,
        Subject::Position,
    ];
    let other = conditions
        .iter()
        .filter(|one| !in_columns.contains(&one.subject()))
        .map(ToString::to_string);
    Row {
        number: String::new(),
        state: of(Subject::State),
        trade_type: of(Subject::Type),
        action_and_position: words::actions_and_positions(cells, clause.dust),
        other: other.collect::<Vec<_>>().join(", "),
        side: decided.side.map_or("none", Side::word).to_owned(),
        intent: decided.intent,
        reason: decided.reason,
        rule: rule.name.clone(),
    }
}

fn intent_of_close(clause: &Clause) -> &'static str {
    let risk = type_bit(TradeType::Risk);
    if clause.types == risk {
        "risk"
    } else if clause.types & risk == 0 {
        "exit"
    } else {
        "exit (type risk: risk)"
    }
}

/// The intent where one type alone comes here, else a word for it.
fn intent_of_type(table: &Table, clause: &Clause) -> String {
    let mut types = TradeType::ALL
        .into_iter()
        .filter(|of| clause.types & type_bit(*of) != 0);
    match (types.next(), types.next()) {
        (Some(TradeType::Auto), None) => intent_of_tier(table, clause.tiers),
        (Some(of), None) => OrderIntent::of_type(of).word().to_owned(),
        _ => "of the type".to_owned(),
    }
}

fn intent_of_tier(table: &Table, tiers: u16) -> String {
    let accepted = (0..)
        .zip(&table.tiers)
        .filter(|(at, _)| tiers >> at & 1 == 1);
    let mut accepted = accepted.map(|(_, tier)| tier.info.intent);
    let none = (tiers & NO_TIER_BIT != 0).then_some(OrderIntent::Normal);
    let first = none.or_else(|| accepted.next());
    match first {
        Some(first) if accepted.all(|other| other == first) => first.word().to_owned(),
        _ => "of the tier".to_owned(),
    }
}

/// Leaves out alternatives that others cover, and puts those together that differ in one set
/// alone.
pub(super) fn merge(clauses: &mut Vec<Clause>) {
    let mut at = 0;
    while let Some(clause) = clauses.get(at) {
        let others = clauses.iter().enumerate().filter(|(other, _)| *other != at);
        // Of two that are equal the first stays.
        let covered = others
            .clone()
            .any(|(other, by)| covers(by, clause) && (other < at || !covers(clause, by)));
        let joined = others
            .filter(|(other, _)| *other > at)
            .find_map(|(other, by)| Some((other, joined(clause, by)?)));
        if covered {
            clauses.remove(at);
        } else if let Some((other, both)) = joined {
            clauses.remove(other);
            if let Some(clause) = clauses.get_mut(at) {
                *clause = both;
            }
            // What is larger now may cover what came before.
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Whether `wide` holds wherever `narrow` does, as far as their parts tell.
fn covers(wide: &Clause, narrow: &Clause) -> bool {
    let flag = |wide: Flag, narrow: Flag| wide == Flag::Any || wide == narrow;
    narrow.states & !wide.states == 0
        && narrow.types & !wide.types == 0
        && narrow.pairs & !wide.pairs == 0
        && narrow.tiers & !wide.tiers == 0
        && flag(wide.dust, narrow.dust)
        && flag(wide.closable, narrow.closable)
        && flag(wide.opening, narrow.opening)
        && flag(wide.shortable, narrow.shortable)
        && flag(wide.sized, narrow.sized)
        && flag(wide.below_minimum, narrow.below_minimum)
        && flag(wide.budget_exhausted, narrow.budget_exhausted)
        && (wide.symbol.is_none() || wide.symbol == narrow.symbol)
        && (wide.strategy.is_none() || wide.strategy == narrow.strategy)
        && wide.scores.iter().all(|test| narrow.scores.contains(test))
        && wide
            .amounts
            .iter()
            .all(|test| narrow.amounts.contains(test))
}

/// The clause that holds where either does, when they differ in one set alone.
fn joined(one: &Clause, other: &Clause) -> Option<Clause> {
    type Set = fn(&mut Clause, &Clause);
    let sets: [Set; 3] = [
        |both, other| both.states |= other.states,
        |both, other| both.types |= other.types,
        |both, other| both.pairs |= other.pairs,
    ];
    sets.into_iter().find_map(|join| {
        let (mut left, mut right) = (one.clone(), other.clone());
        join(&mut left, other);
        join(&mut right, one);
        (left == right).then_some(left)
    })
}
