use super::*;
use proptest::prelude::*;

fn whole(text: &str) -> Result<Value<'_>, Error> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value()?;
    scanner.end()?;
    Ok(value)
}

#[test]
fn reads_members_in_order() {
    let mut scanner = Scanner::new(r#" { "a" : 1 , "b\n":[{"c":null}], "d":{} } "#);
    assert!(scanner.eat(b'{'));
    let mut first = true;
    let mut seen = Vec::new();
    while let Some((name, value)) = scanner.member(&mut first).unwrap() {
        seen.push((name.get().into_owned(), value));
    }
    scanner.end().unwrap();
    assert_eq!(seen[0], ("a".into(), Value::Number(1.0)));
    assert_eq!(
        seen[1],
        ("b\n".into(), Value::Array(Raw(r#"[{"c":null}]"#)))
    );
    assert_eq!(seen[2], ("d".into(), Value::Object(Raw("{}"))));
}

#[test]
fn refuses_what_json_parse_refuses() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "[,1]",
        "01",
        "1.",
        ".5",
        "+1",
        "NaN",
        "'a'",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "tru",
        "nul",
        "[1 2]",
        "{\"a\" 1}",
        "{1:2}",
        "1 2",
        "[}",
        "{]",
        "\"abc",
        "-",
        "1e",
        "{\"a\":}",
        "[[]",
        "\u{feff}1",
    ] {
        assert!(whole(text).is_err(), "{text}");
    }
}

#[test]
fn object_members_refuse_a_trailing_comma() {
    let mut scanner = Scanner::new(r#"{"a":1,}"#);
    scanner.eat(b'{');
    let mut first = true;
    assert!(scanner.member(&mut first).unwrap().is_some());
    assert!(scanner.member(&mut first).is_err());
}

#[test]
fn depth_is_bounded_without_recursion() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(whole(&deep(MAX_DEPTH as usize)).is_ok());
    assert_eq!(whole(&deep(MAX_DEPTH as usize + 1)), Err(Error::TooDeep));
    assert_eq!(whole(&"{\"a\":".repeat(1_000_000)), Err(Error::TooDeep));
}

#[test]
fn surrogates_pair_up_or_become_the_replacement_character() {
    for (text, meant) in [
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ude00x""#, "\u{fffd}x"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""a\u0041\/\"\\\b""#, "aA/\"\\\u{8}"),
    ] {
        let Ok(Value::String(found)) = whole(text) else {
            panic!("{text}")
        };
        assert_eq!(found.get(), meant);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        (-1e6..1e6f64).prop_map(|n| serde_json::json!(n)),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn finds_the_first_special_byte(bytes in proptest::collection::vec(any::<u8>(), 0..40), from in 0usize..40) {
        let from = from.min(bytes.len());
        let slow = bytes[from..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
        prop_assert_eq!(special(&bytes, from), slow.map_or(bytes.len(), |at| from + at));
    }

    #[test]
    fn accepts_every_json_text(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert!(whole(&text).is_ok());
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_text(value in json(), cut in any::<prop::sample::Index>(), put in "[\\[\\]{},:\"0-9a-z\\\\ ]{0,2}") {
        let text = serde_json::to_string(&value).unwrap();
        let mut at = cut.index(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        let rest: String = text[at..].chars().skip(1).collect();
        let damaged = format!("{}{put}{rest}", &text[..at]);
        let theirs = serde_json::from_str::<serde_json::Value>(&damaged);
        // serde_json also refuses lone surrogates and numbers out of range, which JSON.parse takes.
        if theirs.is_ok() || !damaged.contains("\\u") && !damaged.contains(['e', 'E']) {
            prop_assert_eq!(whole(&damaged).is_ok(), theirs.is_ok(), "{}", damaged);
        }
    }

    #[test]
    fn strings_survive_the_round_trip(text in any::<String>()) {
        let quoted = serde_json::to_string(&text).unwrap();
        let Ok(Value::String(found)) = whole(&quoted) else { return Err(TestCaseError::fail("not a string")) };
        prop_assert_eq!(found.get(), text);
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = whole(&text);
    }
}
