//! Freezes a case file: gathers, builds, keeps.

use domain::workflow::{Event, Run, State};
use domain::{AttemptNumber, CaseFile, CaseId, Failure, Stage};

use super::Hands;
use crate::gather::{Follows, Passing, Subject};

pub(super) async fn freeze(
    hands: &Hands,
    run: &Run,
    attempt: AttemptNumber,
    stage: Stage,
) -> Result<Event, Failure> {
    if attempt != run.attempt || run.state != (State::Gathering { stage }) {
        return Ok(Event::EffectDone);
    }
    let subject = Subject {
        identity: run.identity.clone(),
        attempt,
        stage,
        from: run.attempt_started_at,
        troubles: run.troubles.clone(),
        named: run.named.clone(),
        follows: match stage {
            Stage::AtTrouble => None,
            Stage::AtEnd => first(hands, run.first_case.as_ref()).await?,
        },
    };
    let gathered = hands.gatherer.gather(subject).await?;
    // At the trouble nothing waits: the pods may be about to go, and there is a second case.
    if let (Stage::AtEnd, Some(passing)) = (stage, gathered.passing) {
        waited_for(hands, run, passing)?;
    }
    let case = hands.ports.cases.put(&gathered.case).await?;
    Ok(Event::CaseFrozen { attempt, stage, case })
}

/// Fails as long as it is worth to gather once more what the API server did not show.
fn waited_for(hands: &Hands, run: &Run, passing: Passing) -> Result<(), Failure> {
    let limits = hands.settings().limits.clone();
    let (wait, failure) = match passing {
        Passing::Silent(failure) => (limits.cluster_wait, failure),
        Passing::Refused(failure) => (limits.refusal_wait, failure),
    };
    let since = (hands.clock.now() - run.changed_at).to_std().unwrap_or(wait);
    if since < wait { Err(failure) } else { Ok(()) }
}

/// The attempt's first case. One that is damaged is done without: what the cluster still shows is frozen, rather than nothing.
async fn first(hands: &Hands, id: Option<&CaseId>) -> Result<Option<Follows>, Failure> {
    let Some(id) = id else { return Ok(None) };
    match hands.ports.cases.get(id).await {
        Ok(case) => Ok(Some(follows(id, case))),
        Err(failure) if matches!(failure.remedy, domain::Remedy::Retry { .. }) => Err(failure),
        Err(failure) => {
            tracing::warn!(case = %id, kind = failure.kind, "going on without the first case: {}", failure.sentence());
            Ok(None)
        }
    }
}

fn follows(id: &CaseId, case: CaseFile) -> Follows {
    Follows { id: id.clone(), case }
}
