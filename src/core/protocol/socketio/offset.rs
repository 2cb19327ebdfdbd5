//! The marks that Socket.IO servers with connection state recovery append to events, so that a client can say up to
//! where it has heard: told apart from arguments of the event that are strings too.
//!
//! Every mark holds the time at which it was made: of Node's own adapter as a number in base 64 (with a counter behind
//! a dot when two fall into one millisecond), of the one over Redis streams as the id of an entry, of the one over
//! MongoDB as an object id. A volatile event has no mark, and may end in any string.

use crate::core::json::{Scanner, Value};

/// How far the time of a mark may be from what the marks before it let expect, ms.
const APART: f64 = 3_600_000.0;
/// How far the first mark of a session may be from our own clock, ms: ten years.
const FIRST: f64 = 3e11;

/// The arguments without the last one, and that, when it is a string without escapes.
pub(crate) fn split_last(args: &str) -> Option<(&str, &str)> {
    let mut scanner = Scanner::new(args);
    let mut end = 0;
    loop {
        let value = scanner.value().ok()?;
        match scanner.peek() {
            Some(b',') => end = scanner.position(),
            _ => {
                let Value::String(last) = value else {
                    return None;
                };
                return Some((args.get(..end)?.trim_ascii_end(), last.raw));
            }
        }
        scanner.eat(b',');
    }
}

/// Longer strings are no marks: it would be kept as long as it is.
const LONGEST: usize = 64;

/// When a mark was made by the server's clock, ms since 1970; `None` for what is no mark.
fn made_at(mark: &str) -> Option<f64> {
    if mark.len() > LONGEST {
        return None;
    }
    let digits = |text: &str, base: f64, value: fn(u8) -> Option<u8>| {
        let mut time = 0.0;
        for byte in text.bytes() {
            time = time * base + f64::from(value(byte)?);
        }
        Some(time)
    };
    let decimal = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let (time, counter) = match mark.bytes().position(|byte| byte == b'.') {
        Some(dot) => (mark.get(..dot)?, mark.get(dot + 1..)?),
        None => (mark, "0"),
    };
    if time.len() == 7 {
        digits(counter, 64.0, in_base_64)?;
        return digits(time, 64.0, in_base_64);
    }
    if mark.len() == 24 {
        let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        digits(mark, 16.0, hex)?;
        return Some(digits(mark.get(..8)?, 16.0, hex)? * 1000.0);
    }
    let dash = mark.bytes().position(|byte| byte == b'-')?;
    digits(mark.get(dash + 1..)?, 10.0, decimal)?;
    digits(mark.get(..dash)?, 10.0, decimal)
}

/// Whether two marks can be of one adapter.
pub(crate) fn alike(one: &str, other: &str) -> bool {
    // Those of Node's have seven letters and a short counter, ids of entries have more than twelve digits.
    let kind = |mark: &str| (mark.len() == 24, mark.len() > 13);
    kind(one) == kind(other)
}

fn in_base_64(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

/// The skews of a session without a mark.
pub(crate) const UNKNOWN: [f64; 2] = [f64::NAN; 2];

/// How far the clock of the server that made a mark is from ours, when it is one: from the wall clock, which may be set,
/// and from the monotonic one, which may stand still while the machine sleeps. `known`: what the marks before it said.
pub(crate) fn skews(mark: &str, clocks: [f64; 2], known: [f64; 2]) -> Option<[f64; 2]> {
    let made = made_at(mark)?;
    let skews = clocks.map(|clock| made - clock);
    let near = |(is, was): (&f64, &f64)| (is - was).abs() < APART;
    let [first, _] = known;
    let fits = if first.is_nan() {
        skews.first().is_some_and(|wall| wall.abs() < FIRST)
    } else {
        skews.iter().zip(&known).any(near)
    };
    fits.then_some(skews)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-21.
    const NOW: f64 = 1_795_219_200_000.0;

    fn in_letters(mut time: u64) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
        let mut out = String::new();
        while time > 0 {
            let letter = LETTERS.get((time % 64) as usize).copied();
            out.insert(0, char::from(letter.unwrap_or(0)));
            time /= 64;
        }
        out
    }

    #[test]
    fn the_last_argument_is_cut_off_when_it_is_a_string() {
        for (args, cut) in [
            (r#""x""#, Some(("", "x"))),
            (r#"1,"x""#, Some(("1", "x"))),
            (
                r#"{"a":","} , [1,"y"] ,"x" "#,
                Some((r#"{"a":","} , [1,"y"]"#, "x")),
            ),
            ("1", None),
            (r#""x",1"#, None),
            ("", None),
            ("[", None),
        ] {
            assert_eq!(split_last(args), cut, "{args}");
        }
    }

    #[test]
    fn marks_of_every_adapter_are_known() {
        let mark = in_letters(NOW as u64);
        for mark in [
            mark.as_str(),
            &[mark.as_str(), ".1f"].concat(),
            "1795219200000-0",
            "6b0100804dc9b7f3a1e2d3c4",
        ] {
            let [wall, _] = skews(mark, [NOW, 0.0], UNKNOWN).unwrap();
            assert!(wall.abs() < 1e9, "{mark}: {wall}");
        }
    }

    #[test]
    fn other_strings_are_no_marks() {
        for text in [
            "",
            "play",
            "0000000",
            "_______",
            "a-b",
            "12-",
            "-",
            ".",
            "hello world",
            "PqRsT!z",
            "6b0100804dc9b7f3a1e2d3cx",
            "1-1",
        ] {
            assert_eq!(
                skews(text, [NOW, 0.0], UNKNOWN).filter(|[wall, _]| wall.abs() < FIRST / 2.0),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn later_marks_must_fit_the_first() {
        let first = in_letters(NOW as u64 + 86_400_000);
        let known = skews(&first, [NOW, 0.0], UNKNOWN).unwrap();
        let later = in_letters(NOW as u64 + 86_400_000 + 50_000);
        assert!(skews(&later, [NOW + 49_000.0, 49_000.0], known).is_some());
        for text in ["Playing", "playing"] {
            assert_eq!(skews(text, [NOW, 0.0], known), None);
        }
    }

    #[test]
    fn a_mark_is_known_when_one_of_our_clocks_was_set_or_stood_still() {
        let known = skews(&in_letters(NOW as u64), [NOW, 0.0], UNKNOWN).unwrap();
        let day = 86_400_000.0;
        let later = in_letters((NOW + day) as u64);
        for clocks in [[NOW, day], [NOW + 2.0 * day, day], [NOW + day, 5.0]] {
            assert!(skews(&later, clocks, known).is_some(), "{clocks:?}");
        }
        assert_eq!(skews(&later, [NOW, 5.0], known), None);
    }

    proptest! {
        #[test]
        fn the_time_in_a_mark_is_read(time in 1_000_000_000_000u64..4_000_000_000_000) {
            prop_assert_eq!(made_at(&in_letters(time)), Some(time as f64));
        }

        #[test]
        fn never_panics(text in any::<String>(), args in r#"[\[\]{},:"0-9a ]{0,20}"#) {
            let _ = (made_at(&text), split_last(&args));
        }
    }
}
