//! Texts for people, and texts put together.

use crate::core::json::{Value, push_number};

/// A short text of a value for an error message; longer ones are cut.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text.get(..end).unwrap_or("").to_owned();
    if end < text.len() {
        cut.push('…');
    }
    cut
}

/// Texts put together.
#[inline(never)]
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.push_str(part);
    }
    out
}

/// Appends records to others, with a comma between them.
#[inline(never)]
pub(crate) fn join(out: &mut String, records: &str) {
    if !out.is_empty() && !records.is_empty() {
        out.push(',');
    }
    out.push_str(records);
}

/// The parts put together, and a value in the words of an error message behind them: `a string ("45")`.
pub(crate) fn about(parts: &[&str], value: &Value<'_>) -> String {
    let mut out = joined(parts);
    out.push_str(value.type_name());
    let mut shown = String::new();
    match value {
        Value::String(text) => shown = joined(&["\"", &excerpt(text.raw, 24), "\""]),
        Value::Number(number) if number.is_finite() => {
            push_number(&mut shown, *number);
        }
        _ => return out,
    }
    for part in [" (", &shown, ")"] {
        out.push_str(part);
    }
    out
}
