//! What a person sees who starts the double by hand.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn testbed(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollmend-testbed"));
    command.args(arguments).kill_on_drop(true).env("RUST_BACKTRACE", "0");
    command
}

#[tokio::test]
async fn the_terminal_shows_where_it_listens_and_what_it_is_asked_and_no_token() {
    let arguments = ["github", "--repo", "acme/shop", "--token", "ghp_secret:octocat:read"];
    let mut child = testbed(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let clone = lines.next_line().await.unwrap().unwrap();
    let listens = lines.next_line().await.unwrap().unwrap();
    let url = listens.strip_prefix("github listens on ").unwrap();
    assert_eq!(clone, format!("clone {url}/acme/shop.git"));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().user_agent("tests").no_proxy().build().unwrap();
    client.get(format!("{url}/user?token=ghp_secret")).bearer_auth("ghp_secret").send().await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "GET /user 200");
}

#[tokio::test]
async fn without_git_it_says_so_in_one_sentence() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = testbed(&["github", "--repo", "acme/shop", "--token", "t"]);
    let output = command.env("PATH", nowhere.path()).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let sentence = "rollmend-testbed: failed to start: run git, which serves the repositories: install git and put it on \
                    PATH: No such file or directory (os error 2)\n";
    assert_eq!((output.status.code(), said.as_str()), (Some(1), sentence));
}
