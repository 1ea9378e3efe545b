//! Faults of conditions.

use super::{HEAD, refused};

/// Line 7 is the condition's; there is one tier, `normal`.
#[track_caller]
fn condition(table: &str) {
    refused(table, |condition| {
        format!(
            "{HEAD}tiers: {{ normal: {{}} }}\nroutes:\n- a: {{ skip: x, when: {{\n    {condition}\n  }} }}\n- b: {{ skip: x }}\n"
        )
    });
}

#[test]
fn sets_facts_and_contradictions() {
    condition(
        r##"
action: buy
=> line 7, column 13: `action` cannot be `buy`; did you mean `BUY`?

action: LONG
=> line 7, column 13: `action` cannot be `LONG`; the words here are `BUY`, `SELL`, `HOLD`, `SKIP`, `CLOSE`, `unknown`

action: UNKNOWN
=> line 7, column 13: `action` cannot be `UNKNOWN`; did you mean `unknown`?

type: exploratoin
=> line 7, column 11: `type` cannot be `exploratoin`; did you mean `exploration`?

type: entry
=> line 7, column 11: `type` cannot be `entry`; the words here are `normal`, `pilot`, `exploration`, `exit`, `risk`, `auto`, `explore`

state: Halted
=> line 7, column 12: `state` cannot be `Halted`; did you mean `HALTED`?

position: none
=> line 7, column 15: `position` cannot be `none`; the words here are `flat`, `long`, `short`, `opposite`, `same`

position: opposit
=> line 7, column 15: `position` cannot be `opposit`; did you mean `opposite`?

action: []
=> line 7, column 13: `action` is an empty list, which never holds

action: [BUY, BUY]
=> line 7, column 19: `BUY` stands twice in this list

action: [BUY, [SELL]]
=> line 7, column 19: a list of words holds words only

action: { no: BUY }
=> line 7, column 15: unknown key `no`; write `not`

action: { not: [] }
=> line 7, column 20: `not` is an empty list, which never holds

action: {}
=> line 7, column 13: a set is written `[a, b]` or `{ not: [a, b] }`

action:
=> line 7, column 5: `action` must be a word or a list of words, and nothing stands here

action: { not: { not: BUY } }
=> line 7, column 20: `not` must be a word or a list of words, not a map

action: [not BUY]
=> line 7, column 14: `not` stands before a whole set: write `{ not: [a, b] }`

action: { not: [BUY, SELL, HOLD, SKIP, CLOSE, unknown] }
=> line 7, column 13: `action` excludes every value, so this can never hold

action: HOLD, position: opposite
=> line 6, column 23: this can never hold: no such action meets such a position

action: CLOSE, position: same
=> line 6, column 23: this can never hold: no such action meets such a position

dust: maybe
=> line 7, column 11: `dust` cannot be `maybe`; the words here are `yes`, `no`, `true`, `false`

dust: Yes
=> line 7, column 11: `dust` cannot be `Yes`; did you mean `yes`?

dust: 1
=> line 7, column 11: `dust` cannot be `1`; the words here are `yes`, `no`, `true`, `false`

dust: yes, position: flat
=> line 6, column 23: this can never hold: a flat position is not dust

closable: yes, position: flat
=> line 6, column 23: this can never hold: nothing of a flat position is closable

budget: gone
=> line 7, column 13: `budget` cannot be `gone`; the words here are `exhausted`, `holds`

budget: yes
=> line 7, column 13: `budget` cannot be `yes`; the words here are `exhausted`, `holds`

budget: exhausted, type: [normal, exit]
=> line 6, column 23: this can never hold: `normal`, `exit` and `risk` never consult a budget

tier: explore
=> line 7, column 11: `tier` cannot be `explore`; the words here are `normal`, `none`

tier: normla
=> line 7, column 11: `tier` cannot be `normla`; did you mean `normal`?
"##,
    );
}

#[test]
fn names() {
    condition(
        r##"
symbol: ''
=> line 7, column 13: the pattern `` must have 1 to 64 bytes

symbol: BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
=> line 7, column 13: the pattern `BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB` must have 1 to 64 bytes

symbol: [BTC/USDT, BTC/USDT]
=> line 7, column 24: `BTC/USDT` stands twice in this list

strategy: not **
=> line 7, column 15: `**` matches every name, so this can never hold

strategy: ["a\nb"]
=> line 7, column 16: the pattern `a\nb` has a control character
"##,
    );
}

#[test]
fn numbers() {
    condition(
        r##"
price: 3
=> line 7, column 12: `3` is no comparison: write ">= 3", "< 3" or a range

price: cheap
=> line 7, column 12: `cheap` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

price: "< 0"
=> line 7, column 12: no number is in `< 0`, so this can never hold

price: ">= -1"
=> line 7, column 12: `-1` is negative

price: 3 .. 3
=> line 7, column 12: no number is in `3 .. 3`, so this can never hold

price: 4 .. 3
=> line 7, column 12: no number is in `4 .. 3`, so this can never hold

price: "> 3 and < 3"
=> line 7, column 12: no number is in `> 3 and < 3`, so this can never hold

price: "> 3 and > 4"
=> line 7, column 12: `> 3 and > 4` bounds the same end twice

price: ">= "
=> line 7, column 12: `>=` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

price: "= 3"
=> line 7, column 12: `= 3` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

price: "!= 3"
=> line 7, column 12: `!= 3` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

price: [1, 2]
=> line 7, column 12: `price` must be a single value, not a list

price: 1.. 
=> line 7, column 12: `1..` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

position_quantity: absent
=> line 7, column 24: `position_quantity` is 0 when not given, never absent

signal_strength: "< 0"
=> line 7, column 22: no number is in `< 0`, so this can never hold

signal_score: "< 1e999"
=> line 7, column 19: `1e999` is too large

signal_score: NaN
=> line 7, column 19: `NaN` is no comparison: write one such as ">= 0.55", "0.3 .. 0.55", `absent` or `present`

signal: absent
=> line 7, column 5: unknown key `signal`; did you mean `signal_score`?

score: absent
=> line 7, column 5: unknown key `score`; did you mean `signal_score`?

confidnce: present
=> line 7, column 5: unknown key `confidnce`; did you mean `confidence`?
"##,
    );
}
