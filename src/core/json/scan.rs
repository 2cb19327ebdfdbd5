//! The scanner: one pass, strict grammar, bounded depth, slices instead of copies.

use std::borrow::Cow;

/// Deepest nesting read. A message of a job has three levels; anything near this bound is an attack or a mistake.
pub const MAX_DEPTH: u32 = 64;

/// Why a text is not one JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The grammar is broken where the scanner stands.
    Syntax,
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
    /// A text in which nothing is escaped.
    #[must_use]
    pub fn plain(raw: &'a str) -> Self {
        Self {
            raw,
            escaped: false,
        }
    }

    /// The string it stands for. A lone surrogate (`"\ud800"`) becomes U+FFFD.
    #[must_use]
    pub fn get(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Whether the string it stands for has more than `most` bytes. What is much longer is not copied to know that.
    #[must_use]
    pub fn is_longer(&self, most: usize) -> bool {
        // Six characters stand for one byte at most.
        self.raw.len() > most
            && (!self.escaped || self.raw.len() > most * 6 || self.get().len() > most)
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

/// What kind of value one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Type {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Value<'_> {
    /// Its type.
    #[inline(always)]
    #[must_use]
    pub fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::Array(_) => Type::Array,
            Self::Object(_) => Type::Object,
        }
    }

    /// The name of its type, for error messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.type_of() {
            Type::Null => "null",
            Type::Bool => "a boolean",
            Type::Number => "a number",
            Type::String => "a string",
            Type::Array => "an array",
            Type::Object => "an object",
        }
    }
}

/// Reads values from a text, one after the other.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
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

    /// Whether it has not come to the end.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.at < self.text.len()
    }

    /// Whether `byte` comes next, white space or not.
    #[must_use]
    pub fn stands_at(&self, byte: u8) -> bool {
        self.byte() == byte
    }

    /// Goes past the next byte, if there is one.
    pub fn step(&mut self) {
        self.at += usize::from(self.has_left());
    }

    /// The next byte; 0, which no JSON text holds, at the end.
    #[inline(always)]
    pub(super) fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is not white space, left unread; 0 at the end.
    #[inline(always)]
    fn next(&mut self) -> u8 {
        match self.byte() {
            byte if byte > b' ' => byte,
            _ => self.skip_space(),
        }
    }

    #[inline(never)]
    fn skip_space(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                other => return other,
            }
        }
    }

    /// The next byte that is not white space, left unread; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        let byte = self.next();
        self.has_left().then_some(byte)
    }

    /// The text of the value read last, when it is neither an array nor an object.
    #[must_use]
    pub fn last_scalar(&self) -> &'a str {
        self.slice_from(self.began)
    }

    /// Reads `byte` if it comes next.
    #[inline(never)]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.next() == byte;
        self.at += usize::from(found);
        found
    }

    /// Succeeds when only white space is left.
    ///
    /// # Errors
    /// [`Error::Syntax`] when something follows.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Error::Syntax),
        }
    }

    /// The name of the next member of an object whose `{` was read, its value to be read next; `None` after its `}`.
    /// `first` starts as `true`.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    #[inline(always)]
    pub fn name(&mut self, first: &mut bool) -> Result<Option<Str<'a>>, Error> {
        let mut next = self.next();
        if next == b'}' {
            self.at += 1;
            return Ok(None);
        }
        if !std::mem::take(first) {
            if next != b',' {
                return Err(Error::Syntax);
            }
            self.at += 1;
            next = self.next();
        }
        if next != b'"' {
            return Err(Error::Syntax);
        }
        let name = self.string()?;
        if self.next() != b':' {
            return Err(Error::Syntax);
        }
        self.at += 1;
        Ok(Some(name))
    }

    /// The next member of an object whose `{` was read; `None` after its `}`. `first` starts as `true`.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    pub fn member(&mut self, first: &mut bool) -> Result<Option<(Str<'a>, Value<'a>)>, Error> {
        match self.name(first)? {
            Some(name) => Ok(Some((name, self.value()?))),
            None => Ok(None),
        }
    }

    /// The next member of an object, and its value as text; `None` after its `}`, and where the grammar breaks.
    /// `first` starts as `true`, and the `{` is read with it.
    #[inline(never)]
    pub fn pair(&mut self, first: &mut bool) -> Option<(&'a str, Value<'a>, &'a str)> {
        if *first {
            self.eat(b'{');
        }
        let name = self.name(first).ok()??;
        self.next();
        let start = self.at;
        let value = self.value().ok()?;
        Some((name.raw, value, self.slice_from(start)))
    }

    /// The next element of an array whose `[` was read; `None` after its `]`. `first` starts as `true`.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    pub fn element(&mut self, first: &mut bool) -> Result<Option<Value<'a>>, Error> {
        if self.goes_on(first)? {
            self.value().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether another element of an array follows, to be read next; its `]` is read when none does.
    ///
    /// # Errors
    /// Whatever breaks the grammar.
    pub fn goes_on(&mut self, first: &mut bool) -> Result<bool, Error> {
        if self.eat(b']') {
            return Ok(false);
        }
        if std::mem::take(first) || self.eat(b',') {
            Ok(true)
        } else {
            Err(Error::Syntax)
        }
    }

    /// Reads one value, nested ones included.
    ///
    /// # Errors
    /// Whatever breaks the grammar, or more than [`MAX_DEPTH`] levels.
    pub fn value(&mut self) -> Result<Value<'a>, Error> {
        let next = self.next();
        self.began = self.at;
        let (word, value) = match next {
            b'"' => return Ok(Value::String(self.string()?)),
            b'{' => return Ok(Value::Object(Raw(self.nested()?))),
            b'[' => return Ok(Value::Array(Raw(self.nested()?))),
            b't' => ("true", Value::Bool(true)),
            b'f' => ("false", Value::Bool(false)),
            b'n' => ("null", Value::Null),
            _ => return Ok(Value::Number(self.number()?)),
        };
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word.as_bytes()) {
            return Err(Error::Syntax);
        }
        self.at = end;
        Ok(value)
    }

    /// A string whose opening quote comes next.
    fn string(&mut self) -> Result<Str<'a>, Error> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = special(self.text.as_bytes(), self.at);
            match self.byte() {
                b'"' => {
                    let raw = self.slice_from(start);
                    self.at += 1;
                    return Ok(Str { raw, escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(Error::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        self.at += match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hex4(bytes.get(self.at + 2..self.at + 6)).is_some() => 6,
            _ => return Err(Error::Syntax),
        };
        Ok(())
    }

    /// The text of an array or object, checked without recursion: one bit a level says which bracket closes it.
    fn nested(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        let mut objects: u64 = 0;
        let mut depth: u32 = 0;
        loop {
            // A value starts here.
            let open = self.next();
            let mut first = open == b'{' || open == b'[';
            if first {
                if depth == MAX_DEPTH {
                    return Err(Error::TooDeep);
                }
                self.at += 1;
                depth += 1;
                objects = (objects << 1) | u64::from(open == b'{');
            } else {
                self.value()?;
            }
            // Close what closes, then go on with the next member or element.
            loop {
                if depth == 0 {
                    return Ok(self.slice_from(start));
                }
                let more = if objects & 1 == 1 {
                    self.name(&mut first)?.is_some()
                } else {
                    self.goes_on(&mut first)?
                };
                if more {
                    break;
                }
                first = false;
                depth -= 1;
                objects >>= 1;
            }
        }
    }
}

/// Where the next quote, backslash or control character is, or the end. Eight bytes at a time: this is where most of
/// the time of reading a message goes.
#[inline(always)]
fn special(bytes: &[u8], from: usize) -> usize {
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

/// The same from the beginning, for those who are not in a hurry.
#[inline(never)]
pub(super) fn split_special(text: &str) -> (&str, &str) {
    text.split_at_checked(special(text.as_bytes(), 0))
        .unwrap_or((text, ""))
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        // The text has been checked: only a backslash is special in it.
        let (before, escape) = split_special(rest);
        out.push_str(before);
        let Some(mark) = escape.as_bytes().get(1) else {
            return out;
        };
        rest = escape.get(2..).unwrap_or("");
        out.push(match mark {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unescape_unicode(&mut rest),
            other => char::from(*other),
        });
    }
}

/// `text` follows `\u`, and goes on behind what was read; a surrogate pair takes its second half along.
fn unescape_unicode(text: &mut &str) -> char {
    let bytes = text.as_bytes();
    let high = hex4(bytes.get(..4)).unwrap_or(0xD800);
    let mut code = high;
    let mut used = 4;
    if (0xD800..0xDC00).contains(&high)
        && bytes.get(4..6) == Some(b"\\u")
        && let Some(low @ 0xDC00..=0xDFFF) = hex4(bytes.get(6..10))
    {
        code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        used = 10;
    }
    *text = text.get(used..).unwrap_or("");
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
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
}
