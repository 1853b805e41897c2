//! An analyzer and a fixer with a model, through the whole daemon: from the failing canary to a pull request with the fixer's patch.

use regex::Regex;
use serde_json::json;
use testbed::github::{PullState, Stage};

use crate::house::{House, LOGIN};
use crate::models_staff::{
    ANALYZER, BOTH, FIXER, MENDED, MODEL_KEY, Shape, asked, both, broken, careful_analyzer, careful_fixer,
    house, model, series, staffed, tables, went_as_written,
};
use crate::plan::Plan;
use crate::service::files_below;
use crate::shop::REPOSITORY;

/// The pull request's words with what differs from run to run left out.
fn steady(house: &House, text: &str) -> String {
    let mut text = text.to_owned();
    for (name, sha) in [
        ("stable", &house.revisions.stable),
        ("culprit", &house.revisions.culprit),
        ("canary", &house.revisions.canary),
    ] {
        text = text.replace(sha.as_str(), &format!("[{name}]")).replace(&sha[..7], &format!("[{name}]"));
    }
    for (what, pattern) in [
        ("[time]", r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC"),
        ("[incident]", r"shop-checkout-[0-9a-f]{8}"),
        ("[hash]", r"\b[0-9a-f]{9,10}\b"),
        ("[commit]", r"\b[0-9a-f]{7}\b"),
        ("$$[cost]", r"\$\d+\.\d+"),
        ("127.0.0.1:[port]", r"127\.0\.0\.1:\d+"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, what).into_owned();
    }
    text
}

async fn ends_in_the_fixers_patch(shape: Shape) {
    let (house, server, service) = staffed(shape, both(careful_analyzer(), careful_fixer())).await;
    broken(&house).await;
    let incident = house.files.incident("proposed").await;
    house.event("FixProposed").await;
    went_as_written(&server);

    let [pull] = &house.pulls()[..] else { panic!("not one pull request") };
    let branch = format!("rollmend/main/{}", &house.revisions.culprit[..12]);
    assert_eq!((&pull.state, pull.stage, pull.author.as_str()), (&PullState::Open, Stage::Draft, LOGIN));
    assert_eq!((pull.head.as_str(), pull.base.as_str()), (branch.as_str(), "main"));
    let diff = house.github.diff(REPOSITORY, pull.number).unwrap();
    assert!(diff.contains(&format!("-    price = order[\"cost\"][\"cents\"]\n+{MENDED}\n")), "{diff}");
    assert_eq!(diff.matches("\ndiff --git").count(), 0, "{diff}");
    let body = pull.body.as_ref().unwrap();
    insta::assert_snapshot!("models_pull_request", steady(&house, &format!("{}\n\n{body}", pull.title)));
    assert_eq!((&incident["category"], &incident["confidence"]), (&json!("code"), &json!(88)));

    // Twice two calls at most: the cause is sought once for each kind of trouble, the patch once.
    assert_eq!(asked(&server, FIXER).len(), 4);
    let calls = server.requests().len();
    assert!(asked(&server, ANALYZER).len() <= 4, "{calls}");
    for (name, least) in [
        ("calls_total", calls as f64),
        ("input_tokens_total", 1_000.0),
        ("output_tokens_total", 50.0),
        ("cost_usd_total", 0.005),
    ] {
        let shown = series(&service, &format!("rollmend_model_{name}{{model=\"main\"}}")).await;
        assert!(shown >= least, "{name} is {shown}, not {least}");
    }
    let answered = series(&service, "rollmend_model_calls_total{model=\"main\"}").await;
    let failed = series(&service, "rollmend_model_failures_total{model=\"main\"}").await;
    assert_eq!(format!("{answered} {failed}"), format!("{calls} 0"));
    drop(service.terminate().await);
}

#[tokio::test]
async fn an_analyzer_and_a_fixer_on_a_chat_completions_model_end_in_the_fixers_patch() {
    ends_in_the_fixers_patch(Shape::OpenAi).await;
}

#[tokio::test]
async fn an_analyzer_and_a_fixer_on_a_messages_model_end_in_the_fixers_patch() {
    ends_in_the_fixers_patch(Shape::Anthropic).await;
}

/// The pull request tells what its own verdict and patch cost; the metrics count every call, also those of a verdict that a later one
/// replaced.
#[tokio::test]
async fn what_a_pull_request_says_of_its_cost_is_what_its_verdict_and_its_patch_cost() {
    let (house, server, service) = staffed(Shape::OpenAi, both(careful_analyzer(), careful_fixer())).await;
    broken(&house).await;
    house.files.incident("proposed").await;
    went_as_written(&server);
    let body = house.pulls()[0].body.clone().unwrap();
    let last = body.lines().find(|line| line.starts_with("Case `")).unwrap();
    let said = last.split(" · ").find_map(|part| part.strip_prefix('$')).unwrap().to_owned();
    let said: f64 = said.split_whitespace().next().unwrap().parse().unwrap();
    let log = service.lines();
    let costs = |message: &str| -> Vec<f64> {
        let lines = log.iter().filter(|line| line.contains(message));
        let costs =
            lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["cost"].clone());
        costs.map(|cost| cost.as_str().unwrap().trim_start_matches('$').parse().unwrap()).collect()
    };
    let (judged, mended) = (costs("\"a model judged\""), costs("\"a fixer ended\""));
    assert_eq!(mended.len(), 1, "{log:#?}");
    let of_both = judged.last().unwrap() + mended[0];
    assert!((said - of_both).abs() < 0.015, "{last}, and both cost ${of_both}");
    let counted = series(&service, "rollmend_model_cost_usd_total{model=\"main\"}").await;
    let all = judged.iter().sum::<f64>() + mended[0];
    assert!(
        (counted - all).abs() < 0.015 + 0.005 * judged.len() as f64,
        "${counted} are counted, ${all} were told"
    );
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_models_key_reaches_its_provider_alone_and_is_kept_nowhere() {
    let server = model(both(careful_analyzer(), careful_fixer())).await;
    let house = house(Plan::default(), tables(Shape::OpenAi, &server, BOTH)).await;
    let service = house.serve().await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, crate::shop::traces());
    house.say(&canary.pod, format!("INFO the model's key is {MODEL_KEY}\n"));
    house.spooled("INFO the model's key is [redacted]").await;
    house.fail(&canary).await;
    house.files.incident("proposed").await;
    house.event("FixProposed").await;
    let (_, log) = service.terminate().await;
    assert!(!log.join("\n").contains(MODEL_KEY), "the log has the key");
    for asked in server.wire().asked() {
        assert_eq!(asked.header("authorization"), Some(format!("Bearer {MODEL_KEY}").as_str()));
        assert!(!asked.text().contains(MODEL_KEY), "the key is in what the model reads");
    }
    for asked in house.github.wire().asked().iter().chain(&house.kubernetes.wire().asked()) {
        assert!(!format!("{asked:?} {}", asked.text()).contains(MODEL_KEY), "{}", asked.path);
    }
    for path in files_below(&house.files.data()) {
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(MODEL_KEY.len()).any(|window| window == MODEL_KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
    assert!(!format!("{:?} {:?}", house.events(), house.pulls()).contains(MODEL_KEY));
}
