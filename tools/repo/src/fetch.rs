//! Brings the objects that an operation needs into the clone, and learns where the server's branches and tags point.

use std::collections::BTreeMap;

use domain::{BranchName, Failure, RepositoryUrl};
use git2::{AutotagOption, Direction, FetchOptions, Oid, RemoteCallbacks, Repository};
use sha2::{Digest as _, Sha256};

use crate::fault::{Doing, Fault};
use crate::settings::Limits;
use crate::transport::{OpenSession, Session};

/// Where the server's refs point. Names are hostile; they serve only to be looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Advertised {
    /// Branches without `refs/heads/`.
    pub(crate) branches: BTreeMap<String, Oid>,
    /// Tags without `refs/tags/`; annotated ones by their own object.
    pub(crate) tags: BTreeMap<String, Oid>,
}

/// The server's side of a clone.
pub(crate) struct Upstream<'a> {
    pub(crate) clone: &'a Repository,
    pub(crate) open: &'a OpenSession,
    pub(crate) url: &'a RepositoryUrl,
    pub(crate) limits: &'a Limits,
}

impl Upstream<'_> {
    /// Asks where the refs point, on the way that `direction` takes.
    pub(crate) fn advertised(&self, direction: Direction) -> Result<Advertised, Failure> {
        let doing = if direction == Direction::Push { Doing::Push } else { Doing::Fetch };
        let mut remote = self.clone.remote_anonymous(&self.open.url()).map_err(|e| self.explain(e, doing))?;
        let connection = remote.connect_auth(direction, None, None).map_err(|e| self.explain(e, doing))?;
        let heads = connection.list().map_err(|e| self.explain(e, doing))?;
        if heads.len() > self.limits.refs {
            return Err(too_many("branches and tags", self.limits.refs).failure(doing, self.url));
        }
        let mut advertised = Advertised::default();
        for head in heads {
            // libgit2 passes peeled entries (`refs/tags/v1^{}`) on as well; tags are peeled when they are here.
            if let Some(branch) = head.name().strip_prefix("refs/heads/") {
                advertised.branches.insert(branch.to_owned(), head.oid());
            } else if let Some(tag) =
                head.name().strip_prefix("refs/tags/").filter(|tag| !tag.ends_with("^{}"))
            {
                advertised.tags.insert(tag.to_owned(), head.oid());
            }
        }
        Ok(advertised)
    }

    /// Whether the server has the branch.
    pub(crate) fn find_base(&self, base: &BranchName) -> Result<(), Failure> {
        let advertised = self.advertised(Direction::Fetch)?;
        match advertised.branches.get(base.as_str()) {
            Some(_) => Ok(()),
            None => Err(self.no_branch(base, &advertised)),
        }
    }

    /// Fetches a branch and some tags of those advertised, and returns the branch's commit.
    pub(crate) fn fetch(
        &self,
        branch: &BranchName,
        tags: &[String],
        advertised: &Advertised,
    ) -> Result<Oid, Failure> {
        let Some(head) = advertised.branches.get(branch.as_str()) else {
            return Err(self.no_branch(branch, advertised));
        };
        let mut specs = vec![format!("+refs/heads/{branch}:refs/bases/{}", short_digest(branch.as_str()))];
        specs.extend(tags.iter().filter_map(|tag| {
            let target = advertised.tags.get(tag)?;
            Some(format!("+refs/tags/{tag}:refs/fetched/{target}"))
        }));
        self.bring(&specs)?;
        // A push may have come between both looks: what the ref says is what was fetched.
        let base = self.clone.refname_to_id(&format!("refs/bases/{}", short_digest(branch.as_str())));
        Ok(base.unwrap_or(*head))
    }

    /// Fetches one object by its id; `false` when the server does not have it or does not give it.
    pub(crate) fn fetch_object(&self, id: Oid) -> Result<bool, Failure> {
        match self.bring(&[format!("{id}:refs/fetched/{id}")]) {
            Ok(()) => Ok(self.clone.odb().is_ok_and(|objects| objects.exists(id))),
            Err(failure) if failure.kind == "git" => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Fetches every branch and tag, for a short id that nothing else knows.
    pub(crate) fn fetch_all(&self) -> Result<(), Failure> {
        self.bring(&["+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"].map(str::to_owned))
    }

    fn bring(&self, specs: &[String]) -> Result<(), Failure> {
        let session = self.open.session();
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(watched(session, self.limits.objects))
            .update_fetchhead(false)
            .download_tags(AutotagOption::None);
        let mut remote =
            self.clone.remote_anonymous(&self.open.url()).map_err(|e| self.explain(e, Doing::Fetch))?;
        remote.fetch(specs, Some(&mut options), None).map_err(|e| self.explain(e, Doing::Fetch))
    }

    pub(crate) fn explain(&self, error: git2::Error, doing: Doing) -> Failure {
        self.open.explain(error, doing, self.url)
    }

    fn no_branch(&self, branch: &BranchName, advertised: &Advertised) -> Failure {
        let url = self.url;
        if advertised.branches.is_empty() {
            return Failure::ask_human(
                "git-empty",
                format!("fetch {url}: the repository is empty"),
                format!("push the branch {branch}, or take {url} out of agents.toml"),
            );
        }
        Failure::ask_human(
            "git-no-base",
            format!("fetch {url}: it has no branch {branch}"),
            format!("name the branch that pull requests of {url} go to as base in agents.toml"),
        )
    }
}

/// Callbacks that end a transfer when its time or objects are used up.
fn watched(session: &Session, objects: usize) -> RemoteCallbacks<'_> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(move |progress| {
        if progress.total_objects() > objects {
            session.blame(too_many("objects", objects));
            return false;
        }
        session.is_alive()
    });
    callbacks
}

fn too_many(what: &'static str, limit: usize) -> Fault {
    Fault::TooMany { what, limit: u64::try_from(limit).unwrap_or(u64::MAX) }
}

/// A name for a ref of ours that no other branch's name can stand in the way of (`a` and `a/b` cannot both be refs).
fn short_digest(name: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(name));
    digest.truncate(16);
    digest
}
