//! The rest of an array, element by element: each with its comma before it.

use crate::core::json::{push_number, push_string};

/// Appends numbers; `NaN` stands for `null`.
pub fn push_numbers(out: &mut String, numbers: &[f64]) {
    for number in numbers {
        out.push(',');
        push_number(out, *number);
    }
}

/// Appends a text, or `null`.
pub fn push_text(out: &mut String, text: Option<&str>) {
    out.push(',');
    match text {
        Some(text) => push_string(out, text),
        None => out.push_str("null"),
    }
}
