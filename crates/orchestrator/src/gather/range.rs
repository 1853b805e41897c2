//! The commits between both versions, where the repository may be read.

use domain::{ExhibitBody, RepositoryStanding};

use super::cluster::Revisions;
use super::{Gatherer, Part, Subject};
use crate::effects::within;

const WHAT: &str = "the commits between stable and canary";

impl Gatherer {
    pub(super) async fn range(&self, subject: &Subject, revisions: &Revisions) -> Part {
        let mut part = Part::default();
        let repository = match self.settings.allowed.standing(&subject.named) {
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
        let read = self.ports.code.range(&repository, &revisions.stable, &revisions.canary);
        match within(self.settings.limits.range, "read the git range", read).await {
            Ok(traced) => part.add(
                "git range",
                ExhibitBody::Range { stable: traced.stable, canary: traced.canary, range: traced.range },
            ),
            Err(failure) => part.miss(WHAT, failure.sentence()),
        }
        part
    }
}
