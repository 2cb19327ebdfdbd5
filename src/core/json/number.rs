//! Decimal text to `f64` without the standard library's parser, which costs several kilobytes of wasm.
//!
//! Exact for up to 15 significant digits and exponents within ±22 (Clinger's fast path), which covers every field the
//! core looks at; beyond that within a few units in the last place. Payloads handed to JavaScript keep their own text
//! and never pass through here.

use crate::core::json::{Error, Scanner};

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

/// Digits read so far: `mantissa · 10^exponent`.
struct Digits {
    mantissa: u64,
    exponent: i32,
}

impl Scanner<'_> {
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.byte() == byte;
        self.at += usize::from(found);
        found
    }

    /// Reads digits, at least one; each counts `fraction` places behind the point.
    fn digits(&mut self, into: &mut Digits, fraction: i32) -> Result<(), Error> {
        let start = self.at;
        loop {
            let digit = self.byte().wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            self.at += 1;
            // What a double cannot hold anyway only counts as a place.
            if into.mantissa < 1_000_000_000_000_000_000 {
                into.mantissa = into.mantissa * 10 + u64::from(digit);
                into.exponent -= fraction;
            } else {
                into.exponent += 1 - fraction;
            }
        }
        if self.at > start {
            Ok(())
        } else {
            Err(Error::Syntax)
        }
    }

    /// A number that comes next.
    pub(super) fn number(&mut self) -> Result<f64, Error> {
        let mut digits = Digits {
            mantissa: 0,
            exponent: 0,
        };
        let negative = self.skip(b'-');
        if !self.skip(b'0') {
            self.digits(&mut digits, 0)?;
        }
        if self.skip(b'.') {
            self.digits(&mut digits, 1)?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let mut written = Digits {
                mantissa: 0,
                exponent: 0,
            };
            let negative = self.skip(b'-');
            if !negative {
                self.skip(b'+');
            }
            self.digits(&mut written, 0)?;
            let written = written.mantissa.min(100_000) as i32;
            digits.exponent += if negative { -written } else { written };
        }
        let value = scale(digits.mantissa as f64, digits.exponent);
        Ok(if negative { -value } else { value })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Scanner;
    use proptest::prelude::*;

    fn parse(text: &[u8]) -> f64 {
        let read = |text| Scanner::new(text).number();
        std::str::from_utf8(text)
            .ok()
            .map(read)
            .and_then(Result::ok)
            .unwrap_or(f64::NAN)
    }

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
