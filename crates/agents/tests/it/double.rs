//! Repositories in memory: what a revert of each commit would give. The real ones are another room's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{Code, HunkAt, Pushed, TracedRange};
use domain::{BranchName, CommitSha, Failure, NoPatch, Patch, PatchedFile, Repository, Revision};

/// A double that reverts cleanly unless told otherwise, and keeps the messages that it was given.
#[derive(Default)]
pub(crate) struct Repositories {
    pub(crate) refusals: BTreeMap<CommitSha, NoPatch>,
    pub(crate) files: Option<Vec<PatchedFile>>,
    pub(crate) messages: Mutex<Vec<String>>,
    pub(crate) hunks: Mutex<Vec<HunkAt>>,
}

impl Repositories {
    pub(crate) fn refusing(suspect: &CommitSha, why: NoPatch) -> Self {
        Self { refusals: BTreeMap::from([(suspect.clone(), why)]), ..Self::default() }
    }

    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

#[async_trait]
impl Code for Repositories {
    async fn range(&self, _: &Repository, _: &[Revision], _: &[Revision]) -> Result<TracedRange, Failure> {
        Err(Failure::give_up("double", "read a range: the double has none"))
    }

    async fn revert(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        _: &CommitSha,
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        self.messages.lock().unwrap().push(message.to_owned());
        if let Some(why) = self.refusals.get(suspect) {
            return Ok(Err(why.clone()));
        }
        let file = PatchedFile {
            path: "src/main/java/shop/users/UserResource.java".to_owned(),
            added: 1,
            removed: 1,
        };
        Ok(Ok(Patch {
            base: repository.base.clone(),
            base_commit: "e".repeat(40).parse().unwrap(),
            commit: "f".repeat(40).parse().unwrap(),
            reverts: suspect.clone(),
            kind: domain::PatchKind::Revert,
            flagged: vec![],
            files: self.files.clone().unwrap_or_else(|| vec![file]),
            diff: "-        return profile.displayName().trim();\n+        return id;\n".to_owned(),
        }))
    }

    async fn revert_hunks(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        hunks: &[HunkAt],
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        *self.hunks.lock().unwrap() = hunks.to_vec();
        let lines = u32::try_from(hunks.len()).unwrap();
        let file = PatchedFile { path: hunks[0].file.clone(), added: lines, removed: lines };
        let patch = self.revert(repository, suspect, canary, message).await?;
        Ok(patch.map(|patch| Patch { kind: domain::PatchKind::RevertedHunks, files: vec![file], ..patch }))
    }

    async fn push(&self, _: &Repository, _: &BranchName, _: &Patch) -> Result<Pushed, Failure> {
        Err(Failure::give_up("double", "push: the double cannot"))
    }
}
