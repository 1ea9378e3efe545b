use super::*;

#[track_caller]
fn amount(text: &str) -> Amount {
    text.parse()
        .unwrap_or_else(|error| panic!("`{text}` {error}"))
}

#[track_caller]
fn refused(text: &str) -> String {
    text.parse::<Amount>()
        .map(|amount| amount.to_string())
        .expect_err(text)
        .to_string()
}

#[test]
fn reads_exactly_what_is_written() {
    for (text, value) in [
        ("0", "0"),
        ("-0", "0"),
        ("0.0", "0"),
        ("0e999999999999", "0"),
        ("12", "12"),
        ("12.500", "12.5"),
        ("007", "7"),
        ("1e3", "1000"),
        ("1.5E+3", "1500"),
        ("1.5e-3", "0.0015"),
        ("1e27", "1000000000000000000000000000"),
        ("1e-28", "0.0000000000000000000000000001"),
        (
            "9999999999999999999999999999",
            "9999999999999999999999999999",
        ),
        ("0.09586500", "0.095865"),
    ] {
        assert_eq!(amount(text).to_string(), value, "{text}");
    }
}

#[test]
fn refuses_what_is_no_amount() {
    for (text, message) in [
        ("", "is not a decimal"),
        (".", "is not a decimal"),
        (".5", "is not a decimal"),
        ("5.", "is not a decimal"),
        ("1.2.3", "is not a decimal"),
        ("+1", "is not a decimal"),
        ("1e", "is not a decimal"),
        ("1e+", "is not a decimal"),
        ("1e1.5", "is not a decimal"),
        ("0x10", "is not a decimal"),
        ("1,000", "is not a decimal"),
        (" 1", "is not a decimal"),
        ("NaN", "is not a decimal"),
        ("--1", "is not a decimal"),
        ("-1", "is negative"),
        ("-0.01", "is negative"),
        ("1e28", "has more than 28 digits"),
        ("1e-29", "has more than 28 digits"),
        ("10000000000000000000000000000", "has more than 28 digits"),
        (
            "1234567890123456789012345678901234567890",
            "has more than 28 digits",
        ),
        ("0.00000000000000000000000000000", "has more than 28 digits"),
        ("1e99999999999999999999", "has more than 28 digits"),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
}

#[test]
fn prints_for_people_at_fixed_places() {
    assert_eq!(format!("{:.2}", amount("1234.5")), "1234.50");
    assert_eq!(format!("{:.2}", amount("0.005")), "0.01");
    assert_eq!(format!("{:.2}", amount("0.0049")), "0.00");
    assert_eq!(format!("{:.6}", amount("0.0125")), "0.012500");
    assert_eq!(format!("{:.0}", amount("9.5")), "10");
}

#[test]
fn rounds_only_as_told() {
    let tiny = amount("0.0000000000000000000000000001");
    assert_eq!(
        tiny.mul_up_at(tiny, MONEY_PLACES),
        Some(amount("0.000000000001"))
    );
    assert_eq!(tiny.mul_down_at(tiny, MONEY_PLACES), Some(Amount::ZERO));
    assert_eq!(
        Amount::ZERO.mul_up_at(tiny, MONEY_PLACES),
        Some(Amount::ZERO)
    );
    assert_eq!(amount("1000").mul_down(amount("0.4")), Some(amount("400")));
    let long = amount("9999999999999999999999999999");
    assert_eq!(long.mul_down(long), None);
    assert_eq!(
        long.mul_down(amount("0.3")),
        Some(amount("2999999999999999999999999999"))
    );
    assert_eq!(long.checked_add(Amount::ONE), None);
    assert_eq!(amount("1").checked_sub(amount("1.1")), None);
    assert_eq!(amount("1").saturating_sub(amount("1.1")), Amount::ZERO);
    assert_eq!(amount("1.5").saturating_sub(amount("0.25")), amount("1.25"));
}

#[test]
fn divides_down_to_a_step() {
    let step = amount("0.00000001");
    assert_eq!(
        amount("1250").div_down_to_step(amount("100000"), step),
        Some(amount("0.0125"))
    );
    assert_eq!(
        amount("1").div_down_to_step(amount("3"), step),
        Some(amount("0.33333333"))
    );
    assert_eq!(
        amount("10").div_down_to_step(amount("3"), amount("0.5")),
        Some(amount("3"))
    );
    assert_eq!(
        amount("1").div_down_to_step(amount("3"), amount("1")),
        Some(Amount::ZERO)
    );
    assert_eq!(amount("1").div_down_to_step(Amount::ZERO, step), None);
    assert_eq!(
        amount("1").div_down_to_step(amount("1e-28"), amount("1e-28")),
        None
    );
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn any_amount() -> impl Strategy<Value = Amount> {
        (0..10_u128.pow(28), 0_u32..=28, 0_u8..=28)
            .prop_filter_map("in bounds", |(digits, cut, scale)| {
                Amount::new(digits / 10_u128.pow(cut), scale)
            })
    }

    /// The value · 10^56 as a big integer, so that sums and orders can be checked exactly.
    fn units(amount: Amount) -> U256 {
        wide::times_power(
            U256::from(amount.coefficient()),
            28 - u32::from(amount.scale),
        )
        .unwrap_or(U256::MAX)
    }

    proptest! {
        #[test]
        fn text_and_back(amount in any_amount()) {
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
        }

        #[test]
        fn short_texts_are_read_as_any_other(text in "-?[0-9]{0,21}(\\.[0-9]{0,21})?") {
            if let Some(amount) = Amount::of_short(&text) {
                prop_assert_eq!(Amount::of_any(&text).map(Amount::to_words), Ok(amount.to_words()));
            }
        }

        #[test]
        fn order_is_by_value(left in any_amount(), right in any_amount()) {
            prop_assert_eq!(left.cmp(&right), units(left).cmp(&units(right)));
        }

        #[test]
        fn sums_are_exact_or_refused(left in any_amount(), right in any_amount()) {
            if let Some(sum) = left.checked_add(right) {
                prop_assert_eq!(units(sum), units(left) + units(right));
                prop_assert_eq!(sum.checked_sub(right), Some(left));
            }
        }

        #[test]
        fn products_bracket_the_exact_one(left in any_amount(), right in any_amount(), places in 0_u8..=12) {
            if let (Some(down), Some(up)) = (left.mul_down_at(right, places), left.mul_up_at(right, places)) {
                prop_assert!(down <= up);
                prop_assert!(!up.less_than_product(left, right));
                prop_assert!(down == up || down.less_than_product(left, right));
                prop_assert!(up.is_zero() == (left.is_zero() || right.is_zero()));
            }
        }

        #[test]
        fn a_rounded_quotient_never_costs_more(notional in any_amount(), price in any_amount(), step in any_amount()) {
            if let Some(quantity) = notional.div_down_to_step(price, step) {
                prop_assert!(!notional.less_than_product(quantity, price));
            }
        }
    }
}
