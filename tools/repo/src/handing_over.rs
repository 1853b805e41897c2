//! Puts a patch's commit into a person's own clone, as a new branch. Nothing is checked out there, no branch of it is moved, and no hook
//! is run.

use std::path::Path;

use domain::{BranchName, Failure, Patch, Repository};
use git2::{Odb, Oid, RepositoryOpenFlags};

use crate::code::BareClones;
use crate::fault::of_git;
use crate::patience::Patience;
use crate::revert::find;
use crate::settings::Limits;
use crate::words;

/// Only branches below it are ever written.
const OURS: &str = "rollmend/";

/// What became of the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedOver {
    /// It is new.
    Created,
    /// It was there already, with this very commit.
    AlreadyThere,
}

impl BareClones {
    /// Writes the branch with the patch's commit into the repository at `into`, which must hold the commit that the patch sits on.
    ///
    /// # Errors
    /// When there is no such repository, it lacks that commit, or has the branch with another commit; each says what to do.
    pub async fn hand_over(
        &self,
        repository: &Repository,
        branch: &BranchName,
        patch: &Patch,
        into: &Path,
    ) -> Result<HandedOver, Failure> {
        let (branch, patch, into) = (branch.clone(), patch.clone(), into.to_owned());
        let work = move |clone: &git2::Repository, _: &Limits, patience: &Patience| {
            Handing { clone, branch: &branch, patch: &patch, into: &into, patience }.over()
        };
        self.at_hand(repository, work).await
    }
}

struct Handing<'a> {
    clone: &'a git2::Repository,
    branch: &'a BranchName,
    patch: &'a Patch,
    into: &'a Path,
    patience: &'a Patience,
}

impl Handing<'_> {
    fn over(&self) -> Result<HandedOver, Failure> {
        if !self.branch.as_str().starts_with(OURS) {
            let what = format!("write {}: only branches below {OURS} are written", self.branch);
            return Err(Failure::give_up("local-branch", what));
        }
        let theirs = self.open()?;
        if find(&theirs, &self.patch.base_commit)?.is_none() {
            return Err(Failure::ask_human(
                "local-behind",
                format!("write {} into {}: {}", self.branch, self.into.display(), self.lacks()),
                format!(
                    "fetch first (git -C {} fetch), and name a clone of that repository",
                    self.into.display()
                ),
            ));
        }
        let name = format!("refs/heads/{}", self.branch);
        if let Ok(there) = theirs.refname_to_id(&name) {
            return self.compared(there);
        }
        let Some(commit) = find(self.clone, &self.patch.commit)? else {
            let what = format!(
                "write {}: commit {} is no longer in the clone",
                self.branch,
                self.patch.commit.short()
            );
            return Err(Failure::give_up("local-commit-gone", what));
        };
        let (from, to) = (self.odb(self.clone)?, self.odb(&theirs)?);
        self.copy_tree(&from, &to, &theirs, commit.tree_id())?;
        self.copy(&from, &to, commit.id())?;
        let written = theirs.reference(&name, commit.id(), false, "rollmend fix");
        written.map(|_| HandedOver::Created).map_err(|error| self.failed(error))
    }

    /// Exactly this directory: one above it may be another repository.
    fn open(&self) -> Result<git2::Repository, Failure> {
        let none: [&std::ffi::OsStr; 0] = [];
        git2::Repository::open_ext(self.into, RepositoryOpenFlags::NO_SEARCH, none).map_err(|error| {
            let said = words::line(error.message().as_bytes(), 200);
            let what = format!("open the repository {}: {said}", self.into.display());
            Failure::ask_human("local-repository", what, "name the top of a clone of yours").because(error)
        })
    }

    fn compared(&self, there: Oid) -> Result<HandedOver, Failure> {
        let sha = words::sha(there)?;
        if sha == self.patch.commit {
            return Ok(HandedOver::AlreadyThere);
        }
        Err(Failure::ask_human(
            "local-branch-taken",
            format!(
                "write {} into {}: it is there with commit {}",
                self.branch,
                self.into.display(),
                sha.short()
            ),
            format!("rename or delete it first (git -C {} branch -D {})", self.into.display(), self.branch),
        ))
    }

    /// A tree that is there has all that lies in it.
    fn copy_tree(
        &self,
        from: &Odb<'_>,
        to: &Odb<'_>,
        theirs: &git2::Repository,
        id: Oid,
    ) -> Result<(), Failure> {
        if theirs.find_tree(id).is_ok() {
            return Ok(());
        }
        self.patience
            .left()
            .map_err(|_| Failure::retry("git-timeout", "copy the commit: it took too long"))?;
        let tree = self.clone.find_tree(id).map_err(|error| self.failed(error))?;
        for entry in &tree {
            match entry.kind() {
                Some(git2::ObjectType::Tree) => self.copy_tree(from, to, theirs, entry.id())?,
                Some(git2::ObjectType::Blob) => self.copy(from, to, entry.id())?,
                _ => {}
            }
        }
        self.copy(from, to, id)
    }

    fn copy(&self, from: &Odb<'_>, to: &Odb<'_>, id: Oid) -> Result<(), Failure> {
        if to.exists(id) {
            return Ok(());
        }
        let object = from.read(id).map_err(|error| self.failed(error))?;
        to.write(object.kind(), object.data()).map(|_| ()).map_err(|error| self.failed(error))
    }

    fn odb<'r>(&self, repository: &'r git2::Repository) -> Result<Odb<'r>, Failure> {
        repository.odb().map_err(|error| self.failed(error))
    }

    fn lacks(&self) -> String {
        format!("it lacks commit {} of {}", self.patch.base_commit.short(), self.patch.base)
    }

    fn failed(&self, error: git2::Error) -> Failure {
        of_git(error, format_args!("write {} into {}", self.branch, self.into.display()))
    }
}
