//! The commands as a person calls them: the built binary, its words and its exit codes.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::DateTime;
use domain::ports::{Journal, Step};
use domain::workflow::{Detection, Event, Trigger, open};
use domain::{IncidentIdentity, Mode, NamedRepository, RolloutRef, Trouble};
use serde_json::Value;
use store::{Lock, SqliteJournal};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn configuration(&self) -> PathBuf {
        self.write(
            "agents.toml",
            &format!("[daemon]\nlisten = \"127.0.0.1:0\"\ndata = \"{}\"\n", self.folder.path().display()),
        )
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_rollmend"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("ROLLMEND_CONFIG")
            .env("KUBECONFIG", self.path("no-kubeconfig"))
            .output()
            .unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

async fn incident(journal: &Path) -> String {
    let detection = Detection {
        identity: IncidentIdentity {
            cluster: "c1".parse().unwrap(),
            rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
            uid: "11e7bd8a".parse().unwrap(),
            canary: "86686d4656".parse().unwrap(),
        },
        mode: Mode::Explain,
        attempt_started_at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
        troubles: vec![Trouble::AbortedByHand],
        trigger: Trigger::Watch,
        named: NamedRepository::default(),
    };
    let at = DateTime::from_timestamp(1_795_000_060, 0).unwrap();
    let opened = open(detection.clone(), at);
    let id = opened.run.id.to_string();
    let event = Event::Detected { detection: Box::new(detection) };
    let journal = SqliteJournal::open(journal).await.unwrap();
    journal
        .commit(&Step { run: opened.run, at, event, effects: opened.effects, settles: None })
        .await
        .unwrap();
    journal.close().await;
    id
}

#[test]
fn serve_without_a_file_refuses_and_names_the_command_that_helps() {
    let output = Desk::new().run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    let said = err(&output);
    assert!(said.contains("there is no configuration: agents.toml does not exist"), "{said}");
    assert!(
        ["rollmend demo", "rollmend init", "rollmend check"].iter().all(|help| said.contains(help)),
        "{said}"
    );
}

#[test]
fn serve_with_a_bad_file_says_everything_that_is_wrong_with_it() {
    let desk = Desk::new();
    desk.write("agents.toml", "[daemon]\nmode = \"maybe\"\nlisen = 1\n");
    let output = desk.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("agents.toml has 2 problems"), "{}", err(&output));
}

#[test]
fn serve_without_a_cluster_says_how_one_is_found() {
    let desk = Desk::new();
    desk.configuration();
    let output = desk.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("find a Kubernetes cluster"), "{}", err(&output));
}

#[test]
fn serve_without_its_secret_names_the_key_and_the_variable() {
    let desk = Desk::new();
    desk.write("agents.toml", "[github]\ntoken = { env = \"ROLLMEND_TEST_IS_NOT_SET\" }\n");
    let said = err(&desk.run(&["serve"]));
    assert!(
        said.contains("[github] token") && said.contains("ROLLMEND_TEST_IS_NOT_SET is not set"),
        "{said}"
    );
}

#[test]
fn a_second_daemon_is_told_who_has_the_journal() {
    let desk = Desk::new();
    desk.configuration();
    let _held = Lock::take(&desk.path("rollmend.db"), "process 4711 on node-3").unwrap();
    let output = desk.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("process 4711 on node-3 has it"), "{}", err(&output));
}

#[test]
fn check_tells_a_valid_file_from_a_bad_one_for_people_and_machines() {
    let desk = Desk::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents.toml");
    let good = desk.run(&["check", "--config", shipped.to_str().unwrap()]);
    assert_eq!(good.status.code(), Some(0), "{}", err(&good));
    assert!(
        out(&good).contains("is valid: mode propose opens pull requests in https://github.com/acme/shop"),
        "{}",
        out(&good)
    );

    desk.write("agents.toml", "[gate]\nmin_lines = 0\n");
    let bad = desk.run(&["check"]);
    assert_eq!((bad.status.code(), out(&bad).as_str()), (Some(1), ""));
    let json = desk.run(&["check", "--json"]);
    assert_eq!(json.status.code(), Some(1));
    let listed: Value = serde_json::from_str(&out(&json)).unwrap();
    assert_eq!((&listed[0]["line"], &listed[0]["column"]), (&2.into(), &13.into()));
    assert!(listed[0]["suggestion"].as_str().unwrap().contains("a whole number from 1"), "{listed}");
}

#[tokio::test]
async fn incidents_lists_what_the_journal_holds() {
    let desk = Desk::new();
    desk.configuration();
    let absent = desk.run(&["incidents"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(err(&absent).contains("there is none"), "{}", err(&absent));

    let id = incident(&desk.path("rollmend.db")).await;
    let listed = out(&desk.run(&["incidents"]));
    assert!(
        listed.starts_with("INCIDENT") && listed.contains(&id) && listed.contains("gathering"),
        "{listed}"
    );
    let json: Value = serde_json::from_str(&out(&desk.run(&["incidents", "--json"]))).unwrap();
    assert_eq!((&json[0]["id"], &json[0]["namespace"]), (&id.clone().into(), &"shop".into()));
    assert_eq!(json[0]["state"], "gathering");
}

#[tokio::test]
async fn show_finds_an_incident_by_id_beginning_and_rollout() {
    let desk = Desk::new();
    desk.configuration();
    let id = incident(&desk.path("rollmend.db")).await;
    for name in [id.as_str(), "shop-checkout-", "shop/checkout"] {
        let output = desk.run(&["show", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
        assert!(out(&output).contains("trouble: aborted-by-hand"), "{}", out(&output));
    }
    let json: Value = serde_json::from_str(&out(&desk.run(&["show", &id, "--json"]))).unwrap();
    assert_eq!(json["incident"]["id"], id);
    assert_eq!(json["history"].as_array().unwrap().len(), 1);
    assert!(json["case"].is_null());

    let unknown = desk.run(&["show", "nothing"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("there is no incident nothing"), "{}", err(&unknown));
    let early = desk.run(&["show", &id, "--exhibit", "E1"]);
    assert!(err(&early).contains("has no case file yet"), "{}", err(&early));
}

#[test]
fn a_damaged_journal_is_refused_with_what_to_do() {
    let desk = Desk::new();
    desk.configuration();
    desk.write("rollmend.db", &"no database ".repeat(1_000));
    let output = desk.run(&["incidents"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("move it away"), "{}", err(&output));
}

#[test]
fn help_is_worth_reading_and_a_wrong_command_line_is_exit_code_two() {
    let desk = Desk::new();
    let help = out(&desk.run(&["--help"]));
    for word in [
        "demo",
        "serve",
        "analyze",
        "incidents",
        "show",
        "export",
        "replay",
        "check",
        "doctor",
        "init",
        "Exit codes:",
    ] {
        assert!(help.contains(word), "{word} is missing in {help}");
    }
    assert_eq!(desk.run(&["serf"]).status.code(), Some(2));
    assert!(!out(&desk.run(&["incidents", "--help"])).contains('\u{1b}'), "colour without a terminal");
}
