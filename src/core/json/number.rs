//! Decimal text to `f64` without the standard library's parser, which costs several kilobytes of wasm.
//!
//! Exact for up to 15 significant digits and exponents within ±22 (Clinger's fast path), which covers every field the
//! core looks at; beyond that within a few units in the last place. Payloads handed to JavaScript keep their own text
//! and never pass through here.

const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

fn scale(mut value: f64, exponent: i32) -> f64 {
    let mut left = exponent.unsigned_abs();
    // Steps of at most 10²² keep every factor exact; a zero or an infinity stays what it is.
    while left > 0 && value != 0.0 && value.is_finite() {
        let step = left.min(22);
        let factor = EXACT.get(step as usize).copied().unwrap_or(1.0);
        value = if exponent < 0 {
            value / factor
        } else {
            value * factor
        };
        left -= step;
    }
    value
}

/// The value of a number whose grammar has been checked already.
pub(super) fn parse(text: &[u8]) -> f64 {
    let mut mantissa: u64 = 0;
    let mut dropped: i32 = 0;
    let mut exponent: i32 = 0;
    let mut written: i32 = 0;
    let (mut negative, mut negative_exponent, mut fraction, mut in_exponent) =
        (false, false, false, false);
    for &byte in text {
        match byte {
            b'-' if in_exponent => negative_exponent = true,
            b'-' => negative = true,
            b'.' => fraction = true,
            b'e' | b'E' => in_exponent = true,
            b'0'..=b'9' if in_exponent => {
                written = written
                    .saturating_mul(10)
                    .saturating_add(i32::from(byte - b'0'))
                    .min(100_000);
            }
            b'0'..=b'9' => {
                if mantissa < 1_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + u64::from(byte - b'0');
                    if fraction {
                        exponent = exponent.saturating_sub(1);
                    }
                } else if !fraction {
                    dropped = dropped.saturating_add(1);
                }
            }
            _ => {}
        }
    }
    let written = if negative_exponent { -written } else { written };
    let value = scale(
        mantissa as f64,
        exponent.saturating_add(dropped).saturating_add(written),
    );
    if negative { -value } else { value }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn common_numbers_are_exact() {
        for text in [
            "0",
            "-0",
            "45",
            "-1",
            "1e9",
            "99.5",
            "0.1",
            "12.25e2",
            "1E-3",
            "9007199254740991",
            "179.4321",
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                text.parse::<f64>().unwrap(),
                "{text}"
            );
        }
        assert_eq!(parse(b"1e999"), f64::INFINITY);
        assert_eq!(parse(b"1e-999"), 0.0);
    }

    proptest! {
        #[test]
        fn fifteen_digits_are_exact(n in -999_999_999_999_999i64..999_999_999_999_999, shift in 0u32..16) {
            let text = format!("{n}e-{shift}");
            prop_assert_eq!(parse(text.as_bytes()), text.parse::<f64>().unwrap());
        }

        #[test]
        fn any_double_is_close(value in proptest::num::f64::NORMAL) {
            let text = format!("{value:e}");
            let ours = parse(text.as_bytes());
            let close = (ours - value).abs() <= value.abs() * 1e-13 || (value.abs() < 1e-290) || !ours.is_finite() && value.abs() > 1e290;
            prop_assert!(close, "{} {}", ours, value);
        }
    }
}
