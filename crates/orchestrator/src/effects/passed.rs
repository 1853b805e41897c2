//! Comments once on the pull request when a retry passed after all.

use domain::workflow::{Event, Run};
use domain::{Failure, Mode, PullRequest, Repository};

use super::Hands;

pub(super) async fn tell(
    hands: &Hands,
    run: &Run,
    repository: &Repository,
    pull_request: &PullRequest,
) -> Result<Event, Failure> {
    // A comment goes where pull requests go: only a daemon that may open them writes it.
    if let (Mode::Propose, Some(forge)) = (hands.settings().mode, &hands.ports.forge) {
        let comment = hands.ports.voice.passed_comment(run);
        forge.comment_once(repository, pull_request.number, &comment.marker, &comment.body).await?;
    }
    Ok(Event::EffectDone)
}
