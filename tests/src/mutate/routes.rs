//! Mistakes in the routing table: a route left out, in another place, with another verb or
//! another reason.

use super::{Maker, conditions};
use crate::tree::Tree;

/// How far apart routes are that are taken for one another.
const SWAPPED_BY: [usize; 3] = [1, 2, 5];
/// How many of the other reasons each skip is given.
const OTHER_REASONS: usize = 3;
/// A reason that no policy here gives.
const OWN_REASON: &str = "other_words";

pub(super) fn mutate(maker: &mut Maker<'_>) {
    let Some(routes) = maker.original.place_of("routes") else {
        return;
    };
    let path = [routes];
    let count = maker.at(&path).items().len();
    for route in 0..count {
        maker.remove("drop a route", &path, route);
        for by in SWAPPED_BY {
            if route + by < count {
                maker.swap("swap two routes", &path, route, route + by);
            }
        }
        let body = [routes, route, 0];
        verb(maker, &body);
        if let Some(when) = maker.at(&body).place_of("when") {
            conditions::mutate(maker, &body, when);
        }
    }
}

fn verb(maker: &mut Maker<'_>, body: &[usize]) {
    let own = maker.at(body);
    let verbs = [
        ("skip", OWN_REASON),
        ("close", "position"),
        ("open", "sized"),
    ];
    for (at, (key, value)) in own.entries().iter().enumerate() {
        let path = [body, &[at]].concat();
        if key == "skip" {
            for reason in other_reasons(maker, value.word()) {
                maker.replace("change a reason", &path, Tree::of(reason));
            }
        }
        let Some((verb, _)) = verbs.iter().find(|(verb, _)| verb == key) else {
            continue;
        };
        if *verb != "skip" {
            maker.add("change a reason", body, "reason", Tree::of(OWN_REASON));
        }
        for (other, argument) in verbs.iter().filter(|(other, _)| other != verb) {
            let what = format!("{}: {other} instead of {key}", maker.original.name_of(body));
            maker.change("change a verb", what, body, |own| {
                if let Tree::Map(entries) = own
                    && let Some(entry) = entries.get_mut(at)
                {
                    *entry = ((*other).to_owned(), Tree::of(*argument));
                }
            });
        }
    }
}

/// The reasons of the routes that follow, each once.
fn other_reasons(maker: &Maker<'_>, reason: &str) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let routes = maker.original.get("routes").map_or(&[][..], Tree::items);
    for route in routes {
        let skip = route.at(&[0]).and_then(|body| body.get("skip"));
        if let Some(skip) = skip
            && !reasons.iter().any(|own| own == skip.word())
        {
            reasons.push(skip.word().to_owned());
        }
    }
    let own = reasons.iter().position(|own| own == reason).unwrap_or(0);
    reasons.rotate_left(own);
    reasons.into_iter().skip(1).take(OTHER_REASONS).collect()
}
