use router_guest::request::{FinalAction, Position, TradeType, WorkingOrders};

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn full() -> Scenario {
    let mut terms = OrderTerms::new(FinalAction::Sell, TradeType::Pilot);
    terms.position = Some(Position {
        side: PositionSide::Long,
        quantity: amount("0.5"),
    });
    terms.working = WorkingOrders {
        opening: Amount::ZERO,
        closing: amount("0.1"),
    };
    terms.close_quantity = Some(amount("0.25"));
    terms.price = Some(amount("9999999999999999999999999999"));
    terms.target_notional = Some(amount("0.0000000000000000000000000001"));
    terms.sized = true;
    terms.equity = Some(amount("10000"));
    terms.quote_rate = Some(amount("1.1"));
    terms.signal_score = Some(-0.549_999_999_999_999_9);
    terms.confidence = Some(1e-300);
    terms.risk_reward_ratio = Some(1.3);
    terms.stop_loss = Some(amount("97500"));
    terms.take_profit = Some(amount("103000"));
    Scenario {
        trading_state: TradingState::Reducing,
        budgets: Some(vec![BudgetUse {
            used: amount("12.5"),
            reserved: amount("0.000000000001"),
            orders: 3,
        }]),
        ..Scenario::new("BTC/USDT", "tr\"end", terms)
    }
}

#[test]
fn what_is_written_reads_back_the_same() {
    let plain = Scenario::new(
        "X",
        "y",
        OrderTerms::new(FinalAction::Unknown, TradeType::Auto),
    );
    for scenario in [full(), plain] {
        assert_eq!(Scenario::parse(&scenario.to_json()), Ok(scenario));
    }
}

#[test]
fn a_bare_request_meets_an_active_state_with_nothing_used() {
    let line = r#"{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend"}"#;
    let terms = OrderTerms::new(FinalAction::Hold, TradeType::Normal);
    assert_eq!(
        Scenario::parse(line),
        Ok(Scenario::new("BTC/USDT", "trend", terms))
    );
}

#[track_caller]
fn refused(line: &str, message: &str) {
    let error = Scenario::parse(line).expect_err("a fault");
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_fault_is_told_where_it_is() {
    const FORM: &str = "; a line is a request, or `{\"request\": {…}, \"state\": {…}}`";
    let request = r#"{"final_action":"HOLD","symbol":"B","strategy":"t"}"#;
    refused(
        "nonsense",
        &format!("expected ident at line 1 column 2{FORM}"),
    );
    refused(
        &format!(r#"{{"request":{request},"sate":{{}}}}"#),
        &format!("unknown field `sate`, expected `request` or `state` at line 1 column 69{FORM}"),
    );
    refused(
        &format!(r#"{{"request":{request},"state":{{"trading_state":"HALT"}}}}"#),
        "`trading_state` is `\"HALT\"`; it must be `ACTIVE`, `REDUCING` or `HALTED`",
    );
    refused(
        r#"{"request":{"final_action":"BUY","symbol":"B","strategy":"t"}}"#,
        "`position` is missing; BUY, SELL and CLOSE need it, and `null` says flat",
    );
}

#[test]
fn a_policy_with_other_budgets_refuses_it() {
    let scenario = full();
    let manifest = Manifest {
        schema: 1,
        name: "p".into(),
        version: "1".into(),
        account_currency: "USDT".into(),
        reasons: Vec::new(),
        rules: Vec::new(),
        tiers: Vec::new(),
        budgets: Vec::new(),
        symbols: Vec::new(),
        score_thresholds: Vec::new(),
        amount_thresholds: Vec::new(),
    };
    let error = scenario.against(&manifest).expect_err("one too many");
    assert_eq!(
        error.to_string(),
        "`budgets` has 1 entries, and the policy has 0: one for each, in its order"
    );
}
