//! A demo in which a model judges and mends, played by a script behind the wire of `OpenAI`'s Chat Completions.

use serde_json::{Value, json};
use shop::Release;
use testbed::models::{Conversation, ModelServer, ModelWorld, Outcome, Script, Turn};

use crate::{Demo, compiled, pull_requests, tree, verdict};

const KEY: &str = "sk-of-the-demo";
const VARIABLE: &str = "ROLLMEND_TEST_MODEL_KEY";
const BEFORE: &str = "    let ratio = 100 * by_gift_card / by_card;";
const AFTER: &str = "    let ratio = (100 * by_gift_card).checked_div(by_card).unwrap_or(0);";

fn judging(answer: Value) -> Turn {
    let mut arguments = json!({
        "root_cause": "An order that a gift card pays whole divides by what is left for the card, which is zero.",
        "remediation": "Give such an order a ratio of its own.",
        "claims": [{"exhibit": "{{capture:(E[0-9]+): rust}}", "text": "the panic", "quote": "attempt to divide by zero"}],
    });
    if let (Value::Object(arguments), Value::Object(more)) = (&mut arguments, answer) {
        arguments.extend(more);
    }
    Turn::call("verdict", arguments)
}

/// Judges twice, at the trouble and at the end, and mends the one line.
fn script() -> Script {
    let suspect = "{{capture:([0-9a-f]{7}) “Split payments}}";
    let ending = json!({
        "ending": "patch",
        "title": "Let a gift card pay a whole order",
        "what_changes": "An order without a rest for the card has the ratio 0.",
        "why_not_revert": "Receipts would no longer name what the gift card paid.",
        "what_is_not_shown": "What the till makes of a ratio of 0.",
    });
    Script {
        models: vec!["scripted-1".to_owned()],
        conversations: vec![
            Conversation::new(
                "mending",
                "You mend the cause of a failed canary",
                [
                    Turn::call("read_file", json!({"path": "src/prices.rs"})),
                    Turn::call("edit", json!({"path": "src/prices.rs", "old": BEFORE, "new": AFTER}))
                        .expecting("by_gift_card / by_card"),
                    Turn::call("finish", ending),
                ],
            ),
            Conversation::new(
                "judging at the end",
                "frozen when the run had ended",
                [judging(json!({"category": "code", "confidence": 88, "suspect": suspect}))],
            ),
            Conversation::new(
                "judging at the trouble",
                "You find out why a canary failed",
                [judging(json!({"category": "unknown", "confidence": 40}))],
            ),
        ],
    }
}

fn given(base_url: &str) -> [&str; 8] {
    [
        "--model",
        "openai-compatible",
        "--base-url",
        base_url,
        "--model-name",
        "scripted-1",
        "--api-key-env",
        VARIABLE,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_judges_and_mends_where_one_is_given() {
    let world = ModelWorld { token: KEY.to_owned(), script: script() };
    let models = ModelServer::start(world).await.unwrap();
    let (demo, base_url) = (Demo::new(), models.openai_url());
    let (demo, told) = tokio::task::spawn_blocking(move || {
        let told = demo.play_to_its_end(demo.command(&given(&base_url)).env(VARIABLE, KEY));
        (demo, told)
    })
    .await
    .unwrap();
    assert_eq!(models.mismatches(), Vec::<String>::new(), "{told}");
    let is_played = |outcome: &Outcome| matches!(outcome, Outcome::Played { .. });
    assert!(models.requests().iter().all(|request| is_played(&request.outcome)), "{told}");
    assert!(told.contains("mode propose, the model scripted-1"), "{told}");
    let preface: Vec<&str> = told.split_whitespace().take_while(|word| *word != "✓").collect();
    let leaves = format!("nothing leaves loopback but what the model at {} is asked.", models.base_url());
    assert!(preface.join(" ").ends_with(&leaves), "{told}");
    assert!(!told.contains(KEY));
    assert!(!std::fs::read_to_string(demo.root().join("agents.toml")).unwrap().contains(KEY));
    let repository = demo.repository();
    assert_eq!(pull_requests(&repository), ["refs/pull/1/head"]);
    let mut mended = compiled(Release::Faulty);
    let prices = mended.get_mut("src/prices.rs").unwrap();
    *prices = prices.replace(BEFORE, AFTER);
    assert_eq!(tree(&repository, "refs/pull/1/head"), mended);
    let shown = demo.look(&["show", "shop/checkout", "--json"]);
    assert_eq!(verdict(&shown).0, "code");
    let analyst = &shown["incident"]["verdict"]["analyst"];
    assert_eq!(analyst["model"]["model"], "main", "{analyst}");
}

#[test]
fn a_model_is_named_whole_or_not_at_all() {
    for (arguments, missing) in [
        (&["--model", "openai-compatible"][..], "--base-url <URL>"),
        (&["--model", "openai-compatible", "--base-url", "http://127.0.0.1:1/v1"], "--model-name <NAME>"),
        (&["--base-url", "http://127.0.0.1:1/v1"], "--model <PROVIDER>"),
        (&["--model-name", "scripted-1"], "--model <PROVIDER>"),
        (&["--api-key-env", VARIABLE], "--model <PROVIDER>"),
    ] {
        let output = Demo::new().command(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains("required arguments were not provided") && errors.contains(missing),
            "{errors}"
        );
    }
}

#[test]
fn a_key_that_is_not_there_is_named_before_anything_is_deployed() {
    let demo = Demo::new();
    let output = demo.command(&given("http://127.0.0.1:1/v1")).env_remove(VARIABLE).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(VARIABLE), "{errors}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("goes to 1 of 4 pods"));
}
