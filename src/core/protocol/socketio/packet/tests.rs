use super::*;
use crate::core::protocol::socketio::{MAX_ATTACHMENTS, encode};
use proptest::prelude::*;

fn text(packet: &Packet<'_>) -> Result<String, Error> {
    let mut out = String::from("4");
    encode(packet, &mut out)?;
    Ok(out.split_off(1))
}

fn packet<'a>(namespace: &'a str, attachments: u32, body: Body<'a>) -> Packet<'a> {
    Packet {
        namespace,
        attachments,
        body,
    }
}

fn event<'a>(name: &'a str, args: &'a str, ack: Option<u64>) -> Body<'a> {
    let name = Str::plain(name);
    Body::Event { name, args, ack }
}

#[test]
fn packets_are_read_and_written() {
    let picture = r#"{"_placeholder":true,"num":0}"#;
    for (written, read) in [
        ("0", packet("/", 0, Body::Connect(""))),
        (
            r#"0{"token":"a"}"#,
            packet("/", 0, Body::Connect(r#"{"token":"a"}"#)),
        ),
        ("0/jobs,", packet("/jobs", 0, Body::Connect(""))),
        (
            r#"0/jobs,{"sid":"a"}"#,
            packet("/jobs", 0, Body::Connect(r#"{"sid":"a"}"#)),
        ),
        ("1", packet("/", 0, Body::Disconnect(""))),
        ("1/jobs,", packet("/jobs", 0, Body::Disconnect(""))),
        (
            r#"1/jobs,{"message":"a"}"#,
            packet("/jobs", 0, Body::Disconnect(r#"{"message":"a"}"#)),
        ),
        (
            r#"4/no,"Unable""#,
            packet("/no", 0, Body::ConnectError(r#""Unable""#)),
        ),
        (
            r#"4{"message":"a"}"#,
            packet("/", 0, Body::ConnectError(r#"{"message":"a"}"#)),
        ),
        (r#"2["a"]"#, packet("/", 0, event("a", "", None))),
        (
            r#"2["a",1,{"b":[]}]"#,
            packet("/", 0, event("a", r#"1,{"b":[]}"#, None)),
        ),
        (r#"20["a"]"#, packet("/", 0, event("a", "", Some(0)))),
        (
            r#"2/jobs,12["ü"]"#,
            packet("/jobs", 0, event("ü", "", Some(12))),
        ),
        (
            r#"218446744073709551615["a"]"#,
            packet("/", 0, event("a", "", Some(u64::MAX))),
        ),
        (
            "3/jobs,7[]",
            packet("/jobs", 0, Body::Ack { id: 7, args: "" }),
        ),
        (
            r#"37[1,"x"]"#,
            packet(
                "/",
                0,
                Body::Ack {
                    id: 7,
                    args: r#"1,"x""#,
                },
            ),
        ),
        (
            r#"51-/jobs,2["a",{"_placeholder":true,"num":0}]"#,
            packet("/jobs", 1, event("a", picture, Some(2))),
        ),
        (
            r#"61-5[{"_placeholder":true,"num":0}]"#,
            packet(
                "/",
                1,
                Body::Ack {
                    id: 5,
                    args: picture,
                },
            ),
        ),
    ] {
        assert_eq!(decode(written), Ok(read), "{written}");
        assert_eq!(text(&read).as_deref(), Ok(written));
    }
}

#[test]
fn a_namespace_is_known_without_its_query() {
    for text in [
        r#"0/admin?x=1,{"sid":"a"}"#,
        r#"0/admin?,{"sid":"a"}"#,
        r#"0/admin,{"sid":"a"}"#,
    ] {
        assert_eq!(decode(text).unwrap().namespace, "/admin");
    }
    // Without a comma it goes to the end, as python-socketio may write it.
    assert_eq!(
        decode("1/admin?x"),
        Ok(packet("/admin", 0, Body::Disconnect("")))
    );
    assert_eq!(decode("0/?x=1,").unwrap().namespace, "/");
    // None is asked for with one: the answer could not be told to be its.
    let asked = packet("/admin?x=1", 0, Body::Connect(""));
    assert_eq!(text(&asked), Err(Error::Namespace));
}

#[test]
fn white_space_in_json_does_not_matter() {
    let read = decode("2[ \"a\" , 1 ] ").unwrap();
    assert_eq!(read.body, event("a", "1", None));
}

#[test]
fn a_placeholder_without_attachments_is_an_object_like_any_other() {
    let args = r#"{"_placeholder":true,"num":7}"#;
    let read = decode(r#"2["a",{"_placeholder":true,"num":7}]"#).unwrap();
    assert_eq!(read.body, event("a", args, None));
}

#[test]
fn what_is_no_packet_says_why() {
    let deep = format!("2[\"a\",{}{}]", "[".repeat(70), "]".repeat(70));
    for (text, error) in [
        ("", Error::UnknownType),
        ("7", Error::UnknownType),
        ("é", Error::UnknownType),
        ("-1", Error::UnknownType),
        ("5", Error::Attachments),
        ("5-[\"a\"]", Error::Attachments),
        ("50-[\"a\"]", Error::Attachments),
        ("511-[\"a\"]", Error::Attachments),
        ("51[\"a\"]", Error::Attachments),
        ("599999999999999999999999-[\"a\"]", Error::Attachments),
        ("51.5-[\"a\"]", Error::Attachments),
        ("218446744073709551616[\"a\"]", Error::AckId),
        (
            "20000000000000000000000000018446744073709551616[]",
            Error::AckId,
        ),
        ("3[]", Error::AckId),
        ("3/jobs,[]", Error::AckId),
        ("2", Error::WrongData),
        ("2{}", Error::WrongData),
        ("2[]", Error::WrongData),
        ("2[true]", Error::WrongData),
        ("2-1[\"a\"]", Error::WrongData),
        ("31", Error::WrongData),
        ("31{}", Error::WrongData),
        ("0[]", Error::WrongData),
        ("0\"a\"", Error::WrongData),
        ("012", Error::WrongData),
        ("1[]", Error::WrongData),
        ("41", Error::WrongData),
        ("0{", Error::NotJson),
        ("0{}{}", Error::NotJson),
        ("2[\"a\"]x", Error::NotJson),
        ("2[\"a\"", Error::NotJson),
        ("2[\"a\",]", Error::NotJson),
        (&deep, Error::TooDeep),
        ("2[\"connect\"]", Error::ReservedName),
        ("2[\"dis\\u0063onnect\"]", Error::ReservedName),
        (
            "51-[\"newListener\",{\"_placeholder\":true,\"num\":0}]",
            Error::ReservedName,
        ),
        ("51-[\"a\"]", Error::Placeholder),
        (
            "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
            Error::Placeholder,
        ),
        ("61-1[]", Error::Placeholder),
    ] {
        assert_eq!(decode(text), Err(error), "{text}");
    }
}

#[test]
fn what_would_not_be_read_is_not_written() {
    let picture = r#"{"_placeholder":true,"num":0}"#;
    for (packet, error) in [
        (packet("jobs", 0, Body::Connect("")), Error::Namespace),
        (packet("", 0, Body::Connect("")), Error::Namespace),
        (packet("/a,b", 0, Body::Connect("")), Error::Namespace),
        (packet("/a\u{1e}", 0, Body::Connect("")), Error::Namespace),
        (packet("/", 0, Body::Connect("[]")), Error::WrongData),
        (packet("/", 0, Body::Connect("{}{}")), Error::NotJson),
        (packet("/", 1, Body::Connect("{}")), Error::Attachments),
        (
            packet("/", 0, event("disconnect", "", None)),
            Error::ReservedName,
        ),
        (packet("/", 0, event("a", "1],[2", None)), Error::NotJson),
        (packet("/", 0, event("a", ",", None)), Error::NotJson),
        (packet("/", 0, event("a", "\u{1e}", None)), Error::NotJson),
        (
            packet("/", 0, Body::Ack { id: 1, args: "]" }),
            Error::NotJson,
        ),
        (packet("/", 1, event("a", "1", None)), Error::Placeholder),
        (
            packet("/", 2, event("a", picture, None)),
            Error::Placeholder,
        ),
        (
            packet("/", 11, event("a", picture, None)),
            Error::Attachments,
        ),
    ] {
        assert_eq!(text(&packet), Err(error), "{packet:?}");
        let mut out = String::from("before");
        let _ = encode(&packet, &mut out);
        assert_eq!(out, "before");
    }
}

/// An array's inside: JSON values, and as many placeholders.
fn args() -> impl Strategy<Value = (String, u32)> {
    let value = prop_oneof![
        any::<i32>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(String::from("{\"a\":[null,{}]}")),
    ];
    (
        proptest::collection::vec(value, 0..4),
        0..=MAX_ATTACHMENTS,
        any::<bool>(),
    )
        .prop_map(|(mut values, attachments, wrapped)| {
            for num in 0..attachments {
                let one = format!("{{\"_placeholder\":true,\"num\":{num}}}");
                values.push(if wrapped {
                    format!("[{{\"b\":{one}}}]")
                } else {
                    one
                });
            }
            (values.join(","), attachments)
        })
}

proptest! {
    #[test]
    fn packets_survive_the_round_trip(
        namespace in "/[^,?\\x00-\\x1f]{0,6}",
        name in any::<String>(),
        (args, attachments) in args(),
        ack in any::<Option<u64>>(),
        kind in 0u8..5,
        auth in any::<String>(),
    ) {
        let auth = serde_json::json!({ "sid": auth }).to_string();
        let (body, attachments) = match kind {
            0 => (Body::Connect(&auth), 0),
            1 => (Body::Disconnect(""), 0),
            2 => (Body::ConnectError(&auth), 0),
            3 => (event(&name, &args, ack), attachments),
            _ => (Body::Ack { id: ack.unwrap_or(0), args: &args }, attachments),
        };
        let sent = packet(&namespace, attachments, body);
        let written = text(&sent);
        prop_assume!(written != Err(Error::ReservedName));
        let written = written.unwrap();
        prop_assert!(written.bytes().all(|byte| byte >= 0x20));
        let read = decode(&written).unwrap();
        prop_assert_eq!(text(&read).unwrap(), written.as_str());
        match (read.body, sent.body) {
            (Body::Event { name: ours, args, ack }, Body::Event { name: theirs, args: sent_args, ack: sent_ack }) => {
                prop_assert_eq!(ours.get(), theirs.get());
                prop_assert_eq!((args, ack), (sent_args, sent_ack));
                prop_assert_eq!((read.namespace, read.attachments), (sent.namespace, sent.attachments));
            }
            _ => prop_assert_eq!(read, sent),
        }
    }

    #[test]
    fn what_is_read_can_be_written(text_in in r#"[0-6][0-9]{0,2}-?(/[a,?]{0,3},)?[0-9]{0,2}(\["a"(,1|,\{"_placeholder":true,"num":[01]\}){0,3}\]|\{"a":1\}|"x")?"#) {
        if let Ok(read) = decode(&text_in) {
            let again = text(&read).unwrap();
            prop_assert_eq!(decode(&again), Ok(read));
        }
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = decode(&text);
    }

    #[test]
    fn never_panics_near_a_packet(text in r#"[0-7][0-9]{0,3}-?(/[a?]{0,2},?)?[0-9]{0,3}[\[\]{}",:a1é\\]{0,12}"#) {
        let _ = decode(&text);
    }
}
