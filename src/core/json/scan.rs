//! The scanner: one pass, strict grammar, bounded depth, slices instead of copies.

use super::number;
use std::borrow::Cow;

/// Deepest nesting read. A message of a job has three levels; anything near this bound is an attack or a mistake.
pub const MAX_DEPTH: u32 = 64;

/// Why a text is not one JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The grammar is broken at this byte offset.
    Syntax(usize),
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
}

/// The text between two quotes, checked but not unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a> {
    /// The characters as written, without the quotes.
    pub raw: &'a str,
    escaped: bool,
}

impl<'a> Str<'a> {
    /// The string it stands for. A lone surrogate (`"\ud800"`) becomes U+FFFD.
    #[must_use]
    pub fn get(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// The string without copying, when nothing in it is escaped; names of known fields never are.
    #[must_use]
    pub fn plain(&self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }
}

/// The checked text of an array or an object, brackets included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(pub &'a str);

/// One checked value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number; may be infinite when the text is out of range.
    Number(f64),
    /// A string.
    String(Str<'a>),
    /// An array, as text.
    Array(Raw<'a>),
    /// An object, as text.
    Object(Raw<'a>),
}

impl Value<'_> {
    /// The name of its type, for error messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads values from a text, one after the other.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Where the last value began.
    began: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner at the start of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            began: 0,
        }
    }

    /// Where it stands, in bytes.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text from `start` to where it stands.
    #[must_use]
    pub fn slice_from(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// The next byte that is not white space, left unread; `None` at the end.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// The text of the value read last, when it is neither an array nor an object.
    #[must_use]
    pub fn last_scalar(&self) -> &'a str {
        self.slice_from(self.began)
    }

    fn syntax<T>(&self) -> Result<T, Error> {
        Err(Error::Syntax(self.at))
    }

    /// Reads `byte` if it comes next.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn need(&mut self, byte: u8) -> Result<(), Error> {
        if self.eat(byte) {
            Ok(())
        } else {
            self.syntax()
        }
    }

    /// Succeeds when only white space is left.
    ///
    /// # Errors
    /// [`Error::Syntax`] when something follows.
    pub fn end(&mut self) -> Result<(), Error> {
        if self.peek().is_none() {
            Ok(())
        } else {
            self.syntax()
        }
    }

    /// The next member of an object whose `{` was read; `None` after its `}`. `first` starts as `true`.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    #[inline]
    pub fn member(&mut self, first: &mut bool) -> Result<Option<(Str<'a>, Value<'a>)>, Error> {
        if self.eat(b'}') {
            return Ok(None);
        }
        if *first {
            *first = false;
        } else {
            self.need(b',')?;
        }
        self.need(b'"')?;
        let name = self.string_body()?;
        self.need(b':')?;
        Ok(Some((name, self.value()?)))
    }

    /// The next element of an array whose `[` was read; `None` after its `]`. `first` starts as `true`.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    pub fn element(&mut self, first: &mut bool) -> Result<Option<Value<'a>>, Error> {
        if self.eat(b']') {
            return Ok(None);
        }
        if *first {
            *first = false;
        } else {
            self.need(b',')?;
        }
        self.value().map(Some)
    }

    /// Reads one value, nested ones included.
    ///
    /// # Errors
    /// Whatever breaks the grammar, or more than [`MAX_DEPTH`] levels.
    #[inline]
    pub fn value(&mut self) -> Result<Value<'a>, Error> {
        let next = self.peek();
        self.began = self.at;
        match next {
            Some(b'"') => {
                self.at += 1;
                self.string_body().map(Value::String)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'{') => self.nested().map(|raw| Value::Object(Raw(raw))),
            Some(b'[') => self.nested().map(|raw| Value::Array(Raw(raw))),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.syntax(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Error> {
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) == Some(word.as_bytes()) {
            self.at = end;
            Ok(value)
        } else {
            self.syntax()
        }
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            self.syntax()
        }
    }

    fn skip_byte(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn number(&mut self) -> Result<f64, Error> {
        let start = self.at;
        self.skip_byte(b'-');
        if !self.skip_byte(b'0') {
            self.digits()?;
        }
        if self.skip_byte(b'.') {
            self.digits()?;
        }
        if self.skip_byte(b'e') || self.skip_byte(b'E') {
            if !self.skip_byte(b'+') {
                self.skip_byte(b'-');
            }
            self.digits()?;
        }
        Ok(number::parse(self.slice_from(start).as_bytes()))
    }

    /// The rest of a string whose opening quote was read.
    fn string_body(&mut self) -> Result<Str<'a>, Error> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.at = next_special(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    let raw = self.slice_from(start);
                    self.at += 1;
                    return Ok(Str { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    let length = match bytes.get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if hex4(bytes.get(self.at + 2..self.at + 6)).is_some() => 6,
                        _ => return self.syntax(),
                    };
                    self.at += length;
                }
                _ => return self.syntax(),
            }
        }
    }

    /// The text of an array or object, checked without recursion: one bit a level says which bracket closes it.
    fn nested(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        let mut objects: u64 = 0;
        let mut depth: u32 = 0;
        loop {
            // A value starts here.
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == MAX_DEPTH {
                        return Err(Error::TooDeep);
                    }
                    self.at += 1;
                    depth += 1;
                    objects = (objects << 1) | u64::from(open == b'{');
                    let close = if open == b'{' { b'}' } else { b']' };
                    if self.eat(close) {
                        depth -= 1;
                        objects >>= 1;
                    } else {
                        if open == b'{' {
                            self.name()?;
                        }
                        continue;
                    }
                }
                _ => {
                    self.value()?;
                }
            }
            // A value ended here: close what closes, then go on with the next member or element.
            loop {
                if depth == 0 {
                    return Ok(self.slice_from(start));
                }
                let in_object = objects & 1 == 1;
                if self.eat(b',') {
                    if in_object {
                        self.name()?;
                    }
                    break;
                }
                self.need(if in_object { b'}' } else { b']' })?;
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    fn name(&mut self) -> Result<(), Error> {
        self.need(b'"')?;
        self.string_body()?;
        self.need(b':')
    }
}

/// Where the next quote, backslash or control character is, or the end. Eight bytes at a time: this is where most of
/// the time of reading a message goes.
#[inline]
pub(super) fn next_special(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // Marks bytes that are zero; exact up to the first one, and that is the one that counts.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = from;
    while let Some(Ok(chunk)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(chunk);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5C)) | controls;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
            break;
        }
        at += 1;
    }
    at
}

fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    let mut code = 0;
    for byte in digits? {
        code = code * 16 + char::from(*byte).to_digit(16)?;
    }
    Some(code)
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let (decoded, left) = unescape_unicode(chars.as_str());
                out.push(decoded);
                rest = left;
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// `text` follows `\u`; a surrogate pair takes its second half along.
fn unescape_unicode(text: &str) -> (char, &str) {
    let rest = text.get(4..).unwrap_or("");
    let Some(high) = hex4(text.as_bytes().get(..4)) else {
        return (char::REPLACEMENT_CHARACTER, rest);
    };
    if let Some(single) = char::from_u32(high) {
        return (single, rest);
    }
    let low = rest
        .strip_prefix("\\u")
        .and_then(|tail| hex4(tail.as_bytes().get(..4)));
    match low {
        Some(low @ 0xDC00..=0xDFFF) if high < 0xDC00 => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                rest.get(6..).unwrap_or(""),
            )
        }
        _ => (char::REPLACEMENT_CHARACTER, rest),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::string_slice)]
mod tests {
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
            prop_assert_eq!(next_special(&bytes, from), slow.map_or(bytes.len(), |at| from + at));
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
}
