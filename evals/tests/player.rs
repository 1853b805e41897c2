//! The player with stand-ins for the binary: shell scripts that tell a story of a few lines.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

use evals::{Ended, GateAnswer, Mind, PlayedOnce, Player, Remains, Scenario, read_all};

fn scenario(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    read_all(&folder, &[name.to_owned()]).unwrap().remove(0)
}

/// Plays a scenario with a binary that does what the script says; `$KEEP` is the folder that it is to fill. The binary is a file of the
/// repository, since one that was just written may be busy while another test starts a process.
async fn play(name: &str, script: &str) -> anyhow::Result<Remains> {
    let folder = tempfile::tempdir()?;
    let kept = folder.path().join("kept");
    std::fs::create_dir(&kept)?;
    std::fs::write(folder.path().join("kept.script"), script)?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand-in.sh");
    Player::new(program, Mind::Rules).play(&scenario(name), &kept).await
}

#[tokio::test]
async fn a_story_that_fails_is_a_result_with_its_last_words() {
    let remains =
        play("failing", "echo 'git is missing:' >&2; echo '  install it' >&2; exit 1").await.unwrap();
    assert_eq!(remains.ended, Ended::Badly { said: "git is missing: install it".to_owned() });
    let played = PlayedOnce::of(&scenario("failing"), &remains, &Mind::Rules);
    let ending = played.scored.iter().find(|scored| scored.scorer == "ending").unwrap();
    assert_eq!(ending.wrong.as_deref(), Some("the command failed: git is missing: install it"));
    assert!(played.breaks_a_must());
}

#[tokio::test]
async fn the_story_is_asked_for_by_name_and_what_it_was_answered_at_the_gate_counts() {
    let script = r#"test "$*" = "demo --json --scenario healthy --keep $KEEP" || exit 3
echo '{"what":"gate-answered","status":200,"promote":true,"confidence":60,"analysis":""}'"#;
    let remains = play("healthy", script).await.unwrap();
    assert_eq!(remains.ended, Ended::Well);
    assert_eq!(remains.gate, Some(GateAnswer { status: 200, promote: Some(true) }));
}

#[tokio::test]
async fn a_gate_that_cannot_be_reached_gave_no_answer() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let script = format!(
        "echo '{{\"what\":\"daemon-started\",\"address\":\"{closed}\"}}'; echo '{{\"what\":\"trouble-seen\"}}'"
    );
    assert_eq!(play("failing", &script).await.unwrap().gate, None);
}

#[tokio::test]
async fn words_that_are_no_story_are_an_error() {
    let error = play("failing", "echo 'not a line of JSON'").await.unwrap_err();
    assert!(error.downcast_ref::<serde_json::Error>().is_some(), "{error:#}");
}

#[tokio::test]
async fn what_is_left_and_cannot_be_read_is_an_error_and_no_score() {
    let script =
        r#"case $1 in demo) : > "$KEEP/agents.toml" ;; *) echo 'the journal is damaged' >&2; exit 1 ;; esac"#;
    let error = play("failing", script).await.unwrap_err().to_string();
    assert_eq!(error, "rollmend incidents --json failed: the journal is damaged");
}
