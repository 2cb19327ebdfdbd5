//! Placeholders: where in an array its attachments belong ("Packet encoding", binary events, of the protocol).
//!
//! What passes here can be filled in blindly by whoever parses the same text with `JSON.parse`.

use crate::core::json::{MAX_DEPTH, Scanner, Str, Value};
use crate::core::protocol::socketio::Error;

/// Most attachments of one packet, as in the reference implementation. At most ten: the number of one is a digit.
pub const MAX_ATTACHMENTS: u32 = 10;

/// The number of no attachment.
const NONE: u32 = u32::MAX;

/// What a value stands in an object as.
#[derive(Clone, Copy, PartialEq)]
enum Member {
    /// It does not.
    None,
    Placeholder,
    Num,
    Other,
}

impl Member {
    #[inline(never)]
    fn of(name: Option<Str<'_>>) -> Self {
        match name.map(|name| name.get()).as_deref() {
            None => Self::None,
            Some("_placeholder") => Self::Placeholder,
            Some("num") => Self::Num,
            Some(_) => Self::Other,
        }
    }
}

/// Goes through an array, or a value, and finds its objects with `"_placeholder":true`. Each must hold beside that the
/// number of an attachment and nothing else, and each attachment must be named.
pub(super) fn check(data: &str, attachments: u32) -> Result<(), Error> {
    let mut scanner = Scanner::new(data);
    // One bit a level, that of the innermost last: it is an object, a placeholder, holds something else.
    let (mut objects, mut marked, mut other) = (0u64, 0u64, 0u64);
    let mut depth = 0;
    // What the innermost object says; when one closed within it, it holds something else anyway.
    let mut num = NONE;
    let mut named = 0u32;
    let mut member = Member::None;
    loop {
        // A value starts here.
        let open = scanner.peek().unwrap_or(0);
        let mut first = open == b'{' || open == b'[';
        if first {
            if depth == MAX_DEPTH {
                return Err(Error::TooDeep);
            }
            scanner.step();
            depth += 1;
            objects = objects << 1 | u64::from(open == b'{');
            marked <<= 1;
            other = (other | 1) << 1;
            num = NONE;
        } else {
            let value = scanner.value()?;
            match (member, value) {
                (Member::Placeholder, Value::Bool(true)) => marked |= 1,
                (Member::Num, Value::Number(_)) => num = digit(scanner.last_scalar()),
                _ => other |= 1,
            }
        }
        // Close what closes, then go on with the next member or element.
        loop {
            if depth == 0 {
                scanner.end()?;
                return if named == (1 << attachments) - 1 {
                    Ok(())
                } else {
                    Err(Error::Placeholder)
                };
            }
            let object = objects & 1 == 1;
            let more = if object {
                member = Member::of(scanner.name(&mut first)?);
                member != Member::None
            } else {
                member = Member::None;
                scanner.goes_on(&mut first)?
            };
            if more {
                break;
            }
            if marked & 1 == 1 {
                if other & 1 == 1 || num >= attachments {
                    return Err(Error::Placeholder);
                }
                named |= 1 << num;
            }
            first = false;
            depth -= 1;
            objects >>= 1;
            marked >>= 1;
            other >>= 1;
        }
    }
}

fn digit(number: &str) -> u32 {
    match number.as_bytes() {
        [digit @ b'0'..=b'9'] => u32::from(digit - b'0'),
        _ => NONE,
    }
}

// So that `digit` reads every number there can be.
const _: () = assert!(MAX_ATTACHMENTS <= 10);

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value as Tree;

    /// The same, slowly: which attachments a tree names, or `None` where a placeholder is wrong.
    fn named(tree: &Tree, attachments: u32, found: &mut u32) -> Option<()> {
        match tree {
            Tree::Array(items) => items
                .iter()
                .try_for_each(|item| named(item, attachments, found)),
            Tree::Object(members) if members.get("_placeholder") == Some(&Tree::Bool(true)) => {
                let num = members.get("num")?.as_u64()?;
                *found |= 1 << num.min(31);
                (members.len() == 2 && num < u64::from(attachments)).then_some(())
            }
            Tree::Object(members) => members
                .values()
                .try_for_each(|item| named(item, attachments, found)),
            _ => Some(()),
        }
    }

    #[test]
    fn every_attachment_has_its_place() {
        for (data, attachments) in [
            (r#"["a",{"_placeholder":true,"num":0}]"#, 1),
            (r#"[ { "num" : 0 , "_placeholder" : true } ]"#, 1),
            (r#"[{"\u005fplaceholder":true,"n\u0075m":0}]"#, 1),
            (
                r#"[{"a":[{"_placeholder":true,"num":1},{}],"b":{"_placeholder":true,"num":0}},[[]]]"#,
                2,
            ),
            // Nothing forbids that one stands in two places.
            (
                r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
                1,
            ),
            (
                r#"[{"_placeholder":true,"num":0},{"_placeholder":false,"num":7}]"#,
                1,
            ),
            (r#"[{"_placeholder":true,"num":0},{"_placeholder":1}]"#, 1),
            (
                r#"[{"_placeholder":true,"num":0},{"num":3},"_placeholder"]"#,
                1,
            ),
        ] {
            assert_eq!(check(data, attachments), Ok(()), "{data}");
        }
    }

    #[test]
    fn a_wrong_placeholder_is_refused() {
        for (data, attachments) in [
            (r#"["a"]"#, 1),
            (r#"[{"_placeholder":true,"num":0}]"#, 2),
            (r#"[{"_placeholder":true,"num":1}]"#, 1),
            (r#"[{"_placeholder":true,"num":-1}]"#, 1),
            (r#"[{"_placeholder":true,"num":-0}]"#, 1),
            (r#"[{"_placeholder":true,"num":0.5}]"#, 1),
            (r#"[{"_placeholder":true,"num":"0"}]"#, 1),
            (r#"[{"_placeholder":true,"num":null}]"#, 1),
            (r#"[{"_placeholder":true}]"#, 1),
            (r#"[{"_placeholder":true,"num":10}]"#, 10),
            (r#"[{"_placeholder":true,"num":0,"more":1}]"#, 1),
            (r#"[{"more":{},"_placeholder":true,"num":0}]"#, 1),
            (r#"[{"_placeholder":true,"num":0,"more":[]}]"#, 1),
            (
                r#"[{"_placeholder":true,"num":0},{"_placeholder":true}]"#,
                1,
            ),
            // `JSON.parse` takes the last.
            (r#"[{"_placeholder":true,"num":0,"num":9}]"#, 1),
            (
                r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":3}]"#,
                1,
            ),
        ] {
            assert_eq!(check(data, attachments), Err(Error::Placeholder), "{data}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let within = |levels: usize| {
            let inner = r#"{"_placeholder":true,"num":0}"#;
            format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels))
        };
        assert_eq!(check(&within(MAX_DEPTH as usize - 1), 1), Ok(()));
        assert_eq!(check(&within(MAX_DEPTH as usize), 1), Err(Error::TooDeep));
        assert_eq!(check(&"{\"a\":".repeat(100_000), 1), Err(Error::TooDeep));
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            Just(serde_json::json!(null)),
            Just(serde_json::json!(true)),
            Just(serde_json::json!("_placeholder")),
            (-1i32..4).prop_map(|num| serde_json::json!({"_placeholder": true, "num": num})),
            (0u32..4).prop_map(|num| serde_json::json!({"_placeholder": true, "num": num})),
            Just(serde_json::json!({"_placeholder": false, "num": 1})),
            Just(serde_json::json!({"_placeholder": true, "num": 0, "x": []})),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::vec(("a|b|num|_placeholder", inner), 0..4)
                    .prop_map(|members| Tree::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_a_walk_through_the_tree(items in proptest::collection::vec(tree(), 0..4), attachments in 1u32..4) {
            let array = Tree::Array(items);
            let mut found = 0;
            let right = named(&array, attachments, &mut found).is_some() && found == (1 << attachments) - 1;
            prop_assert_eq!(check(&array.to_string(), attachments).is_ok(), right, "{}", array);
        }

        #[test]
        fn never_panics(data in r#"(\[|\]|\{|\}|,|:|"_placeholder":|"num":|true|[0-9]|"a"){0,30}"#, attachments in 1u32..=MAX_ATTACHMENTS) {
            let _ = check(&data, attachments);
        }
    }
}
