//! The port, kept: each call takes its turn, works on a thread of its own and ends in time.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Code, HunkAt, Pushed, TracedRange};
use domain::{BranchName, CommitSha, Failure, NoPatch, Patch, Repository, Revision};
use git2::Direction;

use crate::bench::OpenBenches;
use crate::clone::{BareClone, key, make_room, of_disk};
use crate::fault::Doing;
use crate::fetch::Upstream;
use crate::lane::Lanes;
use crate::patience::Patience;
use crate::revert::Revert;
use crate::settings::{CloneSettings, CredentialFor, Limits};
use crate::transport::{OpenSession, ready};
use crate::{push, range, revert, revision};

/// Bare clones in one directory, as [`domain::ports::Code`].
///
/// Cloning it is cheap. Two processes may share a directory: a file lock keeps them apart.
#[derive(Clone)]
pub struct BareClones {
    settings: Arc<CloneSettings>,
    credentials: Arc<dyn CredentialFor>,
    lanes: Arc<Lanes>,
    /// What lies on an open bench is in no branch yet, so no clone starts over meanwhile.
    pub(crate) benches: Arc<OpenBenches>,
}

impl std::fmt::Debug for BareClones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BareClones").field("directory", &self.settings.directory).finish_non_exhaustive()
    }
}

/// What an operation works with, on its own thread.
pub(crate) struct Workplace {
    bare: BareClone,
    open: OpenSession,
    patience: Patience,
    pub(crate) settings: Arc<CloneSettings>,
    repository: Repository,
    benches: Arc<OpenBenches>,
}

impl BareClones {
    /// Touches nothing yet; the directory is made with the first clone.
    pub fn new(settings: CloneSettings, credentials: Arc<dyn CredentialFor>) -> Self {
        let (lanes, benches) = (Arc::new(Lanes::new()), Arc::default());
        Self { settings: Arc::new(settings), credentials, lanes, benches }
    }

    /// Runs `work` on what the clone and its server have; see [`Self::on_thread`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        repository: &Repository,
        doing: Doing,
        work: impl FnOnce(&mut Workplace) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let owned = repository.clone();
        let in_place = move |this: &Self, patience| work(&mut this.workplace(owned, patience)?);
        self.on_thread(repository, doing, in_place).await
    }

    /// Runs `work` on what lies in the clone, without a way to its server; see [`Self::on_thread`].
    pub(crate) async fn at_hand<T: Send + 'static>(
        &self,
        repository: &Repository,
        work: impl FnOnce(&git2::Repository, &Limits, &Patience) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let url = repository.url.clone();
        let in_clone = move |this: &Self, patience: Patience| {
            let bare = BareClone::open(&this.settings.directory, &url, &patience)?;
            work(&bare.repository, &this.settings.limits, &patience)
        };
        self.on_thread(repository, Doing::Fetch, in_clone).await
    }

    /// Runs `work` on a thread that may block. When the caller loses patience or goes away, the work is called off; it keeps its
    /// turn until it has really ended.
    async fn on_thread<T: Send + 'static>(
        &self,
        repository: &Repository,
        doing: Doing,
        work: impl FnOnce(&Self, Patience) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let whole = self.settings.timeouts.whole;
        let turn =
            tokio::time::timeout(whole, self.lanes.turn(&key(&repository.url))).await.map_err(|_| {
                Failure::retry(
                    "clone-busy",
                    format!("use the clone of {}: other work on it goes on", repository.url),
                )
            })?;
        let patience = Patience::lasting(whole);
        let call_off = patience.guard();
        let this = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&this, patience)
        });
        let ended = tokio::time::timeout(whole, task).await;
        drop(call_off);
        match ended {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => {
                Err(Failure::give_up("git-panic", format!("work on the clone of {}", repository.url))
                    .because(error))
            }
            Err(_) => Err(crate::fault::Fault::OutOfTime.failure(doing, &repository.url)),
        }
    }

    fn workplace(&self, repository: Repository, patience: Patience) -> Result<Workplace, Failure> {
        let settings = Arc::clone(&self.settings);
        ready().map_err(|e| crate::fault::of_git(e, "set libgit2 up"))?;
        let bare = BareClone::open(&settings.directory, &repository.url, &patience)?;
        let left = make_room(&settings.directory, &bare.path, settings.quota)
            .map_err(|error| of_disk("make room for clones", &settings.directory, error))?;
        let token = self.credentials.credential(repository.url.origin());
        let open = OpenSession::open(&repository.url, token, &settings, patience.clone(), left)?;
        Ok(Workplace { bare, open, patience, settings, repository, benches: Arc::clone(&self.benches) })
    }
}

impl Workplace {
    pub(crate) fn upstream(&self) -> Upstream<'_> {
        Upstream {
            clone: &self.bare.repository,
            open: &self.open,
            url: &self.repository.url,
            limits: &self.settings.limits,
        }
    }

    fn range(&mut self, stable: &[Revision], canary: &[Revision]) -> Result<TracedRange, Failure> {
        if !self.benches.any() {
            self.bare.start_over_when_scattered(self.settings.limits.packs)?;
        }
        let upstream = self.upstream();
        let advertised = upstream.advertised(Direction::Fetch)?;
        let mut tags = revision::tags_meant(stable, &advertised);
        tags.extend(revision::tags_meant(canary, &advertised));
        upstream.fetch(&self.repository.base, &tags, &advertised)?;
        let (stable, from) = revision::trace(&upstream, &advertised, stable, "stable")?;
        let (canary, to) = revision::trace(&upstream, &advertised, canary, "the canary")?;
        let limits = &self.settings.limits;
        let range = range::read(upstream.clone, limits, from, to, &self.patience)?;
        Ok(TracedRange { stable, canary, range })
    }

    /// Undoes the suspect, or a part of it, on the base branch's tip.
    fn undoing(
        &self,
        suspect: &CommitSha,
        canary: &CommitSha,
        undo: impl FnOnce(&Revert<'_>, &git2::Commit<'_>) -> Result<Result<Patch, NoPatch>, Failure>,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        let upstream = self.upstream();
        let base = self.base(&upstream)?;
        let clone = upstream.clone;
        let Some(found) = Self::commit(&upstream, suspect)? else {
            let (suspect, base) = (suspect.short().to_owned(), self.repository.base.clone());
            return Ok(Err(NoPatch::NotOnBase { suspect, base }));
        };
        let Some(canary) = Self::commit(&upstream, canary)? else {
            let what = format!("find the canary's commit {canary} in {}", self.repository.url);
            return Err(Failure::give_up("revision-not-found", what));
        };
        let limits = &self.settings.limits;
        let revert = Revert { clone, repository: &self.repository, limits, base, suspect: found };
        undo(&revert, &canary)
    }

    /// The base branch's tip, fetched.
    pub(crate) fn base<'a>(&self, upstream: &Upstream<'a>) -> Result<git2::Commit<'a>, Failure> {
        let advertised = upstream.advertised(Direction::Fetch)?;
        let base = upstream.fetch(&self.repository.base, &[], &advertised)?;
        upstream.clone.find_commit(base).map_err(|e| crate::fault::of_git(e, "read the base branch's commit"))
    }

    /// A commit of the clone, asked from the server where it is not there.
    pub(crate) fn commit<'a>(
        upstream: &Upstream<'a>,
        sha: &CommitSha,
    ) -> Result<Option<git2::Commit<'a>>, Failure> {
        if let Some(commit) = revert::find(upstream.clone, sha)? {
            return Ok(Some(commit));
        }
        upstream.fetch_object(crate::words::oid(sha)?)?;
        revert::find(upstream.clone, sha)
    }
}

/// How far a server is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Reading: the base branch is there.
    Fetch,
    /// Writing: the server would take a push.
    Push,
}

impl BareClones {
    /// Asks a repository's server where its branches point, for reading or as before a push. Fetches and pushes nothing.
    ///
    /// # Errors
    /// When the server is not there, does not let us in, or has no base branch; each says what to do.
    pub async fn reach(&self, repository: &Repository, reach: Reach) -> Result<(), Failure> {
        let doing = match reach {
            Reach::Fetch => Doing::Fetch,
            Reach::Push => Doing::Push,
        };
        let look = move |place: &mut Workplace| match reach {
            Reach::Fetch => place.upstream().find_base(&place.repository.base),
            Reach::Push => place.upstream().advertised(Direction::Push).map(|_| ()),
        };
        self.run(repository, doing, look).await
    }
}

#[async_trait]
impl Code for BareClones {
    async fn range(
        &self,
        repository: &Repository,
        stable: &[Revision],
        canary: &[Revision],
    ) -> Result<TracedRange, Failure> {
        let (stable, canary) = (stable.to_vec(), canary.to_vec());
        self.run(repository, Doing::Fetch, move |place| place.range(&stable, &canary)).await
    }

    async fn revert(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        let (suspect, canary, message) = (suspect.clone(), canary.clone(), message.to_owned());
        let work = move |place: &mut Workplace| {
            place.undoing(&suspect, &canary, |revert, canary| revert.patch(canary, &message))
        };
        self.run(repository, Doing::Fetch, work).await
    }

    async fn revert_hunks(
        &self,
        repository: &Repository,
        suspect: &CommitSha,
        canary: &CommitSha,
        hunks: &[HunkAt],
        message: &str,
    ) -> Result<Result<Patch, NoPatch>, Failure> {
        let (suspect, canary) = (suspect.clone(), canary.clone());
        let (hunks, message) = (hunks.to_vec(), message.to_owned());
        let work = move |place: &mut Workplace| {
            place.undoing(&suspect, &canary, |revert, canary| revert.hunks(canary, &hunks, &message))
        };
        self.run(repository, Doing::Fetch, work).await
    }

    async fn push(
        &self,
        repository: &Repository,
        branch: &BranchName,
        patch: &Patch,
    ) -> Result<Pushed, Failure> {
        let (branch, patch) = (branch.clone(), patch.clone());
        let work =
            move |place: &mut Workplace| push::push(&place.upstream(), &place.repository, &branch, &patch);
        self.run(repository, Doing::Push, work).await
    }
}
