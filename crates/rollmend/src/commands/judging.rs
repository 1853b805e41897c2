//! Judging a case by the rules, as the daemon does it without a model.

use std::sync::Arc;

use agents::RuleAnalyst;
use domain::ports::RecordedEvent;
use domain::workflow::Event;
use domain::{CaseId, Stage, Verdict};
use evidence::Evidence;
use miette::miette;
use orchestrator::{Judged, judge};
use store::{ArchivedCase, Judgement};

/// The digest of each case and the rules' verdict on it, in the order of `cases`, which are oldest first: an attempt's second case is judged
/// with the verdict on its first at hand, as the daemon does it.
pub(super) async fn judge_all(cases: &[ArchivedCase]) -> miette::Result<Vec<Judgement>> {
    let mut judgements: Vec<Judgement> = Vec::new();
    for case in cases {
        let header = &case.case().header;
        let first = header.follows.as_ref().filter(|_| header.stage == Stage::AtEnd);
        let first = judgements.iter().find(|earlier| Some(&earlier.case) == first);
        let judged = judged(case, first.map(|first| &first.verdict)).await?;
        judgements.push(judged);
    }
    Ok(judgements)
}

/// The digest of one case and the rules' verdict on it.
pub(super) async fn judged(case: &ArchivedCase, first: Option<&Verdict>) -> miette::Result<Judgement> {
    let rules = Arc::new(Evidence::default());
    let judged = judge(rules, &RuleAnalyst, first, Arc::new(case.case().clone()), case.id().clone()).await;
    let Judged { brief, verdict } = judged.map_err(|failure| miette!("{}", failure.sentence()))?;
    Ok(Judgement { case: case.id().clone(), brief, verdict })
}

/// The verdict that the daemon reached on that case.
pub(super) fn recorded<'a>(case: &CaseId, history: &'a [RecordedEvent]) -> Option<&'a Verdict> {
    history.iter().rev().find_map(|recorded| match &recorded.event {
        Event::VerdictReached { verdict, .. } if verdict.case == *case => Some(verdict.as_ref()),
        _ => None,
    })
}
