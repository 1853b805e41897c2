//! Judges a canary as it is now: the same gathering and digest as for a case, in memory. Calls that come at once share one judgement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::workflow::Detection;
use domain::{
    AttemptNumber, Brief, CaseFile, ExhibitBody, Failure, GateAnswer, GateDecision, GateRefusal,
    IncidentIdentity, LogExcerpt, Observation, Rollout, Side, Stage, Trouble,
};
use futures::future::{BoxFuture, FutureExt, Shared, WeakShared};

use super::amount::amount;
use super::broken;
use super::subject::AttemptSubject;
use crate::catch_up::taken_up;
use crate::effects::digest;
use crate::gather::Subject;
use crate::observer::Surroundings;

/// What was found.
#[derive(Debug, Clone)]
pub(super) enum Judgement {
    /// Enough evidence and no trouble.
    Answer(GateAnswer),
    /// Trouble: it is an incident from now on.
    Trouble,
    /// Too little evidence yet.
    TooLittle { figures: String },
}

type Judging = BoxFuture<'static, Result<Judgement, GateRefusal>>;
type Key = (IncidentIdentity, AttemptNumber);

/// The judgements in work. One that nobody waits for any more is dropped.
#[derive(Default)]
pub(super) struct Judgements(Mutex<HashMap<Key, WeakShared<Judging>>>);

impl Judgements {
    /// Joins the judgement in work, or begins one.
    pub(super) async fn judge(
        &self,
        around: &Surroundings,
        subject: &AttemptSubject,
    ) -> Result<Judgement, GateRefusal> {
        self.join(around, subject).await
    }

    fn join(&self, around: &Surroundings, subject: &AttemptSubject) -> Shared<Judging> {
        let key = (subject.identity.clone(), subject.attempt);
        let mut in_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running =
            in_work.get(&key).and_then(WeakShared::upgrade).filter(|shared| shared.peek().is_none());
        if let Some(running) = running {
            return running;
        }
        in_work.retain(|_, shared| shared.upgrade().is_some());
        let shared = judge(around.clone(), subject.clone()).boxed().shared();
        if let Some(weak) = shared.downgrade() {
            in_work.insert(key, weak);
        }
        shared
    }
}

async fn judge(around: Surroundings, subject: AttemptSubject) -> Result<Judgement, GateRefusal> {
    let digested = digested(&around, &subject).await.map_err(|failure| broken(&around, &failure))?;
    let Digested { case, brief, broken: unread } = digested;
    let amount = amount(&around, &subject, &case, &brief).await;
    let decision = around.hands.ports.digest.gate(&brief, &amount, &around.hands.settings().gate);
    match decision {
        // What could not be read may be what speaks against the canary.
        GateDecision::Promote { .. } | GateDecision::TooLittle { .. } if !unread.is_empty() => {
            let words = format!("the evidence is not whole: {}", unread.join("; "));
            Err(GateRefusal::Ours(around.hands.settings().redactor.text(&words)))
        }
        GateDecision::Promote { confidence, figures } => {
            let voice = &around.hands.ports.voice;
            let reference = &subject.rollout.rollout;
            let canary = &subject.identity.canary;
            Ok(Judgement::Answer(voice.clean_answer(reference, canary, confidence, &figures)))
        }
        GateDecision::TooLittle { figures } => Ok(Judgement::TooLittle { figures }),
        GateDecision::CannotJudge => {
            Err(GateRefusal::SameOnStable { canary: subject.identity.canary.clone(), trouble: kinds(&brief) })
        }
        GateDecision::Refuse => {
            let detection = detection(&around, &subject, &case, &brief);
            let detected = around.engine.detect(detection).await;
            detected.map_err(|stopped| GateRefusal::Ours(stopped.to_string()))?;
            Ok(Judgement::Trouble)
        }
    }
}

/// A case that is not kept, its digest, and what could not be read.
struct Digested {
    case: Arc<CaseFile>,
    brief: Brief,
    broken: Vec<String>,
}

async fn digested(around: &Surroundings, subject: &AttemptSubject) -> Result<Digested, Failure> {
    let snapshot = Subject {
        identity: subject.identity.clone(),
        attempt: subject.attempt,
        stage: Stage::AtTrouble,
        from: subject.attempt_started_at,
        troubles: Vec::new(),
        named: subject.named.clone(),
        follows: None,
    };
    let gathered = around.hands.gatherer.gather(snapshot).await?;
    let bytes = gathered
        .case
        .to_bytes()
        .map_err(|error| Failure::give_up("case-bytes", "put the case into bytes").because(error))?;
    let id = CaseFile::id_of(&bytes);
    let case = Arc::new(gathered.case);
    let brief = digest(around.hands.ports.digest.clone(), case.clone(), id).await?;
    Ok(Digested { case, brief, broken: gathered.broken })
}

fn detection(around: &Surroundings, subject: &AttemptSubject, case: &CaseFile, brief: &Brief) -> Detection {
    Detection {
        identity: subject.identity.clone(),
        mode: around.hands.settings().mode,
        attempt_started_at: subject.attempt_started_at,
        troubles: troubles(around, subject, case, brief),
        trigger: subject.trigger,
        named: subject.named.clone(),
    }
}

/// The troubles by the rules, from the same case that the brief is of; never empty, since the brief says that there is one.
fn troubles(around: &Surroundings, subject: &AttemptSubject, case: &CaseFile, brief: &Brief) -> Vec<Trouble> {
    let digest = &around.hands.ports.digest;
    let mut observation = Observation {
        rollout: Rollout { abort: taken_up(&subject.rollout).cloned(), ..subject.rollout.clone() },
        attempt_started_at: subject.attempt_started_at,
        runs: Vec::new(),
        pods: Vec::new(),
        at: case.header.frozen_at,
    };
    for exhibit in &case.exhibits {
        match &exhibit.body {
            ExhibitBody::AnalysisRun { run } => observation.runs.push(run.clone()),
            ExhibitBody::Pods { side: Side::Canary, pods } => observation.pods.extend(pods.iter().cloned()),
            _ => {}
        }
    }
    let mut troubles = digest.troubles(&observation);
    troubles.extend(digest.log_troubles(&logs(case, Side::Canary), &logs(case, Side::Stable)));
    if troubles.is_empty() {
        troubles.push(Trouble::LogErrors { template: kinds(brief), canary: 1, stable: 0 });
    }
    troubles
}

fn logs(case: &CaseFile, side: Side) -> Vec<LogExcerpt> {
    let logs = case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
        ExhibitBody::Log { log } if log.side == side => Some(log.clone()),
        _ => None,
    });
    logs.collect()
}

/// The kinds of trouble in the brief, bounded; no text from logs is part of them.
fn kinds(brief: &Brief) -> String {
    let kinds: Vec<&str> = brief.fingerprint.0.iter().map(String::as_str).take(5).collect();
    if kinds.is_empty() { "trouble of no known kind".to_owned() } else { kinds.join(", ") }
}
