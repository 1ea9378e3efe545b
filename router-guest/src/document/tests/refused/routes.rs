//! Faults of routes, apart from their conditions.

use super::{HEAD, refused};

/// Line 4 is the case's first.
#[track_caller]
fn routes(table: &str) {
    refused(table, |routes| format!("{HEAD}{routes}\n"));
}

#[test]
fn routes_that_are_none() {
    routes(
        r##"
routes: []
=> line 4, column 1: `routes` must list at least one route

routes:
=> line 4, column 1: `routes` must list at least one route

routes: { halted: { skip: x } }
=> line 4, column 9: `routes` must be a list: `- name: { when: …, skip: reason }`

routes: [ a ]
=> line 4, column 11: a route is written `- name: { when: …, skip: reason }`

routes: [ {} ]
=> line 4, column 11: a route is written `- name: { when: …, skip: reason }`

routes:
- a:
  skip: x
=> line 5, column 3: a route has one key, its name, and all else under it: `- name: { when: …, skip: reason }`

routes:
- name: a
  skip: x
=> line 5, column 3: a route has one key, its name, and all else under it: `- name: { when: …, skip: reason }`

routes: [ a: x ]
=> line 4, column 14: route `a` must be a map, not `x`

routes: [ a: ]
=> line 4, column 11: route `a` must be a map, and nothing stands here

routes: [ a: {} ]
=> line 4, column 11: route `a` does nothing: write `skip: reason`, `close: position` or `open: sized`

routes: [ a: { skip: x, close: position } ]
=> line 4, column 11: route `a` must do one thing: `skip: reason`, `close: position` or `open: sized`

routes: [ a: { skip: } ]
=> line 4, column 16: `skip` has no value

routes: [ a: { skip: Trading Halted } ]
=> line 4, column 22: the reason `Trading Halted` must be a lower-case word; write `trading_halted`

routes: [ a: { skip: 3x } ]
=> line 4, column 22: the reason `3x` must be a lower-case word; a letter, then letters, digits, `_` and `-`, 64 at most

routes: [ a: { skip: x, reason: y } ]
=> line 4, column 25: the reason of a skip stands behind `skip`; `reason` is for `close` and `open`

routes: [ a: { close: all } ]
=> line 4, column 23: `close` cannot be `all`; write `position`

routes: [ a: { open: full } ]
=> line 4, column 22: `open` cannot be `full`; write `sized`

routes: [ a: { close: position, reason: Ok } ]
=> line 4, column 41: the reason `Ok` must be a lower-case word; write `ok`

routes: [ Halted: { skip: x } ]
=> line 4, column 11: the route `Halted` must be a lower-case word; write `halted`

routes: [ a: { deny: x } ]
=> line 4, column 11: route `a` does nothing: write `skip: reason`, `close: position` or `open: sized`
=> line 4, column 16: unknown key `deny`; the keys here are `when`, `skip`, `close`, `open`, `reason`

routes: [ a: { if: { dust: yes }, skip: x } ]
=> line 4, column 16: unknown key `if`; the keys here are `when`, `skip`, `close`, `open`, `reason`
"##,
    );
}

#[test]
fn routes_that_do_not_stand_together() {
    routes(
        r##"
routes:
- a: { when: { dust: yes }, skip: x }
=> line 5, column 3: the last route must have no `when`, so that every request gets an answer

routes:
- a: { skip: x }
- b: { skip: y }
=> line 6, column 3: route `b` can never be reached: `a` in line 5 takes every request

routes:
- a: { when: { dust: yes }, skip: x }
- a: { skip: x }
=> line 6, column 3: route `a` stands twice, first in line 5

routes: [ a: { when: {}, skip: x } ]
=> line 4, column 11: the last route must have no `when`, so that every request gets an answer
=> line 4, column 22: `when` is empty: leave it out, or name a condition

routes: [ a: { when: [], skip: x } ]
=> line 4, column 11: the last route must have no `when`, so that every request gets an answer
=> line 4, column 16: `when` is empty: leave it out, or name a condition

routes: [ a: { when: , skip: x } ]
=> line 4, column 11: the last route must have no `when`, so that every request gets an answer
=> line 4, column 16: a condition must be a map, and nothing stands here

routes: [ a: { when: always, skip: x } ]
=> line 4, column 11: the last route must have no `when`, so that every request gets an answer
=> line 4, column 22: a condition must be a map, not `always`

routes: [ a: { when: [ dust ], skip: x } ]
=> line 4, column 11: the last route must have no `when`, so that every request gets an answer
=> line 4, column 24: a condition must be a map, not `dust`

routes: [ a: { open: sized } ]
=> line 4, column 11: route `a` opens, and no tier has the intent `pilot`: a request that states the type would open without a budget
=> line 4, column 11: route `a` opens, and no tier has the intent `explore`: a request that states the type would open without a budget

tiers: { pilot: { budget: b } }
budgets: { b: { orders: 1, per: day } }
routes: [ a: { open: sized } ]
=> line 6, column 11: route `a` opens, and no tier has the intent `explore`: a request that states the type would open without a budget
"##,
    );
}
