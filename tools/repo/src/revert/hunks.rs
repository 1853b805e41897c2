//! Undoes single values of a commit on top of the base branch; the rest of the commit stays.

use domain::ports::HunkAt;
use domain::{Failure, NoPatch, Patch};
use git2::Commit;

use super::Revert;

impl Revert<'_> {
    /// The patch that undoes these values of the suspect alone.
    pub(crate) fn hunks(
        &self,
        _canary: &Commit<'_>,
        _hunks: &[HunkAt],
        _message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        Ok(Err(self.unsound("values cannot be undone yet")?))
    }
}
