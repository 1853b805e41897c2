//! Says it in the cluster: an Event on the Rollout, and the annotation where the operator wants it.

use domain::workflow::{Event, Occasion, Run};
use domain::{Annotate, AttemptNumber, Failure, Mode};

use super::Hands;

pub(super) async fn announce(
    hands: &Hands,
    run: &Run,
    attempt: AttemptNumber,
    occasion: Occasion,
) -> Result<Event, Failure> {
    if attempt != run.attempt || hands.settings().mode == Mode::Observe {
        return Ok(Event::EffectDone);
    }
    // Both are tried: a right that is missing for one of them does not silence the other.
    let event = say(hands, run, occasion).await;
    let annotation = annotate(hands, run).await;
    event?;
    annotation?;
    Ok(Event::EffectDone)
}

async fn say(hands: &Hands, run: &Run, occasion: Occasion) -> Result<(), Failure> {
    match hands.ports.voice.announcement(run, occasion) {
        None => Ok(()),
        Some(announcement) => {
            let identity = &run.identity;
            hands.ports.announcer.announce(&identity.rollout, &identity.uid, &announcement).await
        }
    }
}

/// At most twice per attempt, since an attempt asks for at most two announcements.
async fn annotate(hands: &Hands, run: &Run) -> Result<(), Failure> {
    if hands.settings().annotate == Annotate::No {
        return Ok(());
    }
    match hands.ports.voice.annotation(run) {
        None => Ok(()),
        Some(annotation) => {
            let identity = &run.identity;
            hands.ports.announcer.annotate(&identity.rollout, &identity.uid, &annotation).await
        }
    }
}
