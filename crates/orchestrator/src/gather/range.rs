//! The commits between both versions, where the repository may be read.

use domain::ports::TracedRange;
use domain::{ExhibitBody, Failure, Remedy, Repository, RepositoryStanding};
use tokio::time::Instant;

use super::cluster::Revisions;
use super::{Gatherer, Part, Subject};
use crate::backoff;
use crate::effects::within;

const WHAT: &str = "the commits between stable and canary";

impl Gatherer {
    pub(super) async fn range(&self, subject: &Subject, revisions: &Revisions) -> Part {
        let mut part = Part::default();
        let repository = match self.settings.now().allowed.standing(&subject.named) {
            RepositoryStanding::Allowed { repository } => repository,
            RepositoryStanding::NotNamed => {
                part.miss(WHAT, "nothing names the repository: set the annotation rollmend.dev/repository");
                return part;
            }
            RepositoryStanding::Refused { reason } => {
                part.miss(WHAT, reason);
                return part;
            }
        };
        for (side, found) in [("stable", &revisions.stable), ("the canary", &revisions.canary)] {
            if found.is_empty() {
                part.miss(
                    WHAT,
                    format!(
                        "nothing names the commit of {side}: label its pods org.opencontainers.image.revision"
                    ),
                );
                return part;
            }
        }
        // A closed semaphore cannot be: it lives as long as the gatherer. Reading without a permit would only be less polite.
        let _permit = self.clones.acquire().await.ok();
        match self.read_range(&repository, revisions).await {
            Ok(traced) => part.add(
                "git range",
                ExhibitBody::Range { stable: traced.stable, canary: traced.canary, range: traced.range },
            ),
            Err(failure) => part.miss(WHAT, failure.sentence()),
        }
        part
    }
    /// Tries again what may pass, while there is time: without the range nobody can be sure enough for a pull request.
    async fn read_range(
        &self,
        repository: &Repository,
        revisions: &Revisions,
    ) -> Result<TracedRange, Failure> {
        let limits = self.settings.now().limits.clone();
        let until = Instant::now() + limits.range;
        let mut tries = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let read = self.ports.code.range(repository, &revisions.stable, &revisions.canary);
            let failure = match within(left, "read the git range", read).await {
                Ok(traced) => return Ok(traced),
                Err(failure) => failure,
            };
            let Remedy::Retry { after } = failure.remedy else { return Err(failure) };
            tries += 1;
            let wait = backoff::delay(&repository.url, tries, after);
            if tries >= limits.tries || Instant::now() + wait >= until {
                return Err(failure);
            }
            tracing::info!(repository = %repository.url, kind = failure.kind, tries, ?wait, "will try again: failed to {failure}");
            tokio::time::sleep(wait).await;
        }
    }
}
