//! Scripts in files.

use serde_json::json;
use testbed::models::{Answer, Call, Conversation, Repeat, Script, Turn, Usage};

#[test]
fn a_file_can_say_all_that_a_test_can() {
    let file = r#"{
        "models": ["gpt-test"],
        "conversations": [{
            "name": "analyzer",
            "when": "You find causes",
            "turns": [
                {
                    "expect": ["E1"],
                    "absent": ["ghp_"],
                    "first": [{"status": {"code": 429, "headers": {"retry-after": "2"}}}, "close"],
                    "answer": {"calls": [
                        {"name": "read_file", "arguments": {"path": "{{capture:(\\S+)\\.rs}}"}},
                        {"name": "read_file", "raw": "{"},
                        {"name": "list"}
                    ]},
                    "usage": {"said": {"input": 9, "output": 3}}
                },
                {"answer": {"text": "hi"}},
                {"answer": {"text_and_calls": {"text": "hi", "calls": [{"name": "list"}]}}},
                {"answer": {"cut": {"name": "list"}}},
                {"answer": {"cut_text": "hi"}, "usage": "withheld"},
                {"answer": "empty"},
                {"answer": {"huge": 10000000}},
                {"answer": "hang", "repeat": "forever"}
            ]
        }]
    }"#;
    let list = || Call::new("list", json!({}));
    let first = Turn::calls([
        Call::new("read_file", json!({"path": "{{capture:(\\S+)\\.rs}}"})),
        Call::raw("read_file", "{"),
        list(),
    ]);
    let mut first = first
        .expecting("E1")
        .after(Answer::rate_limited(2))
        .after(Answer::Close)
        .using(Usage::Said { input: 9, output: 3, cached: 0 });
    first.absent.push("ghp_".to_owned());
    let turns = [
        first,
        Turn::text("hi"),
        Turn::new(Answer::TextAndCalls { text: "hi".to_owned(), calls: vec![list()] }),
        Turn::new(Answer::Cut(list())),
        Turn::new(Answer::CutText("hi".to_owned())).using(Usage::Withheld),
        Turn::new(Answer::Empty),
        Turn::new(Answer::Huge(10_000_000)),
        Turn { repeat: Repeat::Forever, ..Turn::new(Answer::Hang) },
    ];
    let expected = Script {
        models: vec!["gpt-test".to_owned()],
        conversations: vec![Conversation::new("analyzer", "You find causes", turns)],
    };
    assert_eq!(Script::parse(file).unwrap(), expected);
}

#[test]
fn a_file_with_a_slip_is_refused_with_its_place() {
    let slip = |turns: &str| {
        let file = format!(r#"{{"conversations": [{{"name": "a", "turns": {turns}}}]}}"#);
        let error = Script::parse(&file).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
    };
    let unknown = slip(r#"[{"answer": "empty", "expects": ["x"]}]"#);
    assert!(unknown.starts_with("read the script: unknown field `expects`"), "{unknown}");
    let both = slip(r#"[{"answer": {"calls": [{"name": "a", "arguments": {}, "raw": ""}]}}]"#);
    assert!(both.contains("a call has either arguments or raw"), "{both}");
    assert_eq!(slip("[]"), "understand the script: in \"a\" there is no turn: ");
    let early = slip(r#"[{"answer": "empty", "repeat": "forever"}, {"answer": "empty"}]"#);
    assert!(early.contains("turn 0 repeats for ever"), "{early}");
    let calls = slip(r#"[{"answer": {"calls": []}}]"#);
    assert!(calls.contains("turn 0 has calls, but none in them"), "{calls}");
    let capture = slip(r#"[{"answer": {"text": "{{capture:(}}"}}]"#);
    assert!(capture.contains("turn 0 has the capture \"(\""), "{capture}");
    let status = slip(r#"[{"answer": {"status": {"code": 99}}}]"#);
    assert!(status.contains("turn 0 has the status 99"), "{status}");
    let header = slip(r#"[{"answer": {"status": {"code": 429, "headers": {"a b": "c"}}}}]"#);
    assert!(header.contains("turn 0 has the header \"a b\""), "{header}");
}
