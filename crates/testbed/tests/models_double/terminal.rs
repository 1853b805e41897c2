//! What a person sees who starts the models by hand.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::caller::{message, user};

fn models(script: &str, listen: &str) -> (tempfile::TempDir, Command) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("script.json");
    std::fs::write(&file, script).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollmend-testbed"));
    command.args(["models", "--token", "sk-secret", "--listen", listen, "--script"]).arg(file);
    command.kill_on_drop(true).env("RUST_BACKTRACE", "0");
    (directory, command)
}

#[tokio::test]
async fn the_terminal_shows_where_it_listens_what_it_is_asked_and_what_does_not_fit() {
    let script =
        json!({"conversations": [{"name": "a", "turns": [{"expect": ["E1"], "answer": {"text": "hi"}}]}]});
    let (_directory, mut command) = models(&script.to_string(), "127.0.0.1:0");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let listens = lines.next_line().await.unwrap().unwrap();
    let url = listens.strip_prefix("models listens on ").unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for text in ["E1", "E2"] {
        let request = client.post(format!("{url}/v1/messages")).json(&message("s", &[user(text)]));
        let sent = request.header("x-api-key", "sk-secret").header("anthropic-version", "2023-06-01").send();
        sent.await.unwrap();
    }
    let mut shown = Vec::new();
    for _ in 0..3 {
        shown.push(lines.next_line().await.unwrap().unwrap());
    }
    shown.sort();
    let expected = [
        "POST /v1/messages 200",
        "POST /v1/messages 500",
        "mismatch: the script's \"a\", turn 0: \"E1\" is not in what came last: \"E2\"",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_script_with_a_slip_is_refused_in_one_sentence() {
    let (directory, mut command) = models(r#"{"conversation": []}"#, "127.0.0.1:0");
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let sentence = format!(
        "rollmend-testbed: failed to use {}/script.json: read the script: unknown field `conversation`, expected `models` \
         or `conversations` at line 1 column 15\n",
        directory.path().display()
    );
    assert_eq!((output.status.code(), said), (Some(1), sentence));
}

#[tokio::test]
async fn nothing_but_loopback_is_listened_on() {
    let (_directory, mut command) = models(r#"{"conversations": []}"#, "0.0.0.0:0");
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "rollmend-testbed: the models listen on 127.0.0.1 only, not on 0.0.0.0\n");
}
