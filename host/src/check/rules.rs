//! Routes that decide nothing: masked by those before them, or never met at all.

use std::collections::BTreeSet;

use router_guest::document::{Document, Place};

use super::dormant::Woken;
use super::{Finding, FindingKind, Seen};
use crate::regions::{Leaf, NeverHolds, Reaching, Region, TooManyRegions, Walk};

/// Regions that finding out which masking routes are needed may take, for all findings.
const MASKING_REGIONS_MAX: usize = 50_000;
/// Masking routes that a finding names.
const MASKING_SHOWN_MAX: usize = 6;

/// A route's name and place.
pub(super) fn subject(document: &Document, rule: usize) -> (String, Place) {
    let name = document.table().rules.get(rule).map(|rule| &rule.name);
    let place = document.rule_place(rule);
    (
        name.cloned().unwrap_or_default(),
        place.unwrap_or(Place { line: 1, column: 1 }),
    )
}

/// A finding for each route that decides nothing, and for each alternative that does not
/// although its route does.
pub(super) fn unreached(
    seen: &Seen<'_, '_>,
    walk: &Walk<'_, '_>,
    left: &mut usize,
) -> Result<Vec<Finding>, TooManyRegions> {
    let left = &mut Left {
        regions: left,
        masking: MASKING_REGIONS_MAX,
    };
    let mut findings = Vec::new();
    let is_quiet = |deciding: &Vec<bool>| deciding.iter().any(|decides| !decides);
    if !seen.deciding.iter().any(is_quiet) {
        return Ok(findings);
    }
    let woken = Woken::of(seen.table());
    for (rule, deciding) in seen.deciding.iter().enumerate() {
        let quiet = (0_usize..).zip(deciding).filter(|(_, decides)| !**decides);
        let quiet: Vec<_> = if deciding.contains(&true) {
            quiet.map(|(alternative, _)| Some(alternative)).collect()
        } else {
            vec![None]
        };
        for alternative in quiet {
            let fault = match (woken.until(rule, alternative), alternative) {
                (Some(until), _) => {
                    let alternative = alternative.map(|alternative| alternative + 1);
                    (FindingKind::Dormant { alternative, until }, Vec::new())
                }
                (None, None) => unreached_rule(seen, walk, rule, deciding.len(), left)?,
                (None, Some(alternative)) => match walk.alone(rule, alternative) {
                    Err(never) => never_holds(never, Some(alternative + 1)),
                    Ok(parts) => masked(seen, walk, parts, (rule, alternative), true, left)?,
                },
            };
            findings.push(finding(seen, rule, alternative, fault));
        }
    }
    Ok(findings)
}

/// Regions that may still be made.
struct Left<'l> {
    regions: &'l mut usize,
    masking: usize,
}

/// What is wrong, and the regions of which a request shows it.
type Fault = (FindingKind, Vec<Region>);

fn unreached_rule(
    seen: &Seen<'_, '_>,
    walk: &Walk<'_, '_>,
    rule: usize,
    alternatives: usize,
    left: &mut Left<'_>,
) -> Result<Fault, TooManyRegions> {
    let mut parts = Vec::new();
    let mut first_never = None;
    for alternative in 0..alternatives {
        match walk.alone(rule, alternative) {
            Ok(own) => parts.extend(own),
            Err(never) => first_never = first_never.or(Some(never)),
        }
    }
    match first_never {
        Some(never) if parts.is_empty() => Ok(never_holds(never, None)),
        _ => masked(seen, walk, parts, (rule, 0), false, left),
    }
}

fn never_holds(never: NeverHolds, alternative: Option<usize>) -> Fault {
    let NeverHolds { condition, before } = never;
    let kind = FindingKind::NeverHolds {
        alternative,
        condition,
    };
    (kind, before)
}

/// Which routes take everything that the parts hold, before `end`.
fn masked(
    seen: &Seen<'_, '_>,
    walk: &Walk<'_, '_>,
    parts: Vec<Region>,
    end: (usize, usize),
    is_alternative: bool,
    left: &mut Left<'_>,
) -> Result<Fault, TooManyRegions> {
    let (rule, alternative) = end;
    let reaching: Vec<_> = parts
        .iter()
        .map(|part| walk.before(part, rule, alternative))
        .collect();
    let mut masking: BTreeSet<usize> = BTreeSet::new();
    for (part, through) in parts.iter().zip(&reaching) {
        let take = |leaf: Leaf| {
            masking.insert(leaf.answer.rule());
        };
        let through = Reaching::clone(through);
        walk.run(part.clone(), through, left.regions, take, |_| {})?;
    }
    let needed = needed(walk, &parts, &reaching, &masking, &mut left.masking);
    let masking: Vec<_> = if needed.is_empty() {
        masking.into_iter().collect()
    } else {
        needed
    };
    let name = |rule: &usize| {
        let (name, place) = subject(seen.document, *rule);
        (name, place.line)
    };
    let kind = FindingKind::Masked {
        alternative: is_alternative.then_some(end.1 + 1),
        by: masking.iter().take(MASKING_SHOWN_MAX).map(name).collect(),
        more: masking.len().saturating_sub(MASKING_SHOWN_MAX),
    };
    Ok((kind, parts))
}

/// The masking routes without any of which something would be left: they say more than all the
/// others. None where that takes too long to find out.
fn needed(
    walk: &Walk<'_, '_>,
    parts: &[Region],
    reaching: &[Reaching],
    masking: &BTreeSet<usize>,
    left: &mut usize,
) -> Vec<usize> {
    let mut needed = Vec::new();
    for rule in masking {
        let mut is_needed = false;
        for (part, through) in parts.iter().zip(reaching) {
            let others = walk.without(through, *rule);
            let rest = |_| is_needed = true;
            if walk.run(part.clone(), others, left, |_| {}, rest).is_err() {
                return Vec::new();
            }
        }
        needed.extend(is_needed.then_some(*rule));
    }
    needed
}

/// A finding about a rule, or about one alternative of it.
fn finding(
    seen: &Seen<'_, '_>,
    rule: usize,
    alternative: Option<usize>,
    (kind, parts): Fault,
) -> Finding {
    let (subject, place) = subject(seen.document, rule);
    let places = seen.document.places().alternatives.get(rule);
    let own = alternative.and_then(|alternative| places?.get(alternative));
    let witness = parts.iter().find_map(|part| seen.space.witness(part));
    Finding {
        place: own.copied().unwrap_or(place),
        subject,
        kind,
        example: witness.map(|witness| witness.scenario(0)),
    }
}
