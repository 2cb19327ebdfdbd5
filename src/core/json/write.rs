//! Writing JSON text by hand: no tree, no float formatter.

use super::scan::{Str, split_special};

const HEX: &[u8; 16] = b"0123456789abcdef";

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
                let code = usize::from(*control);
                for digit in [code >> 4, code & 15] {
                    out.push(char::from(HEX.get(digit).copied().unwrap_or(b'0')));
                }
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

/// Writes one object, member by member, and closes it with [`Object::end`].
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object at the end of `out`.
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn name(&mut self, name: &str) -> &mut String {
        if self.empty {
            self.empty = false;
        } else {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    /// A string member; names are literals that need no escaping.
    pub fn string(&mut self, name: &str, value: &str) -> &mut Self {
        push_string(self.name(name), value);
        self
    }

    /// A string member, spliced as it was written.
    pub fn str(&mut self, name: &str, value: Str<'_>) -> &mut Self {
        let out = self.name(name);
        out.push('"');
        out.push_str(value.raw);
        out.push('"');
        self
    }

    /// A number member with at most three decimals.
    pub fn number(&mut self, name: &str, value: f64) -> &mut Self {
        push_number(self.name(name), value);
        self
    }

    /// A member that is a whole number.
    pub fn integer(&mut self, name: &str, value: u64) -> &mut Self {
        push_u64(self.name(name), value);
        self
    }

    /// A boolean member.
    pub fn bool(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name)
            .push_str(if value { "true" } else { "false" });
        self
    }

    /// A member whose value is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name).push_str(json);
        self
    }

    /// Where the value of a member is to be written.
    pub fn value(&mut self, name: &str) -> &mut String {
        self.name(name)
    }

    /// A member that is an object itself.
    pub fn object(&mut self, name: &str) -> Object<'_> {
        Object::new(self.name(name))
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push('}');
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

    #[test]
    fn objects_nest() {
        let mut out = String::new();
        let mut object = Object::new(&mut out);
        object.string("a", "x\"y").bool("b", true).integer("c", 7);
        let mut inner = object.object("d");
        inner.number("e", 1.5);
        inner.end();
        object.raw("f", "[]");
        object.end();
        assert_eq!(out, r#"{"a":"x\"y","b":true,"c":7,"d":{"e":1.5},"f":[]}"#);
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
