//! Values: checked, and kept as slices of their text.

use crate::core::json::escape::unescape;
use std::borrow::Cow;

/// The text between two quotes, checked but not unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a> {
    /// The characters as written, without the quotes.
    pub raw: &'a str,
    pub(super) escaped: bool,
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
