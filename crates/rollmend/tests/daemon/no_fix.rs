//! Causes that no pull request mends, and repositories that take none: each is explained, and nothing is forced.

use serde_json::{Value, json};
use testbed::github::{Activity, GitHub, Reach, Rights};
use testbed::kubelet::Beginning;

use crate::house::{GITHUB_TOKEN, House};
use crate::plan::Plan;
use crate::service::Service;
use crate::shop::{self, REPOSITORY, Revisions};

/// Everything that was asked of GitHub by git.
fn git_requests(house: &House) -> Vec<String> {
    house.asked_of_github(|asked| asked.path.contains("/info/refs") || asked.path.contains("git-"))
}

/// The incident ends so and there is neither branch nor pull request; why, in its words.
async fn ends(house: &House, service: Service, state: &str) -> String {
    let incident = house.files.incident(state).await;
    let reason = incident["reason"].as_str().unwrap().to_owned();
    let (status, log) = service.terminate().await;
    assert!(status.success());
    assert!(!log.join("\n").contains(GITHUB_TOKEN));
    if let Ok(pulls) = house.github.pulls(REPOSITORY) {
        assert_eq!((pulls.len(), house.branches().len()), (0, 0), "{reason}");
    }
    reason
}

fn fresh_pods_begin(pod: &Value, beginning: Beginning) -> Beginning {
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap();
    if image.ends_with(":1.0.0") { Beginning::Ready } else { beginning }
}

fn short_deadline() -> Value {
    json!({"progressDeadlineSeconds": 40, "progressDeadlineAbort": true})
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_explained_without_a_pull_request() {
    let plan = Plan {
        beginning: |pod| fresh_pods_begin(pod, Beginning::Waiting("ErrImagePull".to_owned())),
        spec: short_deadline(),
        ..Plan::default()
    };
    let (house, service) = House::with_daemon(plan).await;
    house.deploy().await;
    let said = house.event("CanaryExplained").await;
    assert!(said.contains("image"), "{said}");
    ends(&house, service, "explained").await;
}

#[tokio::test]
async fn a_canary_that_never_becomes_ready_is_explained_without_a_pull_request() {
    let plan = Plan {
        beginning: |pod| fresh_pods_begin(pod, Beginning::Running),
        spec: short_deadline(),
        ..Plan::default()
    };
    let (house, service) = House::with_daemon(plan).await;
    house.deploy().await;
    let said = house.event("CanaryExplained").await;
    assert!(said.to_lowercase().contains("ready"), "{said}");
    ends(&house, service, "explained").await;
}

#[tokio::test]
async fn a_repository_that_the_operator_did_not_list_is_never_asked_for() {
    let plan = Plan { names: Some("evil/twin".to_owned()), ..Plan::default() };
    let (house, service) = House::with_daemon(plan).await;
    let source = testbed::github::Source::Empty;
    house.github.create_repository("evil/twin", source).await.unwrap();
    house.break_canary().await;
    let why = ends(&house, service, "explained").await;
    assert!(why.contains("evil/twin is not listed in agents.toml"), "{why}");
    assert_eq!(git_requests(&house), Vec::<String>::new());
}

#[tokio::test]
async fn a_rollout_that_names_no_repository_is_explained_and_told_where_to_name_it() {
    let (house, service) = House::with_daemon(Plan { names: None, ..Plan::default() }).await;
    house.break_canary().await;
    let why = ends(&house, service, "explained").await;
    assert!(why.contains("rollmend.dev/repository"), "{why}");
    assert_eq!(git_requests(&house), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_which_right_it_lacks() {
    let (house, service) = House::with_daemon(Plan { rights: Rights::Read, ..Plan::default() }).await;
    house.break_canary().await;
    let why = ends(&house, service, "escalated").await;
    assert!(why.to_lowercase().contains("contents") && why.contains("write"), "{why}");
}

#[tokio::test]
async fn a_repository_that_the_token_does_not_reach_is_said_to_be_gone_or_hidden() {
    let reach = Reach::Only(vec!["acme/other".to_owned()]);
    let (house, service) = House::with_daemon(Plan { reach, ..Plan::default() }).await;
    house.break_canary().await;
    house.files.incident("explained").await;
    let shown = house.files.show("shop/checkout").await;
    let missing = shown["case"].to_string();
    ends(&house, service, "explained").await;
    assert!(missing.contains("acme/shop") && missing.contains("token"), "{missing}");
}

#[tokio::test]
async fn a_repository_that_is_gone_is_said_to_be_gone() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.github.delete_repository(REPOSITORY);
    house.fail(&canary).await;
    house.files.incident("explained").await;
    let shown = house.files.show("shop/checkout").await;
    ends(&house, service, "explained").await;
    let range = shown["case"]["missing"].to_string();
    assert!(range.contains("acme/shop"), "{range}");
}

#[tokio::test]
async fn an_empty_repository_is_said_to_be_empty() {
    let nothing = |_: &GitHub| {
        let sha = |digit: &str| digit.repeat(40);
        Revisions { stable: sha("1"), culprit: sha("2"), canary: sha("3") }
    };
    let (house, service) = House::with_daemon(Plan { history: nothing, ..Plan::default() }).await;
    house.break_canary().await;
    house.files.incident("explained").await;
    let shown = house.files.show("shop/checkout").await;
    ends(&house, service, "explained").await;
    let range = shown["case"]["missing"].to_string();
    assert!(range.contains("empty"), "{range}");
}

#[tokio::test]
async fn an_archived_repository_is_a_persons_matter() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.github.set_activity(REPOSITORY, Activity::Archived).unwrap();
    house.break_canary().await;
    let why = ends(&house, service, "escalated").await;
    assert!(why.contains("archived") || why.contains("read-only"), "{why}");
}

/// The culprit changed two places; a later commit of the same canary built on one of them.
#[tokio::test]
async fn a_revert_that_conflicts_is_a_persons_matter() {
    fn entangled(github: &GitHub) -> Revisions {
        shop::history(github);
        let twice = shop::broken_pricing().replace("price * quantity", "price * max(quantity, 1)");
        let sound = shop::sound_pricing();
        shop::push(github, "Undo it", &[("shop/pricing.py", sound.as_str())]);
        let stable = shop::push(github, "Say more", &[("README.md", "# shop\n\nOpen all day.\n")]);
        let culprit = shop::push(github, "Read the cost again", &[("shop/pricing.py", twice.as_str())]);
        let later = twice.replace("max(quantity, 1)", "max(quantity, 2)");
        let canary = shop::push(github, "Sell at least two", &[("shop/pricing.py", later.as_str())]);
        Revisions { stable, culprit, canary }
    }
    let (house, service) = House::with_daemon(Plan { history: entangled, ..Plan::default() }).await;
    house.break_canary().await;
    let why = ends(&house, service, "escalated").await;
    assert!(why.contains("conflict"), "{why}");
}

#[tokio::test]
async fn mode_observe_writes_nothing_outside() {
    let plan = Plan { mode: "observe", cluster: "annotate = true".to_owned(), ..Plan::default() };
    let (house, service) = House::with_daemon(plan).await;
    house.break_canary().await;
    let why = ends(&house, service, "explained").await;
    assert!(why.contains("mode"), "{why}");
    assert_eq!(house.cluster_writes(), Vec::<String>::new());
    let written = |asked: &testbed::wire::Asked| {
        asked.method != reqwest::Method::GET && !asked.path.ends_with("/git-upload-pack")
    };
    assert_eq!(house.asked_of_github(written), Vec::<String>::new());
    assert_eq!(house.events(), []);
}

#[tokio::test]
async fn mode_explain_writes_events_and_pushes_nothing() {
    let plan = Plan { mode: "explain", ..Plan::default() };
    let (house, service) = House::with_daemon(plan).await;
    house.break_canary().await;
    let said = house.event("CanaryExplained").await;
    assert!(said.contains("shop/pricing.py:6"), "{said}");
    house.event("NoFixProposed").await;
    let why = ends(&house, service, "explained").await;
    assert!(why.contains("mode = \"propose\""), "{why}");
    let only_events = |write: &String| write.starts_with("POST /api/v1/namespaces/shop/events");
    assert!(house.cluster_writes().iter().all(only_events), "{:?}", house.cluster_writes());
    let written = |asked: &testbed::wire::Asked| {
        asked.method != reqwest::Method::GET && !asked.path.ends_with("/git-upload-pack")
    };
    assert_eq!(house.asked_of_github(written), Vec::<String>::new());
}
