//! Writing JSON text by hand: no tree, no float formatter.

use crate::core::json::escape::split_special;

/// Appends a byte as two digits.
pub fn push_hex(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for digit in [byte >> 4, byte & 15] {
        let digit = DIGITS.get(usize::from(digit)).copied();
        out.push(char::from(digit.unwrap_or(b'0')));
    }
}

/// Appends `text` as a JSON string; quotes, backslashes and control characters are escaped.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let (clean, tail) = split_special(rest);
        out.push_str(clean);
        match tail.as_bytes().first() {
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            Some(control) => {
                out.push_str("\\u00");
                push_hex(out, *control);
            }
            None => break,
        }
        rest = tail.get(1..).unwrap_or("");
    }
    out.push('"');
}

/// Appends a whole number.
pub fn push_u64(out: &mut String, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (number % 10) as u8;
        used += 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    for digit in digits.iter().skip(digits.len() - used) {
        out.push(char::from(*digit));
    }
}

/// Appends a number with at most three decimals, rounded; `null` for what JSON cannot say.
pub fn push_number(out: &mut String, number: f64) {
    if !number.is_finite() || number.abs() >= 9e15 {
        out.push_str("null");
        return;
    }
    let thousandths = (number.abs() * 1000.0 + 0.5) as u64;
    if number < 0.0 && thousandths > 0 {
        out.push('-');
    }
    push_u64(out, thousandths / 1000);
    let mut fraction = thousandths % 1000;
    if fraction > 0 {
        out.push('.');
        let mut place = 100;
        while fraction > 0 {
            out.push(char::from(b'0' + (fraction / place) as u8));
            fraction %= place;
            place /= 10;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_three_decimals() {
        for (number, text) in [
            (0.0, "0"),
            (45.0, "45"),
            (99.5, "99.5"),
            (-1.25, "-1.25"),
            (0.0004, "0"),
            (33.333_333, "33.333"),
            (1e15, "1000000000000000"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
            (-0.0, "0"),
            (1.05, "1.05"),
            (7.008, "7.008"),
        ] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, text);
        }
    }

    proptest! {
        #[test]
        fn strings_read_back(text in any::<String>()) {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }

        #[test]
        fn integers_read_back(number in any::<u64>()) {
            let mut out = String::new();
            push_u64(&mut out, number);
            prop_assert_eq!(out, number.to_string());
        }
    }
}
