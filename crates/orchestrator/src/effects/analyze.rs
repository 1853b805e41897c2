//! Digests a case and judges it.

use std::sync::Arc;

use domain::ports::{Analyst, Digest};
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
    let first = run.verdict.as_deref().filter(|_| stage == Stage::AtEnd);
    let (digest, analyst) = (hands.ports.digest.clone(), hands.ports.analyst.as_ref());
    let Judged { verdict, .. } = judge(digest, analyst, first, case, id.clone()).await?;
    // Asked of the file as it is now, not as it was when the case was frozen: what it no longer lists is not cloned.
    let standing = hands.settings().allowed.standing(&run.named);
    let next =
        match Handoff::from_verdict(&run.identity, &verdict, &standing, hands.settings().min_confidence) {
            Ok(handoff) => Next::HandOff { handoff: Box::new(handoff) },
            Err(why) => Next::Explain { why },
        };
    Ok(Event::VerdictReached { stage, verdict: Box::new(verdict), next })
}

/// What a case came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The digest.
    pub brief: Brief,
    /// The verdict.
    pub verdict: Verdict,
}

/// Digests a case and judges it, as the daemon does; reads and writes nothing. `first` is the verdict of the attempt's first case where
/// `case` is its second.
///
/// # Errors
/// When the digestion panicked.
pub async fn judge(
    rules: Arc<dyn Digest>,
    analyst: &dyn Analyst,
    first: Option<&Verdict>,
    case: Arc<CaseFile>,
    id: CaseId,
) -> Result<Judged, Failure> {
    let brief = digest(rules, case.clone(), id).await?;
    let verdict = match first.and_then(|first| standing_verdict(first, &case, &brief)) {
        Some(verdict) => verdict,
        None => analyst.analyze(&case, &brief).await,
    };
    Ok(Judged { brief, verdict })
}

/// The brief of a case. Digestion is work for a processor, so it leaves the runtime's threads alone.
pub(crate) async fn digest(
    digest: Arc<dyn Digest>,
    case: Arc<CaseFile>,
    id: CaseId,
) -> Result<Brief, Failure> {
    tokio::task::spawn_blocking(move || digest.brief(&case, &id))
        .await
        .map_err(|error| Failure::retry("digest", "digest the case: the digestion panicked").because(error))
}

/// The first verdict again, citing the second case: where that one shows no new kind of trouble, reads no range and every quote still
/// stands, there is nothing to judge anew.
fn standing_verdict(first: &Verdict, case: &CaseFile, brief: &Brief) -> Option<Verdict> {
    let nothing_new = !first.fingerprint.is_exceeded_by(&brief.fingerprint)
        && first.standing == brief.standing
        && matches!(brief.range, RangeFinding::Unknown { .. });
    (nothing_new && quotes_stand(first, case)).then(|| Verdict { case: brief.case.clone(), ..first.clone() })
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
