//! Searching and filling in short texts without the standard library's general searcher, which costs kilobytes of wasm.

pub(crate) mod iso;
pub(crate) mod words;

use crate::core::json::push_hex;

/// Where `needle` begins in `text`.
pub(crate) fn find(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes()
        .windows(needle.len().max(1))
        .position(|window| window == needle.as_bytes())
}

/// The text with every `from` turned into `to`.
pub(crate) fn replace(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = find(rest, from) {
        out.push_str(rest.get(..at).unwrap_or(""));
        out.push_str(to);
        rest = rest.get(at + from.len()..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// The place of a job's id in a path.
const ID: &str = "{id}";

/// Whether a path names one job.
pub(crate) fn names_job(path: &str) -> bool {
    find(path, ID).is_some()
}

/// The path with the job's id in its place, percent-encoded as one segment.
pub(crate) fn with_id(path: &str, id: &str) -> String {
    replace(path, ID, &encode_segment(id))
}

/// Percent-encodes what may not stand in one path segment.
fn encode_segment(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            push_hex(&mut out, byte);
        }
    }
    out
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{replace, with_id};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn ids_are_encoded_as_one_segment() {
        assert_eq!(
            with_id("/jobs/{id}/stream", "550e-8400_a.b~c"),
            "/jobs/550e-8400_a.b~c/stream"
        );
        assert_eq!(with_id("/{id}", "a/b?c#d é%"), "/a%2Fb%3Fc%23d%20%C3%A9%25");
        assert_eq!(with_id("/all", "x"), "/all");
    }

    proptest! {
        #[test]
        fn replaces_like_the_standard_library(text in "[ab{}é]{0,12}", from in "[ab{é]{1,3}", to in any::<String>()) {
            prop_assert_eq!(replace(&text, &from, &to), text.replace(&from, &to));
        }
    }
}
