use super::*;
use crate::cache::Cache;
use crate::policy::FoundNames;

fn policy() -> Policy {
    Policy::default_policy(&Cache::disabled()).unwrap()
}

#[test]
fn a_domain_that_is_cut_off_is_partial_and_certifies_no_more_than_that() {
    let policy = policy();
    let domain = Domain::within(policy.manifest(), &FoundNames::default(), 5000);
    let report = report(&policy, &domain, Instant::now(), &mut |_| {}).unwrap();
    assert_eq!(report.verdict(), Verdict::Partial);
    assert_eq!(
        report.certificate().map(|certificate| certificate.complete),
        Some(false)
    );
    let read = Certificate::read(report.measured().to_json().as_bytes());
    assert_eq!(read.as_ref(), Ok(report.measured()));
    let said = report.to_string();
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("partial: nothing was found, and not everything was tried ("),
        "{said}"
    );
    assert!(
        report
            .to_json()
            .starts_with("{\n  \"verdict\": \"partial\",\n")
    );
}

#[test]
fn a_domain_that_is_sampled_says_what_was_left_out() {
    let policy = policy();
    let domain = Domain::within(policy.manifest(), &FoundNames::default(), 100_000);
    let report = report(&policy, &domain, Instant::now(), &mut |_| {}).unwrap();
    assert_eq!(report.verdict(), Verdict::Partial);
    let said = report.to_string();
    let left_out: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("partial: `"))
        .collect();
    assert_eq!(
        left_out,
        [
            "partial: `flat_position` has 3 points, 1 tried in pairs",
            "partial: `position_and_closing` has 7 points, 1 tried in pairs",
            "partial: `close_quantity` has 3 points, 1 tried in pairs",
            "partial: `signal_score` has 21 points, 1 tried in pairs",
            "partial: `risk_reward_ratio` has 7 points, 1 tried in pairs",
            "partial: `price` has 3 points, 1 tried in pairs",
            "partial: `target_notional` has 21 points, 1 tried in pairs",
            "partial: `equity` has 3 points, 1 tried in pairs",
            "partial: `quote_rate` has 3 points, 1 tried in pairs",
            "partial: `budget_use` has 7 points, 1 tried in pairs",
        ]
    );
}

#[test]
fn whoever_watches_is_told_how_far_it_is() {
    let mut told = Vec::new();
    let report = verify(&policy(), &mut |progress| told.push(progress)).unwrap();
    let last = told.last().unwrap();
    let decisions = report.measured().decisions;
    let total = decisions.first_order + decisions.second_order + decisions.fresh;
    assert_eq!(last.total as u64, total);
    assert!(last.decided <= last.total && last.decided * 10 > last.total * 9);
    assert!(told.is_sorted_by_key(|progress| progress.decided));
}

#[test]
fn a_report_says_what_was_tried() {
    let report = verify(&policy(), &mut |_| {}).unwrap();
    let said = report.to_string();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("policy `default` version `1`, component "));
    assert!(lines[1].contains(" cells; decided by warm instances "));
    assert!(lines[2].contains(" openings, "));
    assert!(lines[3].starts_with("most fuel of a decision: "));
    assert!(lines[4].starts_with("  {\"request\":{"));
    assert!(lines[5].starts_with("certified: I0 to I12 hold ("));
    assert_eq!(lines.len(), 6, "{said}");
}

#[test]
fn whoever_asks_is_shown_every_cell_once() {
    let policy = policy();
    let mut lines = std::collections::HashSet::new();
    let mut shown = 0;
    cells(&policy, &mut |request, state| {
        shown += 1;
        let budgets = state.budgets.map(<[_]>::to_vec);
        assert_eq!(budgets.is_some(), request.terms.sees_budgets());
        let scenario = crate::Scenario {
            trading_state: state.trading_state,
            budgets,
            ..crate::Scenario::new(request.symbol, request.strategy, request.terms)
        };
        lines.insert(scenario.to_json());
    });
    let report = verify(&policy, &mut |_| {}).unwrap();
    assert_eq!(shown, report.measured().cells);
    assert_eq!(lines.len(), usize::try_from(shown).unwrap());
}

/// What it took must be what it takes again: the worst request is handed out to be tried.
#[test]
fn the_worst_request_costs_what_is_said() {
    let policy = policy();
    let report = verify(&policy, &mut |_| {}).unwrap();
    let worst = report.measured().worst.as_ref().unwrap();
    let scenario = &worst.scenario;
    let mut instance = policy.instantiate().unwrap();
    let (_, fuel) = instance
        .decide(&scenario.request(), &scenario.state())
        .unwrap();
    assert_eq!(fuel, worst.fuel);
}
