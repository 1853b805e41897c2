//! Waits for the verdict of an incident, and answers from it.

use domain::workflow::{Run, State};
use domain::{Failure, GateAnswer, GateRefusal, Standing as Digested};

use super::subject::AttemptSubject;
use super::{broken, ours};
use crate::observer::Surroundings;

/// Whether the attempt has an incident to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has; its verdict answers.
    Incident,
    /// It has none, or one whose digest was clean: the canary is judged as it is now.
    Nothing,
}

/// What there is of the attempt.
pub(super) async fn stands(around: &Surroundings, subject: &AttemptSubject) -> Result<Standing, Failure> {
    let Some(run) = around.engine.run(&subject.id).await? else { return Ok(Standing::Nothing) };
    let clean = run.verdict.as_ref().is_some_and(|verdict| verdict.standing == Digested::Clean);
    Ok(if run.state == State::Retrying || clean { Standing::Nothing } else { Standing::Incident })
}

/// The answer from the verdict, once it is there.
pub(super) async fn wait(around: &Surroundings, subject: &AttemptSubject) -> Result<GateAnswer, GateRefusal> {
    let watched = around.engine.changes(&subject.id).await.map_err(|failure| broken(around, &failure))?;
    let mut state = watched.state.clone();
    loop {
        let run = state.borrow_and_update().clone();
        if let Some(answer) = run.and_then(|run| answer(around, subject, &run)) {
            return answer;
        }
        if state.changed().await.is_err() {
            return Err(ours("the incident is gone; ask again"));
        }
    }
}

/// `None`: not yet.
fn answer(
    around: &Surroundings,
    subject: &AttemptSubject,
    run: &Run,
) -> Option<Result<GateAnswer, GateRefusal>> {
    if run.attempt != subject.attempt {
        return Some(Err(ours("the Rollout was retried meanwhile; ask again")));
    }
    if let Some(verdict) = &run.verdict {
        if verdict.standing == Digested::SameOnStable {
            return Some(Err(GateRefusal::SameOnStable {
                canary: subject.identity.canary.clone(),
                trouble: verdict.headline.clone(),
            }));
        }
        let answer = around.hands.ports.voice.answer(run);
        return Some(answer.ok_or_else(|| ours("the verdict has no words; ask again")));
    }
    match &run.state {
        State::Escalated { reason } => Some(Err(GateRefusal::Ours(format!("no verdict: {reason}")))),
        state if state.name().is_final() => {
            Some(Err(GateRefusal::Ours(format!("no verdict: the incident is {}", state.name()))))
        }
        _ => None,
    }
}
