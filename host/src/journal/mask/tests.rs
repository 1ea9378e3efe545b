use router_guest::json::FaultCode;
use router_guest::request::FinalAction;

use super::*;

fn mask(fields: &str) -> Mask {
    Mask::new(&[0x0b; 20], fields.parse().unwrap()).unwrap()
}

#[test]
fn is_hmac_sha_256_of_the_name_and_the_value() {
    // printf 'symbol\0BTC/USDT' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…0b
    assert_eq!(
        mask("symbol").text(MaskField::Symbol, "BTC/USDT"),
        "masked:39df0e2f8c465eaff91f511d4deaa16d"
    );
    let long = Mask::new(&[0xaa; 131], MaskedFields::NONE.with(MaskField::Id)).unwrap();
    assert_eq!(
        long.text(MaskField::Id, "a-1"),
        "masked:c74203da053b36f961f13b760f2eac00"
    );
}

#[test]
fn masks_what_it_was_told_and_tells_fields_apart() {
    let both = mask("symbol,strategy");
    assert_eq!(both.text(MaskField::Id, "a-1"), "a-1");
    assert_ne!(
        both.text(MaskField::Symbol, "x"),
        both.text(MaskField::Strategy, "x")
    );
    assert_eq!(both.tags(r#"{"desk":"a"}"#), r#"{"desk":"a"}"#);
    let tags = mask("tags").tags(r#"{"desk":"a"}"#).into_owned();
    assert!(tags.starts_with(r#"{"masked":"masked:"#), "{tags}");
}

#[test]
fn leaves_out_messages_that_say_what_is_masked() {
    let request = Request::builder(FinalAction::Hold, "BTC/USDT", "momentum");
    let request = request.id("a-1").build().unwrap();
    for (fields, field, message, expected) in [
        ("symbol", "price", "`price` is `-1`", "`price` is `-1`"),
        ("id", "id", "`id` is `é`; it must be", "masked"),
        ("strategy", "tags", "no `momentum`", "masked"),
        ("tags", "tags.desk", "`tags.desk` is 7", "masked"),
    ] {
        let fault = Fault::of_field(FaultCode::WrongType, field, message);
        assert_eq!(mask(fields).message(&fault, &request), expected);
    }
}

#[test]
fn refuses_other_fields_and_keys_of_no_use() {
    assert_eq!(
        "symbol,equity"
            .parse::<MaskedFields>()
            .unwrap_err()
            .to_string(),
        "`equity` cannot be masked: `id`, `symbol`, `strategy` and `tags` can"
    );
    assert_eq!(
        Mask::new(b"short", MaskedFields::NONE)
            .unwrap_err()
            .to_string(),
        "a key for masking has 16 to 4096 bytes, this one has 5"
    );
    let none = Mask::read(Path::new("no/such/key"), MaskedFields::NONE).unwrap_err();
    assert_eq!(none.to_string(), "cannot read the key `no/such/key`");
}

#[test]
fn a_set_is_written_as_it_is_read() {
    for text in ["id", "symbol,strategy", "id,symbol,strategy,tags"] {
        let fields: MaskedFields = text.parse().unwrap();
        assert_eq!(fields.to_string(), text);
        assert_eq!(MaskedFields::of_bits(fields.bits()), Some(fields));
    }
    assert_eq!(MaskedFields::of_bits(16), None);
}
