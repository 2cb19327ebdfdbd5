//! Whatever a server sends, the page is told JSON.

use proptest::prelude::*;

#[path = "../corpus/checks.rs"]
#[allow(dead_code)]
mod checks;

/// What frames are made of.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "\u{1e}",
        "\"\\u0061\"",
        "\"é\"",
        "\"",
        "\\",
        "1",
        "-2.5e3",
        "null",
        "true",
        r#""type":"job_status""#,
        r#""type":"playlist_updated""#,
        r#""event":"track_enriched""#,
        r#""data":{"#,
        r#""jobId":1"#,
        r#""job":"j""#,
        r#""trackId":"t""#,
        r#""playlist_id":2"#,
        r#""status":"failed""#,
        r#""updates":{"a":1}"#,
        r#""progress":{"processed":1,"total":2}"#,
        r#""a\"b\u00e9":"x""#,
        r#""error":{"message":"m"}"#,
    ];
    prop::sample::select(words.map(str::to_owned).to_vec())
}

/// Objects with such members, most of them whole.
fn object() -> impl Strategy<Value = String> {
    let member = piece().prop_filter("a member", |piece| piece.contains("\":"));
    prop::collection::vec(member, 0..6).prop_map(|members| {
        let text = members.join(",");
        let open = text.matches(":{").count() - text.matches('}').count();
        format!("{{{text}{}}}", "}".repeat(open))
    })
}

proptest! {
    #[test]
    fn a_batch_is_json(pieces in prop::collection::vec(piece(), 0..20)) {
        checks::broadcast(&pieces.concat());
    }

    #[test]
    fn a_batch_of_objects_is_json(objects in prop::collection::vec(object(), 1..6)) {
        checks::broadcast(&objects.join("\n"));
    }
}
