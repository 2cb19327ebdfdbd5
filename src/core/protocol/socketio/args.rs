//! The array that events and acknowledgements hold.

use crate::core::json::{Scanner, Str, Value};
use crate::core::protocol::socketio::Error;

/// Reads an array and nothing behind it: the name of the event, when it has one, and the text of the elements (behind
/// the name), with the commas between them.
pub(super) fn split(data: &str, named: bool) -> Result<(Str<'_>, &str), Error> {
    let mut scanner = Scanner::new(data);
    let mut first = scanner.eat(b'[');
    if !first {
        return Err(Error::WrongData);
    }
    let mut name = Str::plain("");
    if named {
        name = match scanner.element(&mut first)? {
            Some(Value::String(name)) => name,
            // As the reference takes it: a number is a name.
            Some(Value::Number(_)) => Str::plain(scanner.last_scalar()),
            _ => return Err(Error::WrongData),
        };
    }
    let (mut start, mut end) = (0, 0);
    while scanner.goes_on(&mut first)? {
        scanner.peek();
        if end == 0 {
            start = scanner.position();
        }
        scanner.value()?;
        end = scanner.position();
    }
    scanner.end()?;
    Ok((name, data.get(start..end).unwrap_or("")))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn the_name_and_the_rest_are_cut_out() {
        for (data, name, args) in [
            (r#"["a"]"#, "a", ""),
            (r#"["a",1]"#, "a", "1"),
            (
                r#" [ "a" , [ 1 ] , {"b":"]"} ] "#,
                "a",
                r#"[ 1 ] , {"b":"]"}"#,
            ),
            (r#"["\u00fc",null]"#, "ü", "null"),
            (r#"[-7,"x"]"#, "-7", r#""x""#),
            (r#"["",""]"#, "", r#""""#),
        ] {
            let (found, rest) = split(data, true).unwrap();
            assert_eq!((found.get().as_ref(), rest), (name, args), "{data}");
        }
        assert_eq!(split("[1, 2]", false), Ok((Str::plain(""), "1, 2")));
        assert_eq!(split("[]", false), Ok((Str::plain(""), "")));
    }

    #[test]
    fn anything_else_is_refused() {
        for (data, error) in [
            ("", Error::WrongData),
            ("{}", Error::WrongData),
            ("\"a\"", Error::WrongData),
            ("[]", Error::WrongData),
            ("[null]", Error::WrongData),
            ("[[\"a\"]]", Error::WrongData),
            ("[\"a\"", Error::NotJson),
            ("[\"a\",]", Error::NotJson),
            ("[\"a\" 1]", Error::NotJson),
            ("[\"a\"]]", Error::NotJson),
            ("[\"a\",1}", Error::NotJson),
        ] {
            assert_eq!(split(data, true), Err(error), "{data}");
        }
        let deep = format!("[\"a\",{}", "[".repeat(70));
        assert_eq!(split(&deep, true), Err(Error::TooDeep));
    }
}
