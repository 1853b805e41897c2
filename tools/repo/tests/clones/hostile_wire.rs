//! Servers that want a token that is not for them, or that do not answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use domain::ports::Code as _;
use domain::{Failure, Remedy};
use http::Method;
use testbed::wire::{Calls, Fault, Misdeed, Port, Wire};

use crate::stage::{NAME, Stage, TOKEN, files_below, revision};

async fn stage() -> Stage {
    Stage::with(|history| history.tag("1", &history.commit("start", &[("a", Some("a"))]))).await.0
}

async fn range(stage: &Stage) -> Result<(), Failure> {
    stage.clones().range(&stage.repository, &[revision("1")], &[revision("1")]).await.map(drop)
}

async fn elsewhere() -> Wire {
    Wire::serve("elsewhere", Router::new(), Port::Any).await.unwrap()
}

#[tokio::test]
async fn attack_4_a_redirect_to_another_host_is_an_error_and_no_credential_goes_along() {
    let (stage, evil) = (stage().await, elsewhere().await);
    let to = format!("{}/{NAME}.git/info/refs?service=git-upload-pack", evil.url());
    stage.github.wire().fault(Fault::every("*", Misdeed::Redirect(to)));
    let failure = range(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "git-redirect");
    assert!(evil.asked().is_empty());
}

#[tokio::test]
async fn attack_4_a_redirect_of_the_service_itself_is_an_error() {
    let (stage, evil) = (stage().await, elsewhere().await);
    let to = format!("{}/{NAME}.git/git-upload-pack", evil.url());
    let fault = Fault {
        method: Some(Method::POST),
        path: "*".into(),
        calls: Calls::Every,
        does: Misdeed::Redirect(to),
    };
    stage.github.wire().fault(fault);
    assert_eq!(range(&stage).await.unwrap_err().kind, "git-redirect");
    assert!(evil.asked().is_empty());
}

#[tokio::test]
async fn attack_5_after_a_401_nothing_is_asked_again_anywhere() {
    let (stage, evil) = (stage().await, elsewhere().await);
    let header = ("location".to_owned(), evil.url());
    let does = Misdeed::Status { code: 401, headers: vec![header], body: String::new() };
    stage.github.wire().fault(Fault::nth(Method::GET, "*", 1, does));
    let to = format!("{}/x", evil.url());
    stage.github.wire().fault(Fault::nth(Method::GET, "*", 2, Misdeed::Redirect(to)));
    let failure = range(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "git-token");
    assert_eq!(stage.github.wire().asked().len(), 1);
    assert!(evil.asked().is_empty());
}

#[tokio::test]
async fn attack_6_a_foreign_origin_is_given_no_credential() {
    let stage = stage().await;
    let tokens = tool_repo::OriginTokens::one("https://github.com", TOKEN.to_owned().into());
    let clones = tool_repo::BareClones::new(stage.settings.clone(), std::sync::Arc::new(tokens));
    let failure = clones.range(&stage.repository, &[revision("1")], &[revision("1")]).await.unwrap_err();
    assert_eq!(failure.kind, "git-token");
    assert!(failure.sentence().contains("no token is configured"), "{}", failure.sentence());
    assert!(stage.github.wire().asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[tokio::test]
async fn a_renamed_repository_is_found_within_its_origin() {
    let stage = stage().await;
    stage.github.rename(NAME, "store").unwrap();
    range(&stage).await.unwrap();
}

#[tokio::test]
async fn a_redirect_that_never_ends_is_an_error() {
    let stage = stage().await;
    let to = format!("{}/x/y.git/info/refs?service=git-upload-pack", stage.github.url());
    stage.github.wire().fault(Fault::every("*", Misdeed::Redirect(to)));
    assert_eq!(range(&stage).await.unwrap_err().kind, "git-redirect");
    assert_eq!(stage.github.wire().asked().len(), 4);
}

#[tokio::test]
async fn attack_39_the_token_is_in_no_file_and_no_error() {
    let stage = stage().await;
    range(&stage).await.unwrap();
    let basic = "eC1hY2Nlc3MtdG9rZW4";
    for (path, content) in files_below(&stage.settings.directory) {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(TOKEN) && !text.contains(basic), "{}", path.display());
    }
    stage.github.wire().fault(Fault::every("*", Misdeed::Cut));
    let failure = range(&stage).await.unwrap_err();
    assert!(!format!("{failure:?} {}", failure.sentence()).contains(TOKEN));
    assert!(!format!("{:?}", stage.clones()).contains(TOKEN));
}

#[tokio::test]
async fn a_wrong_token_a_hidden_repository_and_a_server_in_trouble_are_told_apart() {
    let stage = stage().await;
    let clones = stage.clones_with_token("ghp_wrong");
    let failure = clones.range(&stage.repository, &[revision("1")], &[revision("1")]).await.unwrap_err();
    assert_eq!(failure.kind, "git-token");
    assert!(failure.sentence().contains("wrong or expired") && !failure.sentence().contains("ghp_wrong"));
    stage.github.delete_repository(NAME);
    assert_eq!(range(&stage).await.unwrap_err().kind, "git-not-found");
    let headers = vec![("retry-after".to_owned(), "7".to_owned())];
    let does = Misdeed::Status { code: 503, headers, body: String::new() };
    stage.github.wire().fault(Fault::every("*", does));
    let failure = range(&stage).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Retry { after: Some(Duration::from_secs(7)) });
}

#[tokio::test]
async fn a_page_that_is_not_git_is_said() {
    let stage = stage().await;
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    let does = Misdeed::Status { code: 200, headers, body: "<h1>Log in</h1>".to_owned() };
    stage.github.wire().fault(Fault::every("*", does));
    assert_eq!(range(&stage).await.unwrap_err().kind, "git-not-git");
}

#[tokio::test]
async fn a_cut_or_truncated_clone_is_tried_again_from_where_nothing_is_broken() {
    let stage = stage().await;
    let pack = format!("/{NAME}.git/git-upload-pack");
    stage.github.wire().fault(Fault::nth(Method::POST, pack.clone(), 1, Misdeed::Truncate(60)));
    stage.github.wire().fault(Fault::nth(Method::POST, pack, 2, Misdeed::Cut));
    for _ in 0..2 {
        let failure = range(&stage).await.unwrap_err();
        assert_eq!(failure.remedy, Remedy::Retry { after: None }, "{failure}");
    }
    range(&stage).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_no_more_than_the_time_limit() {
    let mut stage = stage().await;
    stage.settings.timeouts.whole = Duration::from_millis(300);
    stage.github.wire().fault(Fault::every("*", Misdeed::Delay(Duration::from_secs(60))));
    let started = std::time::Instant::now();
    let failure = range(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "git-timeout");
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// What this process logs, at every level and from every crate.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn attack_39_the_token_is_in_no_log_line_of_any_level() {
    let kept = Kept::default();
    let writer = kept.clone();
    let level = tracing_subscriber::filter::LevelFilter::TRACE;
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(move || writer.clone());
    subscriber.try_init().unwrap();
    let stage = stage().await;
    range(&stage).await.unwrap();
    stage.github.wire().fault(Fault::every("*", Misdeed::Cut));
    range(&stage).await.unwrap_err();
    let log = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(log.contains("DEBUG") && !log.contains(TOKEN) && !log.contains("eC1hY2Nlc3MtdG9rZW46"));
}
