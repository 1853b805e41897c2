//! Makes the patch.

use domain::workflow::{Event, Run, State};
use domain::{CaseId, Failure, Handoff, Mode};

use super::Hands;

pub(super) async fn fix(
    hands: &Hands,
    run: &Run,
    handoff: &Handoff,
    case: &CaseId,
) -> Result<Event, Failure> {
    match &run.state {
        State::Patching { handoff: wanted } if **wanted == *handoff => {}
        _ => return Ok(Event::EffectDone),
    }
    may_propose(hands)?;
    let case = hands.ports.cases.get(case).await?;
    Ok(match hands.ports.fixer.fix(handoff, &case).await? {
        Ok(proposal) => Event::PatchMade { proposal: Box::new(proposal) },
        Err(why) => Event::PatchRefused { why },
    })
}

/// The mode as it is now decides, not the one under which the incident was opened.
pub(super) fn may_propose(hands: &Hands) -> Result<(), Failure> {
    match hands.settings.mode {
        Mode::Propose => Ok(()),
        Mode::Explain | Mode::Observe => Err(Failure::ask_human(
            "mode",
            "open a pull request: [daemon] mode does not allow it any more",
            "set mode = \"propose\" in agents.toml and retry the Rollout",
        )),
    }
}
