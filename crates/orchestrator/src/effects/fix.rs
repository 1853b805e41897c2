//! Makes the patch.

use domain::workflow::{Event, Run, State};
use domain::{CaseId, Failure, Handoff, Mode, Repository};

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
    may_propose(hands, handoff.repository())?;
    let case = hands.ports.cases.get(case).await?;
    Ok(match hands.ports.fixer.fix(handoff, &case).await? {
        Ok(proposal) => Event::PatchMade { proposal: Box::new(proposal) },
        Err(why) => Event::PatchRefused { why },
    })
}

/// Mode and list as they are now decide, not those under which the incident was opened.
pub(super) fn may_propose(hands: &Hands, repository: &Repository) -> Result<(), Failure> {
    let settings = hands.settings();
    match settings.mode {
        Mode::Propose if settings.allowed.iter().any(|listed| listed.url.is_same_as(&repository.url)) => {
            Ok(())
        }
        Mode::Propose => Err(Failure::ask_human(
            "not-listed",
            format!("open a pull request: {} is not listed in agents.toml any more", repository.url),
            "add a [[repository]] for it to allow it and retry the Rollout",
        )),
        Mode::Explain | Mode::Observe => Err(Failure::ask_human(
            "mode",
            "open a pull request: [daemon] mode does not allow it any more",
            "set mode = \"propose\" in agents.toml and retry the Rollout",
        )),
    }
}
