//! Names of members and events, where a server has others than ours: small JSON objects of the configuration, looked up
//! as they are. Most servers have none, and whoever has some has a few. Names are compared as they are written.

use crate::core::json::{Scanner, Value};

/// The first member of a JSON object that `is` the one looked for: its name and its value.
fn find<'a>(map: &'a str, is: &dyn Fn(&str, &Value<'a>) -> bool) -> Option<(&'a str, Value<'a>)> {
    let mut scanner = Scanner::new(map);
    let mut first = true;
    while let Some((name, value, _)) = scanner.pair(&mut first) {
        if is(name, &value) {
            return Some((name, value));
        }
    }
    None
}

/// What a name stands for in a map; itself where it is not there.
pub(super) fn mapped<'a>(map: &'a str, name: &'a str) -> &'a str {
    match find(map, &|known, _| known == name) {
        Some((_, Value::String(text))) => text.raw,
        _ => name,
    }
}

/// The number that a map has for a name; none is not a number.
pub(crate) fn number(map: &str, name: &str) -> f64 {
    match find(map, &|known, _| known == name) {
        Some((_, Value::Number(number))) => number,
        _ => f64::NAN,
    }
}

/// Appends an object with our names for its members; those of its `progress` likewise.
pub(super) fn rename(out: &mut String, fields: &str, json: &str) {
    let mut scanner = Scanner::new(json);
    let mut first = true;
    out.push('{');
    let mut mark = "\"";
    while let Some((name, value, text)) = scanner.pair(&mut first) {
        let ours = find(
            fields,
            &|_, theirs| matches!(theirs, Value::String(theirs) if theirs.raw == name),
        );
        let ours = ours.map_or(name, |(ours, _)| ours);
        // What the server calls by a name that is ours is something else.
        if ours == name && mapped(fields, name) != name {
            continue;
        }
        out.push_str(mark);
        mark = ",\"";
        out.push_str(ours);
        out.push_str("\":");
        match value {
            Value::Object(_) if ours == "progress" => rename(out, fields, text),
            _ => out.push_str(text),
        }
    }
    out.push('}');
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn members_get_our_names() {
        let fields = r#"{"jobId":"job","tracksProcessed":"n","type":"kind"}"#;
        for (theirs, ours) in [
            (
                r#"{"kind":"x","job":7,"progress":{"n":1,"job":2}}"#,
                r#"{"type":"x","jobId":7,"progress":{"tracksProcessed":1,"jobId":2}}"#,
            ),
            (
                r#"{"type":"own","jobId":1,"a":[1, {}]}"#,
                r#"{"a":[1, {}]}"#,
            ),
            ("{ }", "{}"),
        ] {
            let mut out = String::new();
            rename(&mut out, fields, theirs);
            assert_eq!(out, ours);
        }
    }

    #[test]
    fn a_map_is_looked_up() {
        let map = r#"{"a":"x","b\n":"y","n":1500,"m":"1"}"#;
        assert_eq!(mapped(map, "a"), "x");
        assert_eq!(mapped(map, "c"), "c");
        assert_eq!(mapped("", "a"), "a");
        assert_eq!(number(map, "n"), 1500.0);
        assert!(number(map, "m").is_nan() && number("", "n").is_nan());
    }
}
