//! The scanner: one pass, strict grammar, bounded depth, slices instead of copies.

use crate::core::json::escape::{hex4, special};
use crate::core::json::value::{Raw, Str, Value};

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

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::string_slice)]
mod tests;
