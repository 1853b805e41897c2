//! Digests a case and judges it.

use std::sync::Arc;

use domain::workflow::{Event, Next, Run, State};
use domain::{
    AttemptNumber, Brief, CaseFile, CaseId, ExhibitBody, Failure, Handoff, RangeFinding, Stage, Verdict,
};

use super::Hands;

pub(super) async fn analyze(
    hands: &Hands,
    run: &Run,
    attempt: AttemptNumber,
    stage: Stage,
    id: &CaseId,
) -> Result<Event, Failure> {
    if attempt != run.attempt || run.state != (State::Analyzing { stage }) {
        return Ok(Event::EffectDone);
    }
    let case = Arc::new(hands.ports.cases.get(id).await?);
    let brief = digest(hands, case.clone(), id.clone()).await?;
    let verdict = match standing_verdict(run, stage, &case, &brief) {
        Some(verdict) => verdict,
        None => hands.ports.analyst.analyze(&case, &brief).await,
    };
    // Asked of the file as it is now, not as it was when the case was frozen: what it no longer lists is not cloned.
    let standing = hands.settings.allowed.standing(&run.named);
    let next = match Handoff::from_verdict(&run.identity, &verdict, &standing, hands.settings.min_confidence)
    {
        Ok(handoff) => Next::HandOff { handoff: Box::new(handoff) },
        Err(why) => Next::Explain { why },
    };
    Ok(Event::VerdictReached { stage, verdict: Box::new(verdict), next })
}

/// The brief of a case. Digestion is work for a processor, so it leaves the runtime's threads alone.
pub(crate) async fn digest(hands: &Hands, case: Arc<CaseFile>, id: CaseId) -> Result<Brief, Failure> {
    let digest = hands.ports.digest.clone();
    tokio::task::spawn_blocking(move || digest.brief(&case, &id))
        .await
        .map_err(|error| Failure::retry("digest", "digest the case: the digestion panicked").because(error))
}

/// The first verdict again, citing the second case: where that one shows no new kind of trouble, reads no range and every quote still
/// stands, there is nothing to judge anew.
fn standing_verdict(run: &Run, stage: Stage, case: &CaseFile, brief: &Brief) -> Option<Verdict> {
    let first = run.verdict.as_ref().filter(|_| stage == Stage::AtEnd)?;
    let nothing_new = !first.fingerprint.is_exceeded_by(&brief.fingerprint)
        && first.standing == brief.standing
        && matches!(brief.range, RangeFinding::Unknown { .. });
    (nothing_new && quotes_stand(first, case))
        .then(|| Verdict { case: brief.case.clone(), ..Verdict::clone(first) })
}

fn quotes_stand(verdict: &Verdict, case: &CaseFile) -> bool {
    verdict.claims.iter().chain(&verdict.ruled_out).all(|claim| {
        let Some(exhibit) = case.exhibit(claim.exhibit) else { return false };
        match (&claim.quote, &exhibit.body) {
            (None, _) => true,
            (Some(quote), ExhibitBody::Log { log }) => log.head.contains(quote) || log.tail.contains(quote),
            (Some(_), _) => false,
        }
    })
}
