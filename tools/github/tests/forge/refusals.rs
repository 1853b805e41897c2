//! GitHub says no, or nothing; each with what to do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use domain::ports::Forge as _;
use domain::{Failure, Remedy, Repository, RepositoryUrl};
use http::Method;
use testbed::github::{GitHubOptions, RateLimit, Rights, Token, secondary_rate_limit};
use testbed::wire::{Fault, Misdeed, Port, Wire};

use crate::stage::{LOGIN, NAME, Stage, TOKEN};

async fn find(stage: &Stage) -> Result<usize, Failure> {
    stage.forge().find(&stage.repository, &Stage::branch()).await.map(|found| found.len())
}

fn status(code: u16, body: &str) -> Misdeed {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Misdeed::Status { code, headers, body: body.to_owned() }
}

#[tokio::test]
async fn a_wrong_token_is_a_humans_matter_and_named_nowhere() {
    let stage = Stage::new().await;
    let forge = stage.forge_with_token("ghp_wrong-token");
    let failure = forge.login(&stage.repository).await.unwrap_err();
    assert_eq!(failure.kind, "github-token");
    assert!(failure.sentence().contains("401: Bad credentials"), "{}", failure.sentence());
    assert!(!format!("{failure:?} {} {forge:?}", failure.sentence()).contains("ghp_wrong-token"));
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let token = Token::new(TOKEN, LOGIN, Rights::Read);
    let stage = Stage::with(GitHubOptions { tokens: vec![token], ..GitHubOptions::default() }).await;
    let failure = stage.forge().open(&stage.proposal()).await.unwrap_err();
    assert_eq!(failure.kind, "github-right");
    assert!(failure.sentence().contains("\"Pull requests: read and write\""), "{}", failure.sentence());
}

#[tokio::test]
async fn a_repository_that_is_gone_or_hidden_is_said() {
    let stage = Stage::new().await;
    stage.double.delete_repository(NAME);
    let failure = find(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "github-not-found");
    assert!(matches!(failure.remedy, Remedy::AskHuman { .. }));
}

#[tokio::test]
async fn reads_are_repeated_and_a_short_trouble_is_not_seen() {
    let stage = Stage::new().await;
    let path = format!("/repos/{NAME}/pulls");
    stage.double.wire().fault(Fault::nth(Method::GET, path.clone(), 1, status(502, "")));
    stage.double.wire().fault(Fault::nth(Method::GET, path, 2, Misdeed::Cut));
    assert_eq!(find(&stage).await.unwrap(), 0);
}

#[tokio::test]
async fn a_lasting_trouble_is_for_a_later_try() {
    let stage = Stage::new().await;
    stage.double.wire().fault(Fault::every("*", status(503, "")));
    let failure = find(&stage).await.unwrap_err();
    assert_eq!((failure.kind, &failure.remedy), ("github-server", &Remedy::Retry { after: None }));
    assert_eq!(stage.double.wire().asked().len(), 3);
}

#[tokio::test]
async fn a_rate_limit_is_for_when_github_says() {
    let stage = Stage::new().await;
    stage.double.wire().fault(Fault::every("*", secondary_rate_limit(42)));
    let failure = find(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "github-rate-limit");
    assert_eq!(failure.remedy, Remedy::Retry { after: Some(Duration::from_secs(42)) });
    assert_eq!(stage.double.wire().asked().len(), 1);

    let none = RateLimit { requests: 0, ..RateLimit::default() };
    let options = GitHubOptions { rate_limit: none, ..GitHubOptions::with_token(TOKEN, LOGIN) };
    let failure = find(&Stage::with(options).await).await.unwrap_err();
    assert!(matches!(failure.remedy, Remedy::Retry { after: Some(_) }), "{failure:?}");
}

#[tokio::test]
async fn attack_4_a_redirect_to_another_host_is_an_error_and_no_token_goes_along() {
    let stage = Stage::new().await;
    let evil = Wire::serve("evil", Router::new(), Port::Any).await.unwrap();
    stage.double.wire().fault(Fault::every("*", Misdeed::Redirect(format!("{}/user", evil.url()))));
    let failure = find(&stage).await.unwrap_err();
    assert_eq!(failure.kind, "github-redirect");
    assert!(evil.asked().is_empty());
}

#[tokio::test]
async fn attack_6_a_repository_of_another_host_is_not_asked_about() {
    let stage = Stage::new().await;
    let url = RepositoryUrl::parse("https://github.example.com/acme/shop").unwrap();
    let elsewhere = Repository { url, ..stage.repository.clone() };
    let failure = stage.forge().find(&elsewhere, &Stage::branch()).await.unwrap_err();
    assert_eq!(failure.kind, "github-origin");
    assert!(stage.double.wire().asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_or_of_another_shape_is_given_up() {
    let stage = Stage::new().await;
    stage.double.wire().fault(Fault::nth(Method::GET, "*", 1, status(200, &"x".repeat(17 << 20))));
    assert_eq!(find(&stage).await.unwrap_err().kind, "github-too-large");
    let stage = Stage::new().await;
    stage.double.wire().fault(Fault::nth(Method::GET, "*", 1, status(200, r#"{"a":1}"#)));
    assert_eq!(find(&stage).await.unwrap_err().kind, "github-answer");
}

#[tokio::test]
async fn a_github_that_does_not_answer_costs_no_more_than_the_time_limit() {
    let stage = Stage::new().await;
    let mut settings = stage.settings(TOKEN);
    settings.timeout = Duration::from_millis(100);
    stage.double.wire().fault(Fault::every("*", Misdeed::Delay(Duration::from_secs(60))));
    let forge = tool_github::GitHub::new(&settings).unwrap();
    let failure = forge.login(&stage.repository).await.unwrap_err();
    assert_eq!(failure.kind, "github-timeout");
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
    let stage = Stage::new().await;
    find(&stage).await.unwrap();
    stage.double.wire().fault(Fault::every("*", Misdeed::Cut));
    find(&stage).await.unwrap_err();
    let log = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(log.contains("DEBUG") && !log.contains(TOKEN) && !log.contains("eC1hY2Nlc3MtdG9rZW46"));
}
