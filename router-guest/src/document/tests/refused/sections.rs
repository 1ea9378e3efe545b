//! Faults of every section but `routes`.

use super::{HEAD, printed, refused};

/// Line 4 is the case's first; the routes behind it are sound.
#[track_caller]
fn section(table: &str) {
    refused(table, |section| {
        format!("{HEAD}{section}\nroutes: [ a: {{ skip: x }} ]\n")
    });
}

#[test]
fn risk_and_symbols() {
    section(
        r##"
risk: yes
=> line 4, column 7: `risk` must be a map, not `yes`

risk: { short_enabled: on, allow_shorts: yes, foo: 1 }
=> line 4, column 24: `short_enabled` cannot be `on`; the words here are `yes`, `no`, `true`, `false`
=> line 4, column 28: unknown key `allow_shorts`; write `short_enabled`
=> line 4, column 47: unknown key `foo`; write `short_enabled`

risk: { short_enabled: }
=> line 4, column 9: `short_enabled` has no value

symbols: [BTC/USDT]
=> line 4, column 10: `symbols` must be a map, not a list

symbols:
  BTC/USDT: { allow_shrot: false }
=> line 5, column 15: unknown key `allow_shrot`; did you mean `allow_short`?

symbols:
  BTC/USDT:
=> line 5, column 3: `BTC/USDT` must be a map, and nothing stands here

symbols:
  BTC/USDT: { allow_short:false }
=> line 5, column 15: unknown key `allow_short:false`; write a space behind the colon

symbols:
  BTC/USDT: { allow_short: False, step: 0, min_quantity: -1, min_notional: 1,5 }
=> line 5, column 28: `allow_short` cannot be `False`; did you mean `false`?
=> line 5, column 41: `step` must be above 0
=> line 5, column 58: `-1` is negative
=> line 5, column 78: unknown key `5`; decimals are written with a point

symbols:
  BTC/USDT: { step: 0.01, min_quantity: 0.015 }
=> line 5, column 41: `min_quantity` 0.015 is not a multiple of the step 0.01

symbols:
  BTC/USDT: { step: .5, min_quantity: 1.23456789012345678901234567890 }
=> line 5, column 21: `.5` is not a decimal
=> line 5, column 39: `1.23456789012345678901234567890` has more than 28 digits

symbols:
  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA: {}
=> line 5, column 3: the symbol `AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA` must have 1 to 64 bytes

symbols:
  "a\tb": {}
=> line 5, column 3: the symbol `a\tb` has a control character

symbols:
  BTC/USDT: { step: [1] }
=> line 5, column 21: `step` must be a single value, not a list
"##,
    );
}

#[test]
fn tiers() {
    section(
        r##"
tiers: { exploration: { size: 50% } }
=> line 4, column 10: tier `exploration` needs an `intent`; did you mean the name `explore`?

tiers: { big: {} }
=> line 4, column 10: tier `big` needs an `intent`: `normal`, `pilot` or `explore`

tiers: { big: { intent: exploration } }
=> line 4, column 25: `intent` cannot be `exploration`; did you mean `explore`?

tiers: { big: { intent: exit } }
=> line 4, column 25: `intent` cannot be `exit`; the words here are `normal`, `pilot`, `explore`

tiers: { Normal: {} }
=> line 4, column 10: the tier `Normal` must be a lower-case word; write `normal`

tiers: { none: {} }
=> line 4, column 10: a tier cannot be named `none`: the condition `tier: none` says that none fits

tiers: { normal: }
=> line 4, column 10: tier `normal` must be a map, and nothing stands here

tiers: { normal: { size: 0.4 } }
=> line 4, column 26: `size` is in percent: write `40%`, not `0.4`

tiers: { normal: { size: 40 } }
=> line 4, column 26: `size` is in percent: write `40%`, not `40`

tiers: { normal: { size: 1 } }
=> line 4, column 26: `size` is in percent: write `100%`, not `1`

tiers: { normal: { size: half } }
=> line 4, column 26: `size` must be a percentage such as `40%`, not `half`

tiers: { normal: { size: 101% } }
=> line 4, column 26: `size` must be above 0% and at most 100%, not `101%`

tiers: { normal: { size: 0% } }
=> line 4, column 26: `size` must be above 0% and at most 100%, not `0%`

tiers: { normal: { size: 1e-28% } }
=> line 4, column 26: `1e-28%` has too many digits

tiers: { normal: { size: abc% } }
=> line 4, column 26: `abc` is not a decimal

tiers: { normal: { score: -0.5 } }
=> line 4, column 27: `score` must not be negative

tiers: { normal: { score: .5, confidence: nan, risk_reward: 1e400 } }
=> line 4, column 27: `.5` is not a decimal
=> line 4, column 43: `nan` is not a decimal
=> line 4, column 61: `1e400` is too large

tiers: { normal: { score: ">= 0.5" } }
=> line 4, column 27: `>= 0.5` is not a decimal

tiers: { normal: { signal_score: 1 } }
=> line 4, column 20: unknown key `signal_score`; did you mean `score`?

tiers: { pilot: { size: 40% } }
=> line 4, column 10: tier `pilot` needs a `budget`: only normal trades open without one

tiers: { normal: { budget: b } }
budgets: { b: { orders: 1, per: day } }
=> line 4, column 20: tier `normal` opens normal trades, which never touch a budget

tiers: { pilot: { budget: b } }
=> line 4, column 27: there is no budget `b`; the section `budgets` names none

tiers: { pilot: { budget: explortion } }
budgets: { exploration: { orders: 1, per: day } }
=> line 4, column 27: there is no budget `explortion`; did you mean `exploration`?
"##,
    );
}

#[test]
fn limits() {
    section(
        r##"
budgets: { b: { limit: 3, per: day } }
=> line 4, column 24: `3` is neither a percentage nor an amount: write `3% of equity` or `3 USDT`

budgets: { b: { limit: 0.03, per: day } }
=> line 4, column 24: `0.03` is neither a percentage nor an amount: write `3% of equity` or `0.03 USDT`

budgets: { b: { limit: 3%, per: day } }
=> line 4, column 24: `3%` does not say of what: write `3% of equity`

budgets: { b: { limit: 0.03 of equity, per: day } }
=> line 4, column 24: a share of equity is in percent: write `3% of equity`, not `0.03 of equity`

budgets: { b: { limit: 3 of equity, per: day } }
=> line 4, column 24: a share of equity is in percent: write `3% of equity`, not `3 of equity`

budgets: { b: { limit: 500 USDC, per: day } }
=> line 4, column 24: limits are in the account currency `USDT`, not `USDC`

budgets: { b: { limit: 500USDT, per: day } }
=> line 4, column 24: `500USDT` is not a limit: write `500 USDT`

budgets: { b: { limit: 500 usdt, per: day } }
=> line 4, column 24: `500 usdt` is not a limit: write `500 USDT`

budgets: { b: { limit: some, per: day } }
=> line 4, column 24: `some` is not a limit: write it as `3% of equity` or `500 USDT`

budgets: { b: { limit: -3% of equity, per: day } }
=> line 4, column 24: `-3` is negative

budgets: { b: { limit: [3% of equity, 4% of equity], per: day } }
=> line 4, column 39: `4% of equity` is a second limit of its kind

budgets: { b: { limit: [], per: day } }
=> line 4, column 24: `limit` is an empty list

budgets: { b: { limit: { a: 1 }, per: day } }
=> line 4, column 24: a limit is written `3% of equity` or `500 USDT`

budgets: { b: { limit: , per: day } }
=> line 4, column 17: a limit is written `3% of equity` or `500 USDT`
"##,
    );
}

#[test]
fn windows_zones_and_scopes() {
    section(
        r##"
budgets: { b: { per: day } }
=> line 4, column 12: budget `b` needs a `limit` or a number of `orders`

budgets: { b: { orders: 1 } }
=> line 4, column 12: budget `b` needs `per`: `hour`, `day`, `week`, `none` or a span such as `rolling 24h`

budgets: { b: { orders: -1, per: day } }
=> line 4, column 25: `orders` must be a whole number up to 4294967295, not `-1`

budgets: { b: { orders: 4294967296, per: day } }
=> line 4, column 25: `orders` must be a whole number up to 4294967295, not `4294967296`

budgets: { b: { orders: 1.5, per: day } }
=> line 4, column 25: `orders` must be a whole number up to 4294967295, not `1.5`

budgets: { b: { orders: 1, per: daily } }
=> line 4, column 33: `per` cannot be `daily`; did you mean `day`?

budgets: { b: { orders: 1, per: Day } }
=> line 4, column 33: `per` cannot be `Day`; did you mean `day`?

budgets: { b: { orders: 1, per: 36h } }
=> line 4, column 33: a span of time is rolling: write `rolling 36h`

budgets: { b: { orders: 1, per: month } }
=> line 4, column 33: `per` cannot be `month`; write `hour`, `day`, `week`, `none` or a span such as `rolling 24h`

budgets: { b: { orders: 1, per: rolling 0h } }
=> line 4, column 33: a rolling window is from 1s to 366d, not `0h`

budgets: { b: { orders: 1, per: rolling 367d } }
=> line 4, column 33: a rolling window is from 1s to 366d, not `367d`

budgets: { b: { orders: 1, per: rolling 99999999999999999999d } }
=> line 4, column 33: a rolling window is from 1s to 366d, not `99999999999999999999d`

budgets: { b: { orders: 1, per: rolling 2w } }
=> line 4, column 33: `2w` is not a span of time: a whole number and `s`, `m`, `h` or `d`, such as `24h`

budgets: { b: { orders: 1, per: rolling 1.5h } }
=> line 4, column 33: `1.5h` is not a span of time: a whole number and `s`, `m`, `h` or `d`, such as `24h`

budgets: { b: { orders: 1, per: day, zone: Europe/Berln } }
=> line 4, column 44: there is no time zone `Europe/Berln`; did you mean `Europe/Berlin`?

budgets: { b: { orders: 1, per: day, zone: utc } }
=> line 4, column 44: there is no time zone `utc`; did you mean `UTC`?

budgets: { b: { orders: 1, per: day, zone: +02:00 } }
=> line 4, column 44: there is no time zone `+02:00`; write one such as `UTC` or `Europe/Berlin`

budgets: { b: { orders: 1, per: day, scope: symbols } }
=> line 4, column 45: `scope` cannot be `symbols`; did you mean `symbol`?

budgets: { Big one: { orders: 1, per: day } }
=> line 4, column 12: the budget `Big one` must be a lower-case word; write `big_one`

budgets: { 1st: { orders: 1, per: day } }
=> line 4, column 12: the budget `1st` must be a lower-case word; a letter, then letters, digits, `_` and `-`, 64 at most
"##,
    );
}

/// Lines 1 to 3, one of them wrong.
#[test]
fn headings() {
    let cases = [
        ("name: x", "name:", "line 1, column 1: `name` has no value"),
        (
            "name: x",
            "name: ''",
            "line 1, column 7: the name `` must have 1 to 64 bytes",
        ),
        (
            "name: x",
            "name: [x]",
            "line 1, column 7: `name` must be a single value, not a list",
        ),
        (
            "version: 1",
            "version: ~",
            "line 2, column 1: `version` has no value",
        ),
        (
            "version: 1",
            "version: \"a\\nb\"",
            "line 2, column 10: the version `a\\nb` has a control character",
        ),
        (
            "USDT",
            "usdt",
            "line 3, column 19: a currency is written in capitals: `USDT`, not `usdt`",
        ),
        (
            "USDT",
            "US Dollar",
            "line 3, column 19: the currency `US Dollar` must be a code of capitals and digits, such as `USDT`",
        ),
    ];
    for (sound, wrong, expected) in cases {
        let text = format!(
            "{}routes: [ a: {{ skip: x }} ]\n",
            HEAD.replace(sound, wrong)
        );
        assert_eq!(printed(&text), expected, "in\n{text}");
    }
}
