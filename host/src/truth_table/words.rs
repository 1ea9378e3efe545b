//! Actions and the positions that they meet, in few words: `BUY with a short, SELL with a
//! long`, `BUY or SELL when flat`.

use router_guest::document::wording;
use router_guest::request::{FinalAction, PositionSide};
use router_guest::table::Flag;

use super::reach::Cell;

/// Positions that an action meets: flat, long, short.
type Positions = [bool; 3];

/// What the cells have in common; nothing where they are all that there are. With a condition
/// on dust beside it, dust is not mentioned here.
pub(super) fn actions_and_positions(cells: &[Cell], dust: Flag) -> String {
    let counts_as_flat = dust == Flag::Any && open_is_dust(cells);
    let mut groups: Vec<(Positions, Vec<FinalAction>)> = Vec::new();
    for action in FinalAction::ALL {
        let met = positions_of(cells, action);
        if met == [false; 3] {
            continue;
        }
        match groups.iter_mut().find(|(positions, _)| *positions == met) {
            Some((_, actions)) => actions.push(action),
            None => groups.push((met, vec![action])),
        }
    }
    if let [(positions, actions)] = groups.as_slice()
        && actions.len() == FinalAction::ALL.len()
    {
        return of_every_action(*positions, counts_as_flat);
    }
    let alone = groups.len() == 1;
    let rest = rest_of(&mut groups);
    let told: Vec<String> = groups
        .iter()
        .map(|(positions, actions)| {
            actions_told(actions, alone) + meeting(*positions, counts_as_flat)
        })
        .chain(rest.map(|positions| format!("any other{}", meeting(positions, counts_as_flat))))
        .collect();
    let separator = if told.iter().any(|group| group.contains(',')) {
        "; "
    } else {
        ", "
    };
    told.join(separator)
}

/// Takes out the group that is told by not being among the others: where they are all actions
/// together, the one with most of them.
fn rest_of(groups: &mut Vec<(Positions, Vec<FinalAction>)>) -> Option<Positions> {
    let actions: usize = groups.iter().map(|(_, actions)| actions.len()).sum();
    if groups.len() < 2 || actions < FinalAction::ALL.len() {
        return None;
    }
    let rest = groups.iter().position(|(_, actions)| actions.len() > 2)?;
    Some(groups.remove(rest).0)
}

/// Whether the only positions here are dust, so that they are as good as none.
fn open_is_dust(cells: &[Cell]) -> bool {
    let mut open = cells
        .iter()
        .filter(|cell| cell.position.is_some())
        .peekable();
    open.peek().is_some() && open.all(|cell| cell.dust)
}

fn positions_of(cells: &[Cell], action: FinalAction) -> Positions {
    let positions = [None, Some(PositionSide::Long), Some(PositionSide::Short)];
    positions.map(|position| {
        let mut cells = cells.iter();
        cells.any(|cell| cell.action == action && cell.position == position)
    })
}

fn of_every_action(positions: Positions, counts_as_flat: bool) -> String {
    match positions {
        [true, true, true] if counts_as_flat => "flat or dust".to_owned(),
        [true, true, true] => String::new(),
        some => listed(some),
    }
}

const fn meeting(positions: Positions, counts_as_flat: bool) -> &'static str {
    match positions {
        [true, true, true] if counts_as_flat => " when flat or dust",
        [true, true, true] => "",
        [true, false, false] => " when flat",
        [false, true, false] => " with a long",
        [false, false, true] => " with a short",
        [true, true, false] => " without a short",
        [true, false, true] => " without a long",
        [false, _, _] if counts_as_flat => " with dust",
        [false, _, _] => " with a position",
    }
}

/// `flat or long`
fn listed(positions: Positions) -> String {
    let words =
        [None, Some(PositionSide::Long), Some(PositionSide::Short)].map(wording::position_word);
    let words = words.into_iter().zip(positions).filter(|(_, met)| *met);
    wording::alternatives(&words.map(|(word, _)| word).collect::<Vec<_>>())
}

/// The actions; where nothing is said of others, the shorter of them and those.
fn actions_told(actions: &[FinalAction], alone: bool) -> String {
    let words = |inside: bool| -> Vec<&str> {
        let wanted = FinalAction::ALL
            .into_iter()
            .filter(|action| actions.contains(action) == inside);
        wanted.map(wording::action_word).collect()
    };
    let (inside, outside) = (words(true), words(false));
    match outside.as_slice() {
        [one] if alone => format!("not {one}"),
        [one, other] if alone => format!("neither {one} nor {other}"),
        _ => wording::alternatives(&inside),
    }
}
