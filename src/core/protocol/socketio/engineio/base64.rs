//! Base64 (RFC 4648, section 4), strict: padded, nothing between the letters, no bits left over.

/// Appends bytes as text.
pub fn push(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        let mut group = 0;
        for place in 0..3 {
            group = group << 8 | u32::from(chunk.get(place).copied().unwrap_or(0));
        }
        for place in 0..4 {
            out.push(if place > chunk.len() {
                '='
            } else {
                letter((group >> (18 - 6 * place)) as u8 & 63)
            });
        }
    }
}

fn letter(value: u8) -> char {
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + (value - 26),
        52..=61 => b'0' + (value - 52),
        62 => b'+',
        _ => b'/',
    })
}

fn value(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The bytes that a text stands for; `None` when it is not what [`push`] would write.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.strip_suffix('=').unwrap_or(text);
    let letters = letters.strip_suffix('=').unwrap_or(letters);
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(letters.len() / 4 * 3 + 2);
    let mut held: u32 = 0;
    let mut bits = 0;
    for letter in letters.bytes() {
        held = held << 6 | u32::from(value(letter)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(out)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{decode, push};
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        let mut out = String::new();
        push(&mut out, bytes);
        out
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(encode(&[0xFB, 0xFF, 0xBF]), "+/+/");
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in [
            "=", "==", "====", "A", "A===", "AA", "AAA", "Zg=", "Zh==", "Zm9=", "Zm 9", "Zm9v\n",
            "-_-_", "Zg==Zg==", "Z=g=", "AAAA=", "AAAA====", "éAA", "\0AAA",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_the_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn only_one_text_stands_for_the_same_bytes(text in "[AQgw+/=]{0,12}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
