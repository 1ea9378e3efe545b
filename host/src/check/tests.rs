use std::io::Cursor;

use super::*;
use crate::cache::Cache;
use crate::policy::Policy;

const HEAD: &str = "
name: mine
version: 3
account_currency: USDT
symbols:
  SOL/USDT: { min_quantity: 0.01 }
routes:
";

fn document(routes: &[&str]) -> Document {
    let routes: String = routes
        .iter()
        .map(|route| format!("  - {route}\n"))
        .collect();
    Document::parse(&format!("{HEAD}{routes}")).unwrap()
}

const SOUND: [&str; 5] = [
    "halted: { when: { state: HALTED, type: not risk }, skip: trading_halted }",
    "closing: { when: { position: opposite, closable: no }, skip: already_closing }",
    "dust: { when: { dust: yes, position: opposite }, skip: dust }",
    "closed: { when: { position: opposite }, close: position }",
    "rest: { skip: nothing }",
];

/// The whole text of a report, but for what is proven and the examples.
#[track_caller]
fn says(routes: &[&str], expected: &[&str]) {
    let report = check(&document(routes)).unwrap();
    let text = write_text(&report, "p.yaml");
    let lines = text.lines().filter(|line| !line.starts_with(['I', ' ']));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_sound_document_is_proven_and_says_why_each_invariant_holds() {
    says(
        &SOUND,
        &[
            "`mine` version `3` is proven: 5 routes with 5 alternatives cut all requests and states \
           into 9 regions, and each has an answer; every route and every alternative decides some",
        ],
    );
    let text = write_text(&check(&document(&SOUND)).unwrap(), "p.yaml");
    let codes: Vec<_> = text.lines().skip(1).map(|line| &line[..3]).collect();
    let expected = [
        "I1 ", "I2 ", "I3 ", "I4 ", "I5 ", "I6 ", "I8 ", "I9 ", "I10", "I11", "I12",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_finding_names_its_place_the_route_and_a_request() {
    let [halted, closing, dust, closed, rest] = SOUND;
    let quiet = "quiet: { when: { strategy: quiet }, skip: not_now }";
    let routes = [halted, quiet, closing, dust, closed, rest];
    says(
        &routes,
        &[
            "p.yaml: line 9, column 5: route `quiet` skips a close that must go out, with reason \
             `not_now` (I12): only `trading_halted`, `already_closing` and `dust` may hold one up; \
             put the closes above, or leave CLOSE and the types exit and risk out of its conditions",
            "`mine` version `3` is not proven: 1 finding; 6 routes with 6 alternatives cut all \
             requests and states into 11 regions",
        ],
    );
    let report = check(&document(&routes)).unwrap();
    let json = write_json(&report, None, "p.yaml");
    assert_eq!(json["proven"], false);
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "exit_blocked");
    assert_eq!(finding["invariant"], "I12");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&9.into(), &5.into())
    );
    assert_eq!(finding["example"]["request"]["strategy"], "quiet");
}

#[test]
fn too_many_regions_are_an_error_that_names_the_rules() {
    let error = check_within(&document(&SOUND), 4).unwrap_err();
    assert_eq!(
        error.to_string(),
        "too many to decide: the rules cut the requests into more than 4 regions, most of all \
         `halted`, `closing`, `dust`"
    );
}

#[test]
fn patterns_that_overlap_in_too_many_ways_are_an_error() {
    let letters: Vec<_> = ('a'..='p')
        .map(|letter| format!("\"*{letter}*\""))
        .collect();
    let routes: Vec<_> = letters
        .iter()
        .enumerate()
        .map(|(at, glob)| format!("r{at}: {{ when: {{ strategy: {glob} }}, skip: some_{at} }}"))
        .chain(["rest: { skip: nothing }".to_owned()])
        .collect();
    let routes: Vec<_> = routes.iter().map(String::as_str).collect();
    let error = check(&document(&routes)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "too many to decide: the patterns with `*` and `?` on symbols or strategies overlap in \
         too many ways; fewer of them, or names in full, can be decided"
    );
}

#[test]
fn recorded_requests_are_remarked_on() {
    let [halted, closing, dust, closed, rest] = SOUND;
    let night = "night: { when: { action: HOLD, strategy: \"night-*\" }, skip: not_at_night }";
    let routes = [halted, closing, dust, closed, night, rest];
    let record = r#"{"final_action":"HOLD","symbol":"SOL/USDT","strategy":"night-owl"}
{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"day"}
{"final_action":"SELL","symbol":"BTC/USDT","strategy":"day","position":{"side":"long","quantity":"1"}}
nonsense
"#;
    let document = document(&routes);
    let text = format!(
        "{HEAD}{}",
        routes.map(|route| format!("  - {route}\n")).concat()
    );
    let policy = Policy::from_document(&text, None, &Cache::disabled()).unwrap();
    let remarks = remark(&document, policy, Cursor::new(record)).unwrap();
    assert_eq!(
        write_remarks(&remarks),
        "3 recorded requests; 1 of 4 lines could not be read\n  \
         the symbol `BTC/USDT` of 2 requests stands nowhere in the document\n  \
         the strategy `day` of 2 requests stands nowhere in the document\n  \
         route `halted` in line 8 decided none of them\n  \
         route `closing` in line 9 decided none of them\n  \
         route `dust` in line 10 decided none of them\n"
    );
}
