//! The demo as a person sees it: the built binary, its words, its pull request, and what it leaves behind.
//!
//! With `ROLLMEND_BLESS=1` the pages in `docs/` are written anew from what came out.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "demo/model.rs"]
mod model;
#[path = "demo/pages.rs"]
mod pages;
#[path = "demo/processes.rs"]
mod processes;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git2::Repository;
use serde_json::Value;
use shop::Release;

/// A demo in a folder of its own.
struct Demo {
    folder: tempfile::TempDir,
}

impl Demo {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("demo")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollmend"));
        command.arg("demo").arg("--keep").arg(self.root()).args(arguments).env_remove("RUST_LOG");
        command
    }

    /// Plays it to its end; what it printed, the folder's path replaced.
    fn play(&self, arguments: &[&str]) -> String {
        self.play_to_its_end(&mut self.command(arguments))
    }

    fn play_to_its_end(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{errors}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(errors, "");
        assert_eq!(processes::in_folder(&self.root()), Vec::<String>::new());
        let told = String::from_utf8(output.stdout).unwrap();
        told.replace(&self.root().display().to_string(), pages::FOLDER)
    }

    /// What another command prints with the configuration that the demo left behind.
    fn look(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollmend"));
        let output =
            command.args(arguments).arg("--config").arg(self.root().join("agents.toml")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn repository(&self) -> Repository {
        Repository::open_bare(self.root().join("github/acme/shop.git")).unwrap()
    }
}

/// Every file of a commit.
fn tree(repository: &Repository, revision: &str) -> BTreeMap<String, String> {
    let tree = repository.revparse_single(revision).unwrap().peel_to_tree().unwrap();
    let mut files = BTreeMap::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        if let Some(blob) = entry.to_object(repository).unwrap().as_blob() {
            let text = String::from_utf8(blob.content().to_vec()).unwrap();
            files.insert(format!("{folder}{}", entry.name().unwrap()), text);
        }
        git2::TreeWalkResult::Ok
    })
    .unwrap();
    files
}

fn compiled(release: Release) -> BTreeMap<String, String> {
    release.files().iter().map(|file| (file.path.to_owned(), file.text.to_owned())).collect()
}

/// Category and confidence of an incident's verdict.
fn verdict(shown: &Value) -> (&str, u64) {
    let verdict = shown.pointer("/incident/verdict").unwrap();
    let [category, confidence] = ["category", "confidence"].map(|member| verdict.get(member).unwrap());
    (category.as_str().unwrap(), confidence.as_u64().unwrap())
}

fn pull_requests(repository: &Repository) -> Vec<String> {
    let references = repository.references_glob("refs/pull/*").unwrap();
    references.map(|reference| reference.unwrap().name().unwrap().to_owned()).collect()
}

#[test]
fn a_failing_canary_ends_in_one_pull_request_that_undoes_the_culprit() {
    let demo = Demo::new();
    pages::compare("demo.txt", "rollmend demo", &demo.play(&[]));
    let repository = demo.repository();
    assert_eq!(pull_requests(&repository), ["refs/pull/1/head"]);
    assert_eq!(tree(&repository, "refs/pull/1/head"), compiled(Release::Sound));
    assert_eq!(tree(&repository, "v1.0.0"), compiled(Release::First));
    assert_eq!(tree(&repository, "v1.1.0"), compiled(Release::Faulty));
    assert_eq!(tree(&Repository::open(demo.root().join("shop")).unwrap(), "HEAD"), compiled(Release::Faulty));
    let incidents = demo.look(&["incidents", "--json"]);
    assert_eq!(incidents.as_array().unwrap().len(), 1);
    assert_eq!(incidents[0]["state"], "proposed");
    let shown = demo.look(&["show", "shop/checkout", "--json"]);
    pages::compare_pull_request("demo-pull-request.md", &shown);
}

#[test]
fn a_canary_that_is_killed_for_its_memory_ends_in_a_revert_of_the_only_commit_that_can_be_to_blame() {
    let demo = Demo::new();
    let told = demo.play(&["--scenario", "leak"]);
    assert_eq!(told.matches("result[0] < 1 does not hold").count(), 3, "{told}");
    pages::compare("demo-leak.txt", "rollmend demo --scenario leak", &told);
    let repository = demo.repository();
    assert_eq!(pull_requests(&repository), ["refs/pull/1/head"]);
    let mut without_the_leak = compiled(Release::First);
    without_the_leak.insert("README.md".to_owned(), compiled(Release::Leaking)["README.md"].clone());
    assert_eq!(tree(&repository, "refs/pull/1/head"), without_the_leak);
    let shown = demo.look(&["show", "shop/checkout", "--json"]);
    assert_eq!(verdict(&shown), ("code", 75));
}

#[test]
fn a_value_of_the_manifest_is_set_back_and_the_rest_of_its_commit_stays() {
    let demo = Demo::new();
    pages::compare(
        "demo-config.txt",
        "rollmend demo --scenario config",
        &demo.play(&["--scenario", "config"]),
    );
    let repository = demo.repository();
    assert_eq!(pull_requests(&repository), ["refs/pull/1/head"]);
    assert_eq!(tree(&repository, "refs/pull/1/head"), compiled(Release::Sound));
    let mut deployed = tree(&repository, "v1.1.0");
    assert!(deployed["deploy/rollout.yaml"].contains("value: \"1000.00\""));
    deployed
        .insert("deploy/rollout.yaml".to_owned(), compiled(Release::Sound)["deploy/rollout.yaml"].clone());
    assert_eq!(deployed, compiled(Release::Sound));
    let shown = demo.look(&["show", "shop/checkout", "--json"]);
    assert_eq!(verdict(&shown), ("configuration", 85));
    pages::compare_pull_request("demo-config-pull-request.md", &shown);
}

#[test]
fn an_analysis_at_fault_is_explained_and_no_pull_request_is_opened() {
    let demo = Demo::new();
    pages::compare(
        "demo-template.txt",
        "rollmend demo --scenario template",
        &demo.play(&["--scenario", "template"]),
    );
    assert_eq!(pull_requests(&demo.repository()), Vec::<String>::new());
    let incidents = demo.look(&["incidents", "--json"]);
    assert_eq!(incidents.as_array().unwrap().len(), 1);
    assert_eq!(incidents[0]["state"], "explained");
    let shown = demo.look(&["show", "shop/checkout", "--json"]);
    assert_eq!(verdict(&shown).0, "analysis-template");
}

#[test]
fn a_healthy_canary_is_promoted_and_nothing_else_happens() {
    let demo = Demo::new();
    pages::compare(
        "demo-healthy.txt",
        "rollmend demo --scenario healthy",
        &demo.play(&["--scenario", "healthy"]),
    );
    let repository = demo.repository();
    assert_eq!(pull_requests(&repository), Vec::<String>::new());
    assert_eq!(tree(&repository, "v1.1.0"), compiled(Release::Sound));
    assert_eq!(demo.look(&["incidents", "--json"]), Value::Array(vec![]));
}

#[test]
fn an_interrupted_demo_ends_with_1_and_leaves_no_process_behind() {
    let demo = Demo::new();
    let mut playing =
        demo.command(&["--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(playing.stdout.take().unwrap()).lines();
    let happenings = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let told: Vec<String> = happenings
        .map(|happening| happening["what"].as_str().unwrap().to_owned())
        .take_while(|what| what != "deployed")
        .collect();
    assert_eq!(told, ["stage-set", "shop-open", "daemon-started"]);
    // One of the four pods of 1.0.0 may be making room for the canary.
    assert!(processes::in_folder(&demo.root()).len() >= 3);
    processes::interrupt(&playing);
    let output = playing.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the demo was interrupted"));
    assert_eq!(processes::in_folder(&demo.root()), Vec::<String>::new());
}

#[test]
fn without_git_one_sentence_says_so() {
    let demo = Demo::new();
    let output = demo.command(&[]).env("PATH", demo.folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = errors.split_whitespace().filter(|word| !["×", "│"].contains(word)).collect();
    assert_eq!(
        words.join(" "),
        "failed to run git, which the stand-in for GitHub serves its repository with: install git and put it on PATH"
    );
}

#[test]
fn a_folder_with_something_in_it_is_refused() {
    let demo = Demo::new();
    std::fs::create_dir(demo.root()).unwrap();
    std::fs::write(demo.root().join("mine"), "precious").unwrap();
    let output = demo.command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"));
    assert_eq!(std::fs::read_to_string(Path::new(&demo.root()).join("mine")).unwrap(), "precious");
}
