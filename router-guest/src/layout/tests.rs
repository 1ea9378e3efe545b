use super::*;
use crate::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn read(layout: &TermsLayout) -> Option<OrderTerms> {
    layout.checked().map(SoundTerms::read)
}

#[test]
fn terms_come_back() {
    for final_action in FinalAction::ALL {
        for trade_type in TradeType::ALL {
            let mut terms = OrderTerms::new(final_action, trade_type);
            assert_eq!(read(&TermsLayout::of(&terms)), Some(terms));
            terms.position = Some(Position {
                side: PositionSide::Short,
                quantity: amount("0.5"),
            });
            terms.close_quantity = Some(amount("0.0000000000000000000000000001"));
            terms.working.opening = amount("1");
            terms.working.closing = amount("2");
            terms.price = Some(amount("3"));
            terms.target_notional = Some(amount("9999999999999999999999999999"));
            terms.sized = true;
            terms.equity = Some(amount("4"));
            terms.quote_rate = Some(amount("5"));
            terms.signal_score = Some(-0.25);
            terms.confidence = Some(0.5);
            terms.risk_reward_ratio = Some(0.75);
            terms.stop_loss = Some(amount("6"));
            terms.take_profit = Some(amount("7"));
            assert_eq!(read(&TermsLayout::of(&terms)), Some(terms));
        }
    }
}

#[test]
fn answers_come_back() {
    let mut decision = Decision {
        side: Side::Sell,
        intent: OrderIntent::Risk,
        reason: 1,
        rule: 2,
        effect: PositionEffect::Close,
        notional: None,
        quantity: None,
        tier: None,
        budget: None,
    };
    assert_eq!(AnswerLayout::of(&Ok(decision)).read(), Some(Ok(decision)));
    decision.notional = Some(amount("1.5"));
    decision.quantity = Some(amount("2.5"));
    decision.tier = Some(3);
    decision.budget = Some(BudgetClaim {
        budget: u32::MAX,
        need: amount("0.000000000001"),
    });
    assert_eq!(AnswerLayout::of(&Ok(decision)).read(), Some(Ok(decision)));
    for refusal in [
        Refusal::FieldMissing(RequestField::QuoteRate),
        Refusal::FieldOverflow(RequestField::Price),
        Refusal::BudgetsMissing,
        Refusal::NoRoute,
    ] {
        assert_eq!(AnswerLayout::of(&Err(refusal)).read(), Some(Err(refusal)));
    }
}

#[test]
fn what_is_out_of_bounds_is_none() {
    let terms = OrderTerms::new(FinalAction::Buy, TradeType::Normal);
    let mut layout = TermsLayout::of(&terms);
    layout.final_action = 6;
    assert_eq!(read(&layout), None);
    let mut layout = TermsLayout::of(&terms);
    layout.opening.scale = 29_u64.to_le();
    assert_eq!(read(&layout), None);
    let mut layout = TermsLayout::of(&terms);
    layout.closing.high = u64::MAX;
    assert_eq!(read(&layout), None);
    assert_eq!(trading_state(3), None);
    let most = amount("9999999999999999999999999999");
    let (high, low, _) = most.to_words();
    for (high, low, sound) in [
        (high, low, true),
        (high, low + 1, false),
        (high + 1, 0, false),
        (0, u64::MAX, true),
    ] {
        let mut layout = TermsLayout::of(&terms);
        (layout.opening.high, layout.opening.low) = (high.to_le(), low.to_le());
        assert_eq!(read(&layout).is_some(), sound, "{high} {low}");
    }
}

#[test]
fn uses_and_items_come_back() {
    let spent = BudgetUse {
        used: amount("1"),
        reserved: amount("2.5"),
        orders: 7,
    };
    assert_eq!(UseLayout::of(&spent).read(), Some(spent));
    let terms = OrderTerms::new(FinalAction::Sell, TradeType::Auto);
    for budgets in [None, Some(9)] {
        let item = ItemLayout::of(1, 2, &terms, TradingState::Halted, budgets);
        assert_eq!(item.budgets(), budgets);
        assert_eq!(item.trading_state(), Some(TradingState::Halted));
        assert_eq!(read(&item.terms), Some(terms));
    }
}
