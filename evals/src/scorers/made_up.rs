//! Remains that nothing left: a story that went well, to be spoilt by tests.

use domain::workflow::{Event, Run};
use domain::{CaseFile, Claim, Cost, Grounds, Patch, PatchKind, Suspect, Verdict};
use serde_json::json;

use crate::commit::{Commit, Tree};
use crate::mind::{GivenModel, Mind};
use crate::remains::{Ended, Exported, GateAnswer, Incident, Listed, PullRequest, Remains, Replayed};
use crate::scenario::{Band, ExpectedGate, ExpectedPatch, ExpectedVerdict, Scenario};

pub(crate) const CULPRIT: &str = "1111111111111111111111111111111111111111";
pub(crate) const BYSTANDER: &str = "2222222222222222222222222222222222222222";
const BASE: &str = "3333333333333333333333333333333333333333";
const AT: &str = "2026-11-24T18:00:00Z";

/// A canary with a bug that was found and undone.
pub(crate) fn mended() -> (Scenario, Remains) {
    let tree: Tree = [("README.md", "a shop"), ("src/prices.rs", "fn split() {}")]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .into();
    let scenario = Scenario {
        name: "failing".to_owned(),
        about: "a bug".to_owned(),
        demo: "failing".to_owned(),
        gate: ExpectedGate::Hold,
        verdict: Some(ExpectedVerdict {
            category: domain::Category::Code,
            suspect: Some("Split payments".to_owned()),
            confidence: Band { at_least: 80, at_most: 90 },
            says: vec!["divides by zero".to_owned()],
        }),
        patch: Some(ExpectedPatch { kind: PatchKind::Revert, layers: Vec::new(), tree: tree.clone() }),
    };
    let remains = Remains {
        incidents: vec![Listed { id: "shop-checkout-00000000".to_owned(), state: "proposed".to_owned() }],
        incident: Some(incident()),
        gate: Some(GateAnswer { status: 200, promote: Some(false) }),
        pull_requests: vec![PullRequest { number: 1, tree }],
        ..nothing()
    };
    (scenario, remains)
}

/// A story in which nothing happened.
pub(crate) fn nothing() -> Remains {
    let commit = |sha: &str, subject: &str| Commit {
        sha: sha.parse().unwrap(),
        subject: subject.to_owned(),
        files: vec!["src/prices.rs".to_owned()],
    };
    Remains {
        ended: Ended::Well,
        incidents: Vec::new(),
        incident: None,
        gate: None,
        pull_requests: Vec::new(),
        commits: vec![commit(BYSTANDER, "Round taxes"), commit(CULPRIT, "Split payments")],
        cost: Cost::default(),
        took_ms: 12_000,
    }
}

/// The same with another verdict.
pub(crate) fn with_verdict(remains: &Remains, change: impl FnOnce(Verdict) -> Verdict) -> Remains {
    let mut remains = remains.clone();
    let run = &mut remains.incident.as_mut().unwrap().run;
    run.verdict = Some(Box::new(change(*run.verdict.take().unwrap())));
    remains
}

/// The same with another patch.
pub(crate) fn with_patch(remains: &Remains, change: impl FnOnce(&mut Patch)) -> Remains {
    let mut remains = remains.clone();
    for recorded in &mut remains.incident.as_mut().unwrap().history {
        if let Event::PatchMade { proposal } = &mut recorded.event {
            change(&mut proposal.patch);
            break;
        }
    }
    remains
}

/// A model.
pub(crate) fn model() -> Mind {
    let base_url = "http://127.0.0.1:8000/v1".parse().unwrap();
    Mind::Model(GivenModel { name: "scripted-1".to_owned(), base_url, key: None })
}

pub(crate) fn claim(exhibit: u32, text: &str, quote: Option<&str>) -> Claim {
    let claim = json!({"exhibit": exhibit, "text": text, "canary": "", "stable": "", "quote": quote});
    serde_json::from_value(claim).unwrap()
}

pub(crate) fn suspect(sha: &str, grounds: Grounds) -> Suspect {
    let sha = sha.parse().unwrap();
    Suspect {
        sha,
        subject: "whatever it says".to_owned(),
        score: 90,
        reasons: vec![],
        grounds,
        files: vec![],
    }
}

fn incident() -> Incident {
    let case = case();
    let id = CaseFile::id_of(&case.to_bytes().unwrap());
    let verdict = Verdict {
        claims: vec![claim(1, "a panic", Some("attempt to divide by zero"))],
        ruled_out: vec![claim(2, "crashes", None)],
        suspects: vec![suspect(CULPRIT, Grounds::FrameInItsLines)],
        ..verdict(id.as_str())
    };
    let history = [
        (
            "18:00:00",
            json!({"event": "detected", "detection": {
            "identity": identity(), "mode": "propose", "attempt_started_at": AT, "troubles": [], "trigger": "watch",
            "named": {"annotation": null, "plugin": null, "request": null}}}),
        ),
        (
            "18:00:01",
            json!({"event": "verdict-reached", "stage": "at-trouble", "verdict": verdict,
            "next": {"next": "explain", "why": {"why": "unknown"}}}),
        ),
        ("18:00:10", json!({"event": "run-ended", "end": {"aborted": "by its analysis"}})),
        ("18:00:12", json!({"event": "patch-made", "proposal": proposal()})),
        (
            "18:00:13.500",
            json!({"event": "proposal-opened", "repository": repository(), "pull_request": pull_request()}),
        ),
    ];
    let recorded = history.into_iter().zip(1..).map(|((at, event), number)| {
        let recorded = json!({"number": number, "at": format!("2026-11-24T{at}Z"), "event": event});
        serde_json::from_value(recorded).unwrap()
    });
    Incident {
        history: recorded.collect(),
        run: run(&verdict),
        exported: vec![Exported { id, case }],
        replayed: Replayed::Same,
    }
}

fn run(verdict: &Verdict) -> Run {
    serde_json::from_value(json!({
        "id": "shop-checkout-00000000", "identity": identity(), "mode": "propose", "version": 5,
        "opened_at": AT, "changed_at": AT, "triggers": ["watch"],
        "named": {"annotation": null, "plugin": null, "request": null},
        "attempt": 1, "attempt_started_at": AT, "troubles": [], "end": null, "first_case": null,
        "last_case": verdict.case, "verdict": verdict, "proposed": null,
        "state": {"state": "proposed", "pull_request": pull_request()},
    }))
    .unwrap()
}

fn verdict(case: &str) -> Verdict {
    serde_json::from_value(json!({
        "incident": "shop-checkout-00000000", "attempt": 1, "case": case, "category": "code", "confidence": 90,
        "headline": "The canary throws an error", "analysis": "", "root_cause": "It divides by zero.",
        "remediation": "Revert it.", "claims": [], "ruled_out": [], "suspects": [], "canary_commit": null,
        "standing": "trouble", "fingerprint": [], "analyst": "rules",
    }))
    .unwrap()
}

fn case() -> CaseFile {
    let log = json!({"pod": "checkout-1", "container": "checkout", "role": "App", "side": "Canary",
        "which": "Current", "head": "2026-11-24T18:00:00Z attempt to divide by zero\n", "tail": "",
        "dropped": {"lines": 0, "bytes": 0}});
    let event = json!({"about": "Pod/checkout-1", "kind": "Warning", "reason": "BackOff",
        "message": "Back-off restarting failed container", "count": 1, "at": null});
    serde_json::from_value(json!({
        "version": 1,
        "header": {
            "incident": "shop-checkout-00000000", "identity": identity(), "attempt": 1, "stage": "at-end",
            "follows": null, "from": AT, "frozen_at": AT, "troubles": [],
            "named": {"annotation": null, "plugin": null, "request": null},
            "repository": {"standing": "not-named"},
        },
        "exhibits": [
            {"id": 1, "source": "log canary/checkout-1/checkout", "body": {"type": "log", "log": log}},
            {"id": 2, "source": "events", "body": {"type": "events", "events": [event]}},
        ],
        "missing": [],
    }))
    .unwrap()
}

fn identity() -> serde_json::Value {
    json!({"cluster": "eu-1", "rollout": {"namespace": "shop", "name": "checkout"}, "uid": "u-1", "canary": "5d9"})
}

fn repository() -> serde_json::Value {
    json!({"url": "https://github.example/acme/shop", "base": "main", "paths": [], "labels": []})
}

fn proposal() -> serde_json::Value {
    json!({
        "repository": repository(), "branch": "rollmend/main/111111111111", "title": "Revert", "body": "",
        "patch": {"base": "main", "base_commit": BASE, "commit": BASE, "reverts": CULPRIT, "kind": "revert",
            "files": [{"path": "src/prices.rs", "added": 1, "removed": 1}], "flagged": [], "diff": ""},
    })
}

fn pull_request() -> serde_json::Value {
    json!({"number": 1, "url": "https://github.example/acme/shop/pull/1", "author": "rollmend-bot",
        "branch": "rollmend/main/111111111111", "head": BASE, "state": "open"})
}
