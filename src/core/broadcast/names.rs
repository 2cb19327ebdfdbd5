//! Names of members and events, where a server has others than ours: small JSON objects of the configuration, looked up
//! as they are. Most servers have none, and whoever has some has a few.

use crate::core::json::{Scanner, Value, push_string};
use std::borrow::Cow;

/// A server's names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Ours of members, and the server's.
    pub(crate) fields: String,
    /// The server's of events, and ours.
    pub(crate) events: String,
}

/// The first member of a JSON object that `is` the one looked for: its name and its value.
fn find<'a>(
    map: &'a str,
    is: &dyn Fn(&str, &Value<'a>) -> bool,
) -> Option<(Cow<'a, str>, Value<'a>)> {
    let mut scanner = Scanner::new(map);
    let mut first = scanner.eat(b'{');
    while let Ok(Some((name, value))) = scanner.member(&mut first) {
        let name = name.get();
        if is(&name, &value) {
            return Some((name, value));
        }
    }
    None
}

fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.get()),
        _ => None,
    }
}

/// What a name stands for in a map.
pub(super) fn mapped<'a>(map: &'a str, name: &str) -> Option<Cow<'a, str>> {
    find(map, &|known, _| known == name).and_then(|(_, value)| text(value))
}

/// The number that a map has for a name; 0 where it has none.
pub(crate) fn number(map: &str, name: &str) -> u64 {
    match find(map, &|known, _| known == name) {
        Some((_, Value::Number(number))) => number as u64,
        _ => 0,
    }
}

/// Appends an object with our names for its members; those of its `progress` likewise.
pub(super) fn rename(out: &mut String, fields: &str, json: &str) {
    let mut scanner = Scanner::new(json);
    let mut first = scanner.eat(b'{');
    let mut mark = '{';
    while let Ok(Some(name)) = scanner.name(&mut first) {
        let name = name.get();
        scanner.peek();
        let start = scanner.position();
        let is_object = matches!(scanner.value(), Ok(Value::Object(_)));
        let value = scanner.slice_from(start);
        let ours = find(
            fields,
            &|_, theirs| matches!(theirs, Value::String(theirs) if theirs.get() == name),
        );
        let ours = match ours {
            Some((ours, _)) => ours,
            // What the server calls so is something else.
            None if mapped(fields, &name).is_some() => continue,
            None => name,
        };
        out.push(mark);
        mark = ',';
        push_string(out, &ours);
        out.push(':');
        if is_object && ours == "progress" {
            rename(out, fields, value);
        } else {
            out.push_str(value);
        }
    }
    if mark == '{' {
        out.push(mark);
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
        assert_eq!(mapped(map, "a").as_deref(), Some("x"));
        assert_eq!(mapped(map, "b\n").as_deref(), Some("y"));
        assert_eq!(mapped(map, "c"), None);
        assert_eq!(mapped("", "a"), None);
        assert_eq!(
            (number(map, "n"), number(map, "m"), number("", "n")),
            (1500, 0, 0)
        );
    }
}
