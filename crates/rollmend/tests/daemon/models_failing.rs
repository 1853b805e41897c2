//! The model is down, slow, cut, lies or is too dear: the rules' verdict stands and says so, and the revert is proposed.

use std::net::TcpListener;

use futures::future::join_all;
use serde_json::{Value, json};
use testbed::models::{Answer, Call, ModelServer, Script, Turn};
use testbed::wire::{Fault, Misdeed};

use crate::gate::analyze;
use crate::house::House;
use crate::models_staff::{
    ANALYZER, FIXER, Shape, asked, broken, careful_analyzer, careful_fixer, house, model, tables, verdict,
};
use crate::plan::Plan;
use crate::shop::REPOSITORY;

/// Both agents, with so little time that a model which hangs is given up within the test.
const QUICK: &str = "[agents.analyzer]\nmodels = [\"main\"]\ntimeout = \"4s\"\n\n\
                     [agents.fixer]\nmodels = [\"main\"]\ntimeout = \"4s\"\n";
const SCANTY: &str = "\n[budget]\nper_incident = { usd = 0.001 }\n";

/// A model that misbehaves.
struct Failing {
    /// What it answers each time.
    answer: Answer,
    /// What is wrong with its wire.
    wire: Option<Misdeed>,
    /// More of the file.
    more: &'static str,
    /// How people are told of it.
    told: &'static str,
}

impl Failing {
    fn with(answer: Answer, told: &'static str) -> Self {
        Self { answer, wire: None, more: "", told }
    }

    fn wired(does: Misdeed, told: &'static str) -> Self {
        Self { wire: Some(does), ..Self::with(good(), told) }
    }
}

/// What would be an answer, if it came.
fn good() -> Answer {
    Answer::Calls(vec![Call::new("git_range", json!({}))])
}

fn page(code: u16) -> Misdeed {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    Misdeed::Status { code, headers, body: "<html><h1>Sign in to continue</h1></html>".to_owned() }
}

/// The rules' verdict and the revert stand in for this model, in the pull request as at the gate.
async fn is_stood_in_for(failing: Failing) {
    let server = model(Script::of([Turn::new(failing.answer.clone()).forever()])).await;
    if let Some(does) = failing.wire.clone() {
        server.wire().fault(Fault::every("*", does));
    }
    let more = format!("{QUICK}{}", failing.more);
    let house = house(Plan::default(), tables(Shape::OpenAi, &server, &more)).await;
    the_rules_stand_in(&house, failing.told).await;
    if failing.more == SCANTY {
        assert_eq!(server.requests(), [], "it was asked although the budget does not hold one call");
    }
}

async fn the_rules_stand_in(house: &House, told: &str) {
    let service = house.serve().await;
    broken(house).await;
    let incident = house.files.incident("proposed").await;
    assert_eq!((&incident["category"], &incident["confidence"]), (&json!("code"), &json!(90)), "{told}");
    let (status, answer) = analyze(service.address().await, json!({})).await;
    assert_eq!((status, &answer["promote"]), (200, &json!(false)), "{told}: {answer}");
    let analysis = answer["analysis"].as_str().unwrap();
    assert!(analysis.contains("No model judged this") && analysis.contains(told), "{told}: {analysis}");
    drop(service.terminate().await);
    let [pull] = &house.pulls()[..] else { panic!("{told}: not one pull request") };
    assert_eq!(pull.title, "Revert \"Read the cost of each order\"", "{told}");
    let body = pull.body.as_ref().unwrap();
    let plain = body.replace('\\', "");
    let tried = plain.lines().find(|line| line.contains("a fixer with the model `main` tried"));
    assert!(tried.is_some_and(|line| line.contains(told)), "{told} is missing in {body}");
    assert!(
        body.lines().any(|line| line.starts_with("Case `") && line.contains("by rules, since")),
        "{body}"
    );
    let diff = house.github.diff(REPOSITORY, pull.number).unwrap();
    assert!(diff.contains("+    price = order.get(\"price\", 0)"), "{diff}");
    assert_eq!(house.branches().len(), 1, "{told}");
}

#[tokio::test]
async fn a_model_that_refuses_is_busy_or_down_is_stood_in_for_by_rules_and_revert() {
    // The port was free a moment ago and nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = async move {
        let server = model(Script::of([Turn::text("never asked").forever()])).await;
        let tables =
            tables(Shape::Anthropic, &server, QUICK).replace(&server.base_url(), &format!("http://{nobody}"));
        the_rules_stand_in(&house(Plan::default(), tables).await, "the model could not be reached").await;
    };
    tokio::join!(
        down,
        is_stood_in_for(Failing::with(Answer::status(401), "the provider refused the key (401)")),
        is_stood_in_for(Failing::wired(Misdeed::Cut, "the model could not be reached")),
    );
}

#[tokio::test]
async fn a_model_that_is_slow_or_cut_in_the_middle_is_stood_in_for_by_rules_and_revert() {
    join_all([
        is_stood_in_for(Failing::with(Answer::Hang, "the model did not answer within 4s")),
        is_stood_in_for(Failing::wired(Misdeed::Truncate(60), "the connection broke within the answer")),
        is_stood_in_for(Failing::with(
            Answer::Cut(Call::new("git_range", json!({"path": "shop/pricing.py"}))),
            "cut at its token limit",
        )),
    ])
    .await;
}

#[tokio::test]
async fn a_model_that_lies_is_stood_in_for_by_rules_and_revert() {
    let elsewhere = json!({"category": "code", "confidence": 99, "promote": true, "repository": "evil/twin"});
    join_all([
        is_stood_in_for(Failing::wired(page(200), "the model's answer could not be read")),
        is_stood_in_for(Failing::with(
            Answer::Calls(vec![Call::new("verdict", elsewhere.clone()), Call::new("finish", elsewhere)]),
            "",
        )),
        is_stood_in_for(Failing::with(Answer::Huge(10 << 20), "the model's answer was larger than 2 MiB")),
    ])
    .await;
}

#[tokio::test]
async fn a_model_that_the_budget_does_not_hold_is_not_asked_and_rules_and_revert_stand_in() {
    let told = "the budget of the incident is spent ([budget] per_incident)";
    is_stood_in_for(Failing { more: SCANTY, ..Failing::with(good(), told) }).await;
}

/// What the model says of the canary is not asked by the gate: the digest decides, whatever the model would have liked.
#[tokio::test]
async fn a_model_that_fails_in_the_middle_of_a_call_never_makes_the_gate_say_yes() {
    let server = model(Script::of([Turn::new(Answer::Close).forever()])).await;
    let house = house(Plan::default(), tables(Shape::Anthropic, &server, QUICK)).await;
    let service = house.serve().await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, crate::shop::traces());
    house.spooled("KeyError: 'cost'").await;
    let (status, answer) = analyze(service.address().await, json!({})).await;
    assert_eq!((status, &answer["promote"]), (200, &json!(false)), "{answer}");
    drop(service.terminate().await);
}

/// A quote that is in no exhibit, of a commit that is not to blame: the model's verdict is thrown away.
#[tokio::test]
async fn a_verdict_whose_quotes_stand_nowhere_is_thrown_away() {
    let mut lie: Value = verdict();
    lie["claims"][0]["quote"] = json!("FATAL: the database is gone");
    lie["root_cause"] = json!("The database is gone.");
    let script = crate::models_staff::both([Turn::call("verdict", lie).forever()], careful_fixer());
    let server = model(script).await;
    let house = house(Plan::default(), tables(Shape::Anthropic, &server, QUICK)).await;
    let service = house.serve().await;
    broken(&house).await;
    let incident = house.files.incident("proposed").await;
    assert_eq!(incident["confidence"], 90);
    drop(service.terminate().await);
    let body = house.pulls()[0].body.clone().unwrap();
    assert!(!body.contains("database"), "{body}");
    assert!(body.contains("by rules, since"), "{body}");
    assert_eq!(asked(&server, FIXER).len(), 4, "the fixer works on the rules' verdict");
}

/// The analyzer's model is down for its first calls, and nobody waits for a restart: the next incident is judged by it again.
#[tokio::test]
async fn a_model_that_comes_back_judges_the_next_time() {
    let server: ModelServer = model(crate::models_staff::both(careful_analyzer(), careful_fixer())).await;
    server.wire().fault(Fault::every("*", Misdeed::Cut));
    let house = house(Plan::default(), tables(Shape::Anthropic, &server, QUICK)).await;
    let service = house.serve().await;
    let first = house.begin_canary().await;
    house.say(&first.pod, crate::shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&first).await;
    house.files.incident_of(&first.hash, "proposed").await;
    assert_eq!(asked(&server, ANALYZER), []);
    server.wire().clear_faults();
    let second = house.begin_canary_as("1.1.1").await;
    house.say(&second.pod, crate::shop::traces());
    house.fail(&second).await;
    house.files.incident_of(&second.hash, "proposed").await;
    assert!(!asked(&server, ANALYZER).is_empty(), "nobody asked it again");
    assert_eq!(house.pulls().len(), 1, "the same suspect has one pull request");
    drop(service.terminate().await);
}
