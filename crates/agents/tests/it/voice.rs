//! The words as their readers see them, in one snapshot for each kind of failure.

use domain::ports::{Fixer, Severity, Voice};
use domain::workflow::{Occasion, Run, State};
use domain::*;
use rollmend_agents::voice::terminal::verdict_lines;
use rollmend_agents::{RevertFixer, Speaker};

use crate::double::Repositories;
use crate::scene::{self, CULPRIT, Scene};

fn pull_request() -> PullRequest {
    PullRequest {
        number: PullRequestNumber(7),
        url: "https://github.com/acme/shop/pull/7".to_owned(),
        author: "rollmend[bot]".to_owned(),
        branch: "rollmend/main/4f2c9d1a0b1c".parse().unwrap(),
        head: CULPRIT.parse().unwrap(),
        state: PullRequestState::Open,
    }
}

async fn body(scene: &Scene) -> String {
    let handoff = scene.handoff().await.unwrap();
    let fixer = RevertFixer { code: Repositories::default().shared() };
    let proposal = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    format!("{}\n\n{}", proposal.title, proposal.body)
}

/// Headline, answer, Event and terminal, one after the other.
pub(crate) async fn told(scene: &Scene) -> String {
    let run = scene.run(State::Judged).await;
    let verdict = run.verdict.clone().unwrap();
    let answer = Speaker.answer(&run).unwrap();
    let event = Speaker.announcement(&run, Occasion::Verdict).unwrap();
    format!(
        "headline: {}\n\nanalysis: {}\n\nrootCause: {}\n\nremediation: {}\n\nevent: {} {}\n\n{}",
        verdict.headline,
        answer.analysis,
        answer.root_cause,
        answer.remediation,
        event.reason,
        event.message,
        verdict_lines(&verdict, 100).join("\n")
    )
}

#[tokio::test]
async fn the_pull_request_reads_like_a_colleagues() {
    insta::assert_snapshot!("pull_request_null_pointer", body(&scene::null_pointer()).await);
    insta::assert_snapshot!("pull_request_panic", body(&scene::panic()).await);
    insta::assert_snapshot!(
        "pull_request_only_candidate",
        body(&scene::out_of_memory().only_candidate()).await
    );
}

#[tokio::test]
async fn every_kind_of_failure_is_told_in_one_voice() {
    let scenes = [
        ("null_pointer", scene::null_pointer()),
        ("panic", scene::panic()),
        ("lowered_limit", scene::lowered_limit()),
        ("out_of_memory", scene::out_of_memory()),
        ("image_pull", scene::image_pull()),
        ("missing_key", scene::missing_key()),
        ("refused", scene::refused()),
        ("not_a_number", scene::not_a_number()),
        ("unknown", scene::unknown()),
        ("gate_silent", scene::gate_silent()),
    ];
    for (name, scene) in scenes {
        insta::assert_snapshot!(format!("told_{name}"), told(&scene).await);
    }
}

#[tokio::test]
async fn an_outcome_is_announced_for_what_it_is() {
    let scene = scene::null_pointer();
    let why = NoHandoff::NotInRepository { category: Category::Infrastructure }.to_string();
    let states = [
        State::Proposed { pull_request: pull_request() },
        State::Explained { why },
        State::Explained {
            why: NoPatch::UndoneAlready { suspect: "4f2c9d1".to_owned(), base: "main".parse().unwrap() }
                .to_string(),
        },
        State::Escalated {
            reason: NoPatch::Conflict { suspect: "4f2c9d1".to_owned(), files: "a.java, b.java".to_owned() }
                .to_string(),
        },
        State::Escalated {
            reason: "failed to push to https://github.com/acme/shop: give the token contents: write"
                .to_owned(),
        },
        State::Declined { pull_request: pull_request() },
    ];
    let mut shown = Vec::new();
    for state in states {
        let event = Speaker.announcement(&scene.run(state).await, Occasion::Outcome).unwrap();
        shown.push(format!("{:?} {} [{}]\n{}", event.severity, event.reason, event.key, event.message));
    }
    insta::assert_snapshot!("outcomes", shown.join("\n\n"));
    for quiet in [State::Withdrawn, State::Judged, State::Superseded { by: None }] {
        assert_eq!(Speaker.announcement(&scene.run(quiet).await, Occasion::Outcome), None);
    }
}

#[tokio::test]
async fn a_run_without_a_verdict_has_nothing_to_say_yet() {
    let run = Run { verdict: None, ..scene::null_pointer().run(State::Retrying).await };
    assert_eq!(Speaker.announcement(&run, Occasion::Verdict), None);
    assert_eq!(Speaker.answer(&run), None);
    assert_eq!(Speaker.annotation(&run), None);
}

#[tokio::test]
async fn the_annotation_has_the_headline_and_the_page() {
    let run = scene::null_pointer().run(State::Proposed { pull_request: pull_request() }).await;
    let annotation = Speaker.annotation(&run).unwrap();
    assert_eq!(annotation.hash.as_str(), "86686d4656");
    assert_eq!(annotation.url, "https://github.com/acme/shop/pull/7");
    assert_eq!(annotation.sentence, run.verdict.as_ref().unwrap().headline);
    let answer = Speaker.answer(&run).unwrap();
    assert_eq!((answer.promotion, answer.confidence), (Promotion::Hold, 90));
    assert_eq!(answer.pull_request.unwrap(), "https://github.com/acme/shop/pull/7");
}

#[test]
fn a_clean_canary_is_told_so_with_the_figures() {
    let rollout = RolloutRef { namespace: "shop".parse().unwrap(), name: "users".parse().unwrap() };
    let canary = "86686d4656".parse().unwrap();
    let answer = Speaker.clean_answer(
        &rollout,
        &canary,
        30,
        "212 requests of at least 50, 0 new error lines in 1,204 lines",
    );
    assert_eq!(
        answer,
        GateAnswer {
            promotion: Promotion::Promote,
            confidence: 51,
            analysis: "Canary 86686d4656 of shop/users shows no trouble that stable does not show: 212 requests of at least 50, 0 new error lines in 1,204 lines.".to_owned(),
            root_cause: "None: nothing failed.".to_owned(),
            remediation: "Nothing to do.".to_owned(),
            pull_request: None,
        }
    );
    assert_eq!(Speaker.clean_answer(&rollout, &canary, 100, "x").confidence, 99);
}

#[test]
fn a_refusal_says_why_and_what_to_do_once_per_attempt_and_cause() {
    let rollout = RolloutRef { namespace: "shop".parse().unwrap(), name: "users".parse().unwrap() };
    let canary: PodHash = "86686d4656".parse().unwrap();
    let first = AttemptNumber::FIRST;
    let say =
        |attempt, refusal: &GateRefusal| Speaker.refusal_announcement(&rollout, &canary, attempt, refusal);
    let refusals = [
        GateRefusal::RepositoryNotAllowed("https://github.com/x/y is not listed in agents.toml".to_owned()),
        GateRefusal::NoCanary(rollout.clone()),
        GateRefusal::SameOnStable { canary: canary.clone(), trouble: "metric http-errors".to_owned() },
        GateRefusal::TooLittle { canary: canary.clone(), figures: "12 of 50 requests".to_owned() },
        GateRefusal::Ours("the case could not be frozen: no space left on device".to_owned()),
    ];
    let shown: Vec<String> = refusals
        .iter()
        .map(|refusal| say(first, refusal).unwrap())
        .inspect(|event| assert_eq!(event.severity, Severity::Warning))
        .map(|event| format!("{} [{}]\n{}", event.reason, event.key, event.message))
        .collect();
    insta::assert_snapshot!("refusals", shown.join("\n\n"));
    let more = GateRefusal::TooLittle { canary: canary.clone(), figures: "13 of 50 requests".to_owned() };
    assert_eq!(say(first, &more).unwrap().key, say(first, &refusals[3]).unwrap().key);
    assert_ne!(say(first.next(), &more).unwrap().key, say(first, &more).unwrap().key);
    assert_eq!(say(first, &GateRefusal::NoSuchRollout(rollout.clone())), None);
}

#[tokio::test]
async fn a_passed_retry_is_said_once_and_promises_nothing() {
    let mut run = scene::null_pointer().run(State::Withdrawn).await;
    run.attempt = run.attempt.next();
    let comment = Speaker.passed_comment(&run);
    assert!(comment.body.starts_with(&comment.marker));
    insta::assert_snapshot!("passed_comment", comment.body);
}
