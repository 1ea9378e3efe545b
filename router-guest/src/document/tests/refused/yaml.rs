//! What is no YAML, or more YAML than a policy may be.

use super::super::printed;
use super::refused;

#[track_caller]
fn whole(table: &str) {
    refused(table, |document| format!("{document}\n"));
}

#[test]
fn what_is_no_policy_at_all() {
    whole(
        r##"
# nothing but a comment
=> line 1, column 1: the document is empty

---
name: x
---
name: y
=> line 3, column 1: a second document begins here; a file holds one

name: &x default
version: *x
=> line 1, column 7: anchors and aliases are not used here; quote a name that begins with `*` or `&`
=> line 2, column 10: anchors and aliases are not used here; quote a name that begins with `*` or `&`

symbol: *USDT
=> line 1, column 9: anchors and aliases are not used here; quote a name that begins with `*` or `&`

name: !!str default
=> line 1, column 7: tags are not used here; quote a word that begins with `!`

name: !mine default
=> line 1, column 7: tags are not used here; quote a word that begins with `!`

name: !a!b default
=> line 1, column 7: tags are not used here; quote a word that begins with `!`

name: x
version: 1
name: y
=> line 3, column 1: the key `name` stands twice, first in line 1

tiers: { a: {}, 'a': {} }
=> line 1, column 17: the key `a` stands twice, first in line 1

name: "x
=> line 1, column 7: this is not YAML: while scanning a quoted scalar, found unexpected end of stream

- a
- b
=> line 1, column 1: a policy must be a map, not a list

hello
=> line 1, column 1: a policy must be a map, not `hello`

? [a]
: b
=> line 1, column 3: a key must be a word, not a list or a map

name: @x
=> line 1, column 7: a value cannot begin with `@`; quote it

name: %x
=> line 1, column 7: a value cannot begin with `%`; quote it

name: x: y
=> line 1, column 8: this is not YAML: mapping values are not allowed in this context

risk: { short_enabled: no
name: x
=> line 2, column 5: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'

version: 1
=> line 1, column 1: the key `name` is missing
=> line 1, column 1: the key `account_currency` is missing
=> line 1, column 1: the key `routes` is missing

routes: { a: { when: { type: not [a, b] } } }
=> line 1, column 34: within braces, write `{ not: [a, b] }` for none of them

routes:
- a:
    when:
      price: >= 3
=> line 4, column 14: a comparison that begins with `>` must be quoted, such as ">= 0.55"

naem: x
Version: 1
account-currency: USDT
route: []
settings: {}
=> line 1, column 1: unknown key `naem`; did you mean `name`?
=> line 1, column 1: the key `name` is missing
=> line 1, column 1: the key `version` is missing
=> line 1, column 1: the key `account_currency` is missing
=> line 1, column 1: the key `routes` is missing
=> line 2, column 1: unknown key `Version`; did you mean `version`?
=> line 3, column 1: unknown key `account-currency`; did you mean `account_currency`?
=> line 4, column 1: unknown key `route`; did you mean `routes`?
=> line 5, column 1: unknown key `settings`; the keys here are `name`, `version`, `account_currency`, `risk`, `symbols`, `tiers`, `budgets`, `routes`
"##,
    );
}

#[test]
fn characters_that_cannot_be_seen() {
    let cases = [
        ("", "line 1, column 1: the document is empty"),
        (
            "\tname: x\n",
            "line 1, column 1: YAML takes no tabs for indentation; use spaces",
        ),
        (
            "risk:\n  \tshort_enabled: no\n",
            "line 2, column 3: YAML takes no tabs for indentation; use spaces",
        ),
        (
            "risk:\n\tshort_enabled: no\n",
            "line 2, column 1: YAML takes no tabs for indentation; use spaces",
        ),
        (
            "\u{feff}name: üü: z\n",
            "line 1, column 9: this is not YAML: mapping values are not allowed in this context",
        ),
        (
            "name: x\nversion: a\u{7}b\n",
            "line 2, column 11: the control character U+0007 is not allowed",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(printed(text), expected, "in {text:?}");
    }
}
