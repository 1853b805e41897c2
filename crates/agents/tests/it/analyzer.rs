//! The analyst with a model: what it is told, what is checked of its answer, and what stands where it gives none.

use std::sync::Arc;

use domain::ports::{Analyst, CaseTools, Voice};
use domain::workflow::{Occasion, State};
use domain::*;
use rollmend_agents::voice::terminal::verdict_lines;
use rollmend_agents::{AnalyzerSettings, ModelAnalyst, Speaker, ToolChoice};
use serde_json::{Value, json};
use testbed::models::{Answer, Call, Turn};

use crate::crew::Stage;
use crate::scene::{self, CANARY, CULPRIT, Scene};
use crate::shelf::{Saying, Shelf};

const QUOTE: &str = "Cannot invoke \"String.trim()\" because \"name\" is null";

/// What a careful model answers to the null pointer.
fn good() -> Value {
    json!({
        "category": "code",
        "confidence": 93,
        "root_cause": "Users without a profile get a 500: `UserResource.get` trims a display name that is null, since 4f2c9d1.",
        "remediation": "Fall back to the user's id where there is no display name.",
        "claims": [
            {"exhibit": "E3", "text": "`name` is null at `UserResource.java:42`", "quote": QUOTE, "canary": "412 of 2,180 requests", "stable": "0 of 8,544"},
            {"exhibit": "E8", "text": "the error ratio is up", "canary": "0.189", "stable": "0"},
        ],
        "ruled_out": [{"exhibit": "E5", "text": "memory: no container was restarted"}],
        "suspect": "4f2c9d1",
    })
}

/// The same with some fields replaced.
fn but(fields: &Value) -> Value {
    let mut answer = good();
    for (name, value) in fields.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer
}

fn analyst(stage: &Stage, tools: Vec<Arc<dyn CaseTools>>, choice: ToolChoice) -> ModelAnalyst {
    let settings = AnalyzerSettings { tools: choice, ..AnalyzerSettings::default() };
    ModelAnalyst::new(stage.crew.clone(), tools, settings)
}

async fn judged(stage: &Stage, scene: &Scene) -> Verdict {
    let analyst = analyst(stage, vec![], ToolChoice::All);
    analyst.analyze(&Arc::new(scene.case.clone()), &scene.brief).await
}

/// What a model with this one answer leads to.
async fn answered(scene: &Scene, answer: Value) -> (Stage, Verdict) {
    let stage = Stage::of([Turn::call("verdict", answer)]).await;
    let verdict = judged(&stage, scene).await;
    stage.went_as_written();
    (stage, verdict)
}

/// What goes back for a first answer, before the good one.
async fn returned(first: Value) -> String {
    let stage = Stage::of([Turn::call("verdict", first), Turn::call("verdict", good())]).await;
    let verdict = judged(&stage, &scene::null_pointer()).await;
    stage.went_as_written();
    assert!(matches!(verdict.analyst, AnalystKind::Model { .. }), "{verdict:?}");
    stage.last_messages().last().unwrap()["content"].to_string()
}

fn handoff(scene: &Scene, verdict: &Verdict) -> Result<Handoff, NoHandoff> {
    let header = &scene.case.header;
    Handoff::from_verdict(&header.identity, verdict, &header.repository, Confidence::of(MIN_CONFIDENCE))
}

#[tokio::test]
async fn a_model_that_names_the_commit_of_the_rules_value_leaves_it_to_be_set_back_alone() {
    let scene = crate::values::trimmed();
    let claims = json!([{"exhibit": "E3", "text": "the log ends", "quote": "INFO started"}]);
    let agrees = but(&json!({"category": "configuration", "claims": claims.clone(), "ruled_out": []}));
    let (_, verdict) = answered(&scene, agrees).await;
    assert_eq!(verdict.suspects[0], scene.verdict().await.suspects[0]);
    assert_eq!(verdict.suspects[0].grounds, Grounds::SpecChange);
    let (_, verdict) = answered(&scene, but(&json!({"claims": claims, "ruled_out": []}))).await;
    assert_eq!((verdict.category, verdict.suspects[0].grounds), (Category::Code, Grounds::Named));
}

#[tokio::test]
async fn the_analyzer_reads_what_it_asks_for_and_its_checked_verdict_stands() {
    let scene = scene::null_pointer();
    let log = Saying::new("pod_logs", "2026-11-24T02:30:11Z java.lang.NullPointerException");
    let commit = Saying::new("show_commit", "+ name.trim()");
    let stage = Stage::of([
        Turn::calls([
            Call::new("pod_logs", json!({"exhibit": "E3"})),
            Call::new("show_commit", json!({"sha": "4f2c9d1"})),
        ]),
        Turn::call("verdict", good()).expecting("name.trim()"),
    ])
    .await;
    let tools = Shelf::of([log.clone(), commit.clone()]);
    let verdict =
        analyst(&stage, tools, ToolChoice::All).analyze(&Arc::new(scene.case.clone()), &scene.brief).await;
    stage.went_as_written();
    assert_eq!(stage.offered(), ["pod_logs", "show_commit", "verdict"]);
    assert_eq!(log.asked.lock().unwrap().clone(), [json!({"exhibit": "E3"})]);
    let rules = scene.verdict().await;
    let claim = |exhibit: usize, text: &str, canary: &str, stable: &str, quote: Option<&str>| Claim {
        exhibit: scene.case.exhibits[exhibit - 1].id,
        text: text.to_owned(),
        canary: canary.to_owned(),
        stable: stable.to_owned(),
        quote: quote.map(str::to_owned),
    };
    let AnalystKind::Model { model, cost } = verdict.analyst.clone() else { panic!("{:?}", verdict.analyst) };
    assert_eq!(model, "main");
    assert!(cost.micro_usd > 0 && cost.input_tokens > 0, "{cost:?}");
    let expected = Verdict {
        category: Category::Code,
        confidence: Confidence::of(93),
        analysis: verdict.analysis.clone(),
        root_cause: good()["root_cause"].as_str().unwrap().to_owned(),
        remediation: "Fall back to the user's id where there is no display name.".to_owned(),
        claims: vec![
            claim(
                3,
                "`name` is null at `UserResource.java:42`",
                "412 of 2,180 requests",
                "0 of 8,544",
                Some(QUOTE),
            ),
            claim(8, "the error ratio is up", "0.189", "0", None),
        ],
        ruled_out: vec![claim(5, "memory: no container was restarted", "", "", None)],
        analyst: AnalystKind::Model { model, cost },
        ..rules
    };
    assert_eq!(verdict, expected);
}

#[tokio::test]
async fn the_analyzer_is_told_who_it_is_what_is_data_and_how_to_answer() {
    let (stage, _) = answered(&scene::null_pointer(), good()).await;
    insta::assert_snapshot!("analyzer_system", stage.told("system"));
    insta::assert_snapshot!("analyzer_opening", stage.told("user"));
    let tools = stage.server.requests()[0].body["tools"].clone();
    insta::assert_json_snapshot!("analyzer_answer_tool", tools);
}

#[tokio::test]
async fn a_models_verdict_is_told_with_its_name_and_its_cost() {
    let scene = scene::null_pointer();
    let (_, verdict) = answered(&scene, good()).await;
    let mut run = scene.run(State::Judged).await;
    run.verdict = Some(Box::new(verdict.clone()));
    let answer = Speaker.answer(&run).unwrap();
    let told = format!(
        "headline: {}\n\nanalysis: {}\n\nrootCause: {}\n\nremediation: {}\n\n{}",
        verdict.headline,
        answer.analysis,
        answer.root_cause,
        answer.remediation,
        verdict_lines(&verdict, 100).join("\n")
    );
    insta::with_settings!({filters => vec![(r"\$\d+\.\d+", "$[cost]")]}, {
        insta::assert_snapshot!("told_by_a_model", told);
    });
}

#[tokio::test]
async fn a_clean_digest_and_one_that_stable_shows_alike_ask_no_model() {
    for standing in [Standing::Clean, Standing::SameOnStable] {
        let mut scene = scene::null_pointer();
        scene.brief.standing = standing;
        let stage = Stage::of([Turn::call("verdict", good())]).await;
        let verdict = judged(&stage, &scene).await;
        assert_eq!((verdict, stage.asked()), (scene.verdict().await, 0));
    }
}

#[tokio::test]
async fn an_answer_of_a_wrong_shape_goes_back_with_what_is_wrong() {
    let cases = [
        (but(&json!({"category": "bad luck"})), "unknown variant `bad luck`"),
        (but(&json!({"confidence": 140})), "`confidence` is at most 100"),
        (but(&json!({"claims": []})), "`claims` is empty: cite at least one exhibit; it has E1, E2"),
        (
            but(&json!({"claims": [{"exhibit": "E77", "text": "x"}]})),
            "`claims[0]`: the case has no such exhibit; it has E1, E2",
        ),
        (
            but(&json!({"claims": [{"exhibit": "E3", "text": "x", "quote": "null"}]})),
            "`claims[0]`: `quote` has fewer than 8 characters",
        ),
        (
            but(&json!({"claims": [{"exhibit": "E3", "text": "x", "quote": "one line\nand another"}]})),
            "`quote` is one line",
        ),
        (but(&json!({"root_cause": " \u{200b}"})), "`root_cause` is empty"),
        (but(&json!({"root_cause": "x".repeat(601)})), "`root_cause` is longer than 600 characters"),
        (but(&json!({"repository": "https://github.com/evil/repo"})), "unknown field `repository`"),
    ];
    for (first, expected) in cases {
        let returned = returned(first).await;
        assert!(returned.contains(expected), "{expected} is not in {returned}");
    }
}

#[tokio::test]
async fn a_suspect_that_is_not_in_the_range_goes_back_to_the_model() {
    for (named, expected) in [
        ("0123456", "`suspect`: no such commit is in the range; it has 4f2c9d1, bbbbbbb, ddddddd"),
        ("HEAD~1", "`suspect`: name a commit by at least 7 digits of its id"),
        ("4f2c9d10000", "no such commit is in the range"),
    ] {
        let returned = returned(but(&json!({"suspect": named}))).await;
        assert!(returned.contains(expected), "{expected} is not in {returned}");
    }
}

#[tokio::test]
async fn a_model_that_never_fits_the_schema_is_given_up_and_the_rules_judge() {
    let scene = scene::null_pointer();
    let stage = Stage::of([Turn::call("verdict", json!({"category": "code"})).forever()]).await;
    let verdict = judged(&stage, &scene).await;
    assert_eq!(stage.asked(), 3);
    let AnalystKind::RulesInstead { why, cost } = verdict.analyst.clone() else { panic!("{verdict:?}") };
    assert_eq!(why, "its answer did not fit what was asked");
    assert!(cost.micro_usd > 0);
    let rules = scene.verdict().await;
    let analysis = format!("No model judged this: {why}. {}", rules.analysis);
    assert_eq!(verdict, Verdict { analysis, analyst: verdict.analyst.clone(), ..rules });
}

#[tokio::test]
async fn a_quote_that_is_not_there_is_struck_and_costs_confidence() {
    let claims = json!([
        {"exhibit": "E3", "text": "it throws", "quote": QUOTE},
        {"exhibit": "E3", "text": "it says more", "quote": "the database is on fire"},
    ]);
    let (_, verdict) = answered(&scene::null_pointer(), but(&json!({"claims": claims}))).await;
    assert_eq!(verdict.confidence.get(), 73);
    let quotes: Vec<Option<&str>> = verdict.claims.iter().map(|claim| claim.quote.as_deref()).collect();
    assert_eq!(quotes, [Some(QUOTE), None]);
}

#[tokio::test]
async fn where_no_quote_stands_the_rules_judge_and_say_so() {
    let scene = scene::null_pointer();
    let claims = json!([{"exhibit": "E3", "text": "it says", "quote": "the database is on fire"}]);
    let (_, verdict) = answered(&scene, but(&json!({"claims": claims, "category": "infrastructure"}))).await;
    let AnalystKind::RulesInstead { why, .. } = &verdict.analyst else { panic!("{verdict:?}") };
    assert_eq!(why, "no quote of its answer stands in the evidence");
    assert_eq!(verdict.category, Category::Code);
    assert!(
        verdict.analysis.starts_with("No model judged this: no quote of its answer"),
        "{}",
        verdict.analysis
    );
    let mut run = scene.run(State::Judged).await;
    run.verdict = Some(Box::new(verdict.clone()));
    let event = Speaker.announcement(&run, Occasion::Verdict).unwrap().message;
    assert!(event.contains("Cause: code (confidence 90, by rules, since no quote of its answer"), "{event}");
    let lines = verdict_lines(&verdict, 200);
    let judged = lines.iter().find(|line| line.contains("Judged")).unwrap();
    assert!(
        judged.starts_with("  Judged by rules, since no quote of its answer stands in the evidence, $"),
        "{judged}"
    );
}

#[tokio::test]
async fn a_verdict_that_quotes_nothing_leads_to_no_patch() {
    let scene = scene::out_of_memory();
    let claims = json!([{"exhibit": "E5", "text": "it was killed"}]);
    let (_, verdict) = answered(&scene, but(&json!({"claims": claims}))).await;
    assert_eq!(verdict.confidence.get(), 60);
    assert_eq!(verdict.suspects[0].grounds, Grounds::Weak);
    assert!(handoff(&scene, &verdict).is_err());
}

#[tokio::test]
async fn a_commit_that_only_the_model_names_is_handed_off_by_a_quote_that_stands() {
    let scene = scene::out_of_memory();
    let claims = json!([{"exhibit": "E10", "text": "the only one that touches the cache", "quote": CANARY}]);
    let (_, verdict) = answered(&scene, but(&json!({"claims": claims, "suspect": "bbbbbbb"}))).await;
    let handoff = handoff(&scene, &verdict).unwrap();
    let named: Vec<_> = handoff.suspects().iter().map(|one| (one.sha.short(), one.grounds)).collect();
    assert_eq!(named, [("bbbbbbb", Grounds::Named)]);
    assert_eq!(verdict.headline, "The cause lies in the canary's code, in what bbbbbbb changed");
}

#[tokio::test]
async fn a_commit_that_nobody_holds_for_the_cause_is_not_handed_off_by_a_model_that_is_sure() {
    let scene = scene::lowered_limit().only_candidate();
    let claims = json!([{"exhibit": "E10", "text": "it is the only one", "quote": CANARY}]);
    let (_, verdict) = answered(&scene, but(&json!({"claims": claims, "suspect": ""}))).await;
    assert_eq!((verdict.category, verdict.confidence.get()), (Category::Code, 93));
    assert_eq!(handoff(&scene, &verdict), Err(NoHandoff::NoSuspect));
}

#[tokio::test]
async fn a_model_that_contradicts_a_frame_in_changed_lines_is_shown_beside_the_rules_and_leads_to_no_patch() {
    let scene = scene::null_pointer();
    for (other, headline) in [
        (json!({"suspect": "bbbbbbb"}), "The cause lies in the canary's code, in what bbbbbbb changed"),
        (
            json!({"category": "infrastructure"}),
            "The cause lies around the canary, in the cluster or what it depends on",
        ),
    ] {
        let (_, verdict) = answered(&scene, but(&other)).await;
        assert_eq!(verdict.headline, format!("{headline}; metric http-errors failed"));
        assert_eq!(verdict.confidence.get(), 65);
        assert!(verdict.root_cause.ends_with(
            "The rules hold 4f2c9d1 instead: a frame of the trace lies in a line that it changed."
        ));
        assert!(
            verdict
                .suspects
                .iter()
                .any(|one| one.sha.as_str() == CULPRIT && one.grounds == Grounds::FrameInItsLines)
        );
        assert!(handoff(&scene, &verdict).is_err());
    }
}

#[tokio::test]
async fn what_the_gate_may_say_follows_from_the_digest_whatever_the_model_says() {
    let scene = scene::null_pointer();
    let (_, verdict) = answered(&scene, but(&json!({"category": "unknown", "confidence": 0}))).await;
    assert_eq!((verdict.standing, verdict.category), (Standing::Trouble, Category::Unknown));
    let mut run = scene.run(State::Judged).await;
    run.verdict = Some(Box::new(verdict));
    assert_eq!(Speaker.answer(&run).unwrap().promotion, Promotion::Hold);
}

#[tokio::test]
async fn a_model_that_is_down_refuses_the_key_or_says_nothing_leaves_the_rules_verdict() {
    for (turn, expected) in [
        (Turn::new(Answer::status(401)), "the provider refused the key (401)"),
        (Turn::new(Answer::status(400)), "the provider refused the call (400)"),
        (Turn::new(Answer::Empty), "the model said nothing"),
        (Turn::new(Answer::CutText("I think".to_owned())), "cut at its token limit"),
    ] {
        let scene = scene::null_pointer();
        let stage = Stage::of([turn.forever()]).await;
        let verdict = judged(&stage, &scene).await;
        let AnalystKind::RulesInstead { why, .. } = &verdict.analyst else { panic!("{verdict:?}") };
        assert!(why.contains(expected), "{expected} is not in {why}");
        assert_eq!((verdict.category, verdict.confidence.get()), (Category::Code, 90));
    }
}

#[tokio::test]
async fn a_spent_budget_asks_no_model_and_the_rules_judge() {
    let scene = scene::null_pointer();
    let mut stage = Stage::of([Turn::call("verdict", good())]).await;
    stage.crew.budget.per_incident_micro_usd = 10;
    let verdict = judged(&stage, &scene).await;
    assert_eq!(stage.asked(), 0);
    let expected = AnalystKind::RulesInstead {
        why: "the budget of the incident is spent ([budget] per_incident)".to_owned(),
        cost: Cost::default(),
    };
    assert_eq!(verdict.analyst, expected);
}

#[tokio::test]
async fn only_the_operators_tools_are_offered_and_none_that_changes_anything() {
    let scene = scene::null_pointer();
    let stage = Stage::of([Turn::call("verdict", good())]).await;
    let tools = [
        Saying::new("pod_logs", ""),
        Saying::new("events", ""),
        Saying::changing("restart_pod"),
        Saying::new("pod_logs", ""),
    ];
    let choice = ToolChoice::Only(["pod_logs", "restart_pod"].map(str::to_owned).into());
    let analyst = analyst(&stage, Shelf::of(tools), choice);
    analyst.analyze(&Arc::new(scene.case.clone()), &scene.brief).await;
    assert_eq!(stage.offered(), ["pod_logs", "verdict"]);
}

#[tokio::test]
async fn an_opening_fits_its_room_whatever_the_size_of_the_case() {
    let mut scene = scene::null_pointer();
    for number in 0..500 {
        scene = scene.line(
            TemplateClass::Error,
            &format!("ERROR {number} {}", "long words ".repeat(40)),
            Novelty::New,
        );
    }
    let (stage, _) = answered(&scene, good()).await;
    let opening = stage.told("user");
    assert!(opening.len() < 16_500, "{}", opening.len());
    assert!(opening.contains("more lines had no room"), "{opening}");
}
