//! An incident as a daemon leaves it: a journal with its events, and its two case files.

use std::path::Path;
use std::sync::Arc;

use agents::RuleAnalyst;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::{CaseStore, Journal, Step};
use domain::workflow::{Detection, Event, Next, Run, Transition, Trigger, open, transition};
use domain::*;
use evidence::Evidence;
use serde_json::json;
use store::{CaseFolder, SqliteJournal};

/// A secret as it stands in a log.
pub(crate) const SECRET: &str = "hunter2-in-the-log";

/// The configuration for a journal and case files in the folder.
pub(crate) fn configuration(folder: &Path) -> String {
    format!("[daemon]\nlisten = \"127.0.0.1:0\"\ndata = \"{}\"\n", folder.display())
}

/// Keeps an incident in the folder and gives its id.
pub(crate) async fn incident(folder: &Path) -> String {
    let journal = SqliteJournal::open(&folder.join("rollmend.db")).await.unwrap();
    let cases = CaseFolder::open(&folder.join("cases")).unwrap();
    let mut run = begin(&journal).await;
    let first = case(Stage::AtTrouble, None);
    let id = cases.put(&first).await.unwrap();
    tell(&journal, &mut run, 2, frozen(Stage::AtTrouble, &id)).await;
    let verdict = judged(&first, &id, None).await;
    tell(&journal, &mut run, 3, reached(Stage::AtTrouble, &verdict)).await;
    tell(&journal, &mut run, 60, Event::RunEnded { end: RunEnd::Aborted("aborted".into()) }).await;
    let second = case(Stage::AtEnd, Some((&id, &first)));
    let id = cases.put(&second).await.unwrap();
    tell(&journal, &mut run, 62, frozen(Stage::AtEnd, &id)).await;
    let verdict = judged(&second, &id, Some(&verdict)).await;
    tell(&journal, &mut run, 63, reached(Stage::AtEnd, &verdict)).await;
    journal.close().await;
    run.id.to_string()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn identity() -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    }
}

fn troubles() -> Vec<Trouble> {
    vec![Trouble::LogErrors { template: "npe".into(), canary: 40, stable: 0 }]
}

async fn begin(journal: &SqliteJournal) -> Run {
    let detection = Detection {
        identity: identity(),
        mode: Mode::Explain,
        attempt_started_at: at(0),
        troubles: troubles(),
        trigger: Trigger::Watch,
        named: NamedRepository::default(),
    };
    let event = Event::Detected { detection: Box::new(detection.clone()) };
    keep(journal, open(detection, at(1)), 1, event).await
}

async fn tell(journal: &SqliteJournal, run: &mut Run, second: i64, event: Event) {
    let made = transition(run, event.clone(), at(second)).unwrap();
    *run = keep(journal, made, second, event).await;
}

async fn keep(journal: &SqliteJournal, made: Transition, second: i64, event: Event) -> Run {
    let step = Step { run: made.run.clone(), at: at(second), event, effects: made.effects, settles: None };
    journal.commit(&step).await.unwrap();
    made.run
}

fn frozen(stage: Stage, id: &CaseId) -> Event {
    Event::CaseFrozen { attempt: AttemptNumber::FIRST, stage, case: id.clone() }
}

fn reached(stage: Stage, verdict: &Verdict) -> Event {
    let next = Next::Explain { why: NoHandoff::NoRepository };
    Event::VerdictReached { stage, verdict: Box::new(verdict.clone()), next }
}

async fn judged(case: &CaseFile, id: &CaseId, first: Option<&Verdict>) -> Verdict {
    let rules = Arc::new(Evidence::default());
    orchestrator::judge(rules, &RuleAnalyst, first, Arc::new(case.clone()), id.clone()).await.unwrap().verdict
}

fn case(stage: Stage, first: Option<(&CaseId, &CaseFile)>) -> CaseFile {
    let redactor = Redactor::new([SECRET.to_owned()]);
    let mut builder = CaseBuilder::new(&redactor, first.map(|(_, case)| case));
    let rollout = serde_json::from_value(json!({
        "rollout": {"namespace": "shop", "name": "checkout"}, "uid": "11e7bd8a", "phase": "Degraded", "message": "",
        "stable": "678dd648d6", "current": "86686d4656", "revision": 2, "abort": null, "progressing": null,
        "pause_reasons": [], "progress_deadline_seconds": 600, "annotations": {}}));
    builder.add("rollout", ExhibitBody::Rollout { rollout: rollout.unwrap() });
    for (side, pod) in [(Side::Canary, "checkout-86686d4656-a"), (Side::Stable, "checkout-678dd648d6-b")] {
        builder.add(format!("log {side}"), ExhibitBody::Log { log: log(side, pod) });
    }
    builder.missing("events", "there were none");
    let header = CaseHeader {
        incident: identity().id(),
        identity: identity(),
        attempt: AttemptNumber::FIRST,
        stage,
        follows: first.map(|(id, _)| id.clone()),
        from: at(0),
        frozen_at: if first.is_some() { at(61) } else { at(2) },
        troubles: troubles(),
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    };
    builder.freeze(header, first.map(|(_, case)| case))
}

fn log(side: Side, pod: &str) -> LogExcerpt {
    let line = |second: i64| {
        let time = at(second).to_rfc3339();
        match side {
            Side::Canary => format!(
                "{time} ERROR request failed, password={SECRET}\n{time} java.lang.NullPointerException: name is null\n\
                 {time} \tat shop.Users.show(Users.java:42)\n"
            ),
            Side::Stable => format!("{time} INFO GET /users/{second} 200\n"),
        }
    };
    LogExcerpt {
        pod: pod.parse().unwrap(),
        container: "checkout".parse().unwrap(),
        role: ContainerRole::App,
        side,
        which: Incarnation::Current,
        head: (1..41).map(line).collect(),
        tail: String::new(),
        dropped: Dropped::default(),
    }
}
