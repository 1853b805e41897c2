//! The analyzer's tools over a case and its repository.

use std::sync::Arc;

use chrono::DateTime;
use domain::ports::CaseTools as _;
use domain::{
    AttemptNumber, CaseBuilder, CaseFile, CaseHeader, ExhibitBody, NamedRepository, Redactor,
    RepositoryStanding, Stage as Frozen,
};
use serde_json::json;
use tool_repo::RepoTools;

use super::hands::{Given, call, identity};
use crate::history::numbered;
use crate::stage::Stage;

struct Scene {
    stage: Stage,
    case: Arc<CaseFile>,
    start: String,
    suspect: String,
}

async fn scene(standing: impl FnOnce(&Stage) -> RepositoryStanding) -> Scene {
    let (stage, [start, suspect, canary]) = Stage::with(|history| {
        let start =
            history.commit("start", &[("src/a.txt", Some(&numbered(9, &[]))), ("b.txt", Some("b\n"))]);
        let changed = numbered(9, &[(5, "password=hunter2hunter2")]);
        let suspect = history.commit("change\u{1b} five", &[("src/a.txt", Some(&changed))]);
        [start, suspect, history.commit("change b", &[("b.txt", Some("c\n"))])]
    })
    .await;
    let traced = stage.range(start.as_str(), canary.as_str()).await.unwrap();
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    let (stable, canary) = (traced.stable, traced.canary);
    builder.add("git range", ExhibitBody::Range { stable, canary, range: traced.range });
    let case = builder.freeze(header(standing(&stage)), None);
    Scene { stage, case: Arc::new(case), start: start.to_string(), suspect: suspect.to_string() }
}

fn header(repository: RepositoryStanding) -> CaseHeader {
    CaseHeader {
        incident: identity().id(),
        identity: identity(),
        attempt: AttemptNumber::FIRST,
        stage: Frozen::AtEnd,
        follows: None,
        from: DateTime::UNIX_EPOCH,
        frozen_at: DateTime::UNIX_EPOCH,
        troubles: vec![],
        named: NamedRepository::default(),
        repository,
    }
}

fn allowed(stage: &Stage) -> RepositoryStanding {
    RepositoryStanding::Allowed { repository: stage.repository.clone() }
}

impl Scene {
    async fn call(&self, name: &str, arguments: serde_json::Value) -> Given {
        let tools = RepoTools::new(self.stage.clones(), Redactor::default()).tools(&self.case);
        call(&tools, name, arguments).await
    }
}

#[tokio::test]
async fn the_frozen_range_is_told_with_files_and_lines() {
    let scene = scene(allowed).await;
    let (text, rest) = scene.call("git_range", json!({})).await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "exhibit E1: the canary descends from stable");
    assert!(lines[3].ends_with("Ada: change b") && lines[4] == "    b.txt  +1 -1  lines 1", "{text}");
    assert!(lines[5].ends_with("Ada: change five") && lines[6] == "    src/a.txt  +1 -1  lines 5", "{text}");
    assert_eq!((lines.len(), rest), (7, None));
    let (text, _) = scene.call("git_range", json!({"path": "src/"})).await.unwrap();
    assert!(text.contains("change five") && !text.contains("change b"), "{text}");
    let (text, _) = scene.call("git_range", json!({"path": "sr"})).await.unwrap();
    assert!(text.ends_with("there is no commit that touches sr in the range\n"), "{text}");
}

#[tokio::test]
async fn a_commit_of_the_range_is_shown_from_the_clone_redacted_and_no_other_is() {
    let scene = scene(allowed).await;
    let (text, rest) = scene.call("show_commit", json!({"sha": &scene.suspect[..9]})).await.unwrap();
    assert!(text.contains("    change⟦U+001B⟧ five\n") && text.contains("-line 5\n+password="), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(rest, None);
    for sha in [scene.start.as_str(), "HEAD", "main", "", "change", &scene.suspect[..3]] {
        let told = scene.call("show_commit", json!({"sha": sha})).await.unwrap_err();
        assert!(told.contains("is no commit of the range, which holds "), "{told}");
    }
    for path in ["/proc/self/environ", "../../proc/1/environ"] {
        let asked = json!({"sha": scene.suspect, "path": path});
        assert!(scene.call("show_commit", asked).await.unwrap_err().contains("the path "));
    }
}

#[tokio::test]
async fn a_clone_that_is_gone_is_fetched_again_for_a_diff() {
    let scene = scene(allowed).await;
    std::fs::remove_dir_all(&scene.stage.settings.directory).unwrap();
    let (text, _) = scene.call("show_commit", json!({"sha": scene.suspect})).await.unwrap();
    assert!(text.contains("-line 5"), "{text}");
}

#[tokio::test]
async fn attack_7_no_diff_is_shown_of_a_repository_that_is_not_allowed() {
    let refused = |_: &Stage| RepositoryStanding::Refused { reason: "it is not listed".to_owned() };
    let scene = scene(refused).await;
    let before = scene.stage.github.wire().asked().len();
    let told = scene.call("show_commit", json!({"sha": scene.suspect})).await.unwrap_err();
    assert!(told.contains("not one that may be read"), "{told}");
    assert_eq!(scene.stage.github.wire().asked().len(), before);
    assert!(scene.call("git_range", json!({})).await.is_ok());
}

#[tokio::test]
async fn a_case_without_a_range_or_a_repository_says_so() {
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    builder.missing("the commits between stable and canary", "the image tag names no commit");
    let case = Arc::new(builder.freeze(header(RepositoryStanding::NotNamed), None));
    let tools = RepoTools::frozen().tools(&case);
    let told = call(&tools, "git_range", json!({})).await.unwrap_err();
    assert_eq!(told, "the case holds no git range: the image tag names no commit");
    let scene = scene(allowed).await;
    let tools = RepoTools::frozen().tools(&scene.case);
    let told = call(&tools, "show_commit", json!({"sha": scene.suspect})).await.unwrap_err();
    assert!(told.contains("away from its repository"), "{told}");
}
