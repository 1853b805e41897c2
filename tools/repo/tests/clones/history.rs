//! Repositories made object by object, also such as git itself would refuse to make.

use std::cell::Cell;

use domain::CommitSha;
use git2::{ObjectType, Oid, Repository, Signature, Time};

/// A bare repository to which commits are added.
pub(crate) struct History {
    pub(crate) git: Repository,
    clock: Cell<i64>,
}

/// One entry of a flat tree: mode, path and content.
pub(crate) type Entry<'a> = (i32, &'a str, &'a [u8]);

pub(crate) const FILE: i32 = 0o100_644;
pub(crate) const LINK: i32 = 0o120_000;
pub(crate) const SUBMODULE: i32 = 0o160_000;

impl History {
    pub(crate) fn at(path: &std::path::Path) -> Self {
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).initial_head("main").external_template(false);
        let git = Repository::init_opts(path, &options).unwrap();
        Self::of(git)
    }

    pub(crate) fn of(git: Repository) -> Self {
        Self { git, clock: Cell::new(1_700_000_000) }
    }

    /// A commit on `main` that sets these files (`None` removes one) on top of what is there.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, Option<&str>)]) -> CommitSha {
        self.commit_on("main", message, files)
    }

    pub(crate) fn commit_on(&self, branch: &str, message: &str, files: &[(&str, Option<&str>)]) -> CommitSha {
        let parent = self.tip(branch);
        let tree = self.changed(parent, files);
        let parents: Vec<Oid> = parent.into_iter().collect();
        self.record(branch, message, tree, &parents)
    }

    /// A commit on `main` with this whole tree, whatever its names and modes are.
    pub(crate) fn commit_tree(&self, message: &str, tree: Oid) -> CommitSha {
        let parents: Vec<Oid> = self.tip("main").into_iter().collect();
        self.record("main", message, tree, &parents)
    }

    /// Merges `side` into `main` with a tree that has main's files and these.
    pub(crate) fn merge(&self, side: &CommitSha, message: &str, files: &[(&str, Option<&str>)]) -> CommitSha {
        let parent = self.tip("main").unwrap();
        let tree = self.changed(Some(parent), files);
        self.record("main", message, tree, &[parent, oid(side)])
    }

    pub(crate) fn branch(&self, name: &str, at: &CommitSha) {
        self.git.reference(&format!("refs/heads/{name}"), oid(at), true, "").unwrap();
    }

    pub(crate) fn tag(&self, name: &str, at: &CommitSha) {
        self.git.reference(&format!("refs/tags/{name}"), oid(at), true, "").unwrap();
    }

    pub(crate) fn annotated_tag(&self, name: &str, at: &CommitSha) {
        let object = self.git.find_object(oid(at), None).unwrap();
        self.git.tag(name, &object, &self.who(), "a release", true).unwrap();
    }

    /// A tree from raw entries, written without any check.
    pub(crate) fn raw_tree(&self, entries: &[(i32, &str, Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend(format!("{mode:o} {name}\0").bytes());
            bytes.extend(id.as_bytes());
        }
        self.git.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
    }

    pub(crate) fn blob(&self, content: &[u8]) -> Oid {
        self.git.blob(content).unwrap()
    }

    /// A flat tree of entries in the order that git wants (by name).
    pub(crate) fn flat_tree(&self, entries: &[Entry<'_>]) -> Oid {
        let ids: Vec<(i32, &str, Oid)> = entries
            .iter()
            .map(|(mode, name, content)| match *mode {
                SUBMODULE => (*mode, *name, Oid::from_bytes(&[7; 20]).unwrap()),
                _ => (*mode, *name, self.blob(content)),
            })
            .collect();
        self.raw_tree(&ids)
    }

    pub(crate) fn text(&self, commit: &CommitSha, path: &str) -> Option<String> {
        let tree = self.git.find_commit(oid(commit)).unwrap().tree().unwrap();
        let entry = tree.get_path(path.as_ref()).ok()?;
        Some(String::from_utf8(self.git.find_blob(entry.id()).unwrap().content().to_vec()).unwrap())
    }

    fn tip(&self, branch: &str) -> Option<Oid> {
        self.git.refname_to_id(&format!("refs/heads/{branch}")).ok()
    }

    fn changed(&self, parent: Option<Oid>, files: &[(&str, Option<&str>)]) -> Oid {
        let empty = || self.git.find_tree(self.git.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let tree = parent.map_or_else(empty, |id| self.git.find_commit(id).unwrap().tree().unwrap());
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, content) in files {
            match content {
                Some(content) => {
                    update.upsert(*path, self.blob(content.as_bytes()), git2::FileMode::Blob);
                }
                None => {
                    update.remove(*path);
                }
            }
        }
        update.create_updated(&self.git, &tree).unwrap()
    }

    fn record(&self, branch: &str, message: &str, tree: Oid, parents: &[Oid]) -> CommitSha {
        let tree = self.git.find_object(tree, None).unwrap().into_tree().unwrap();
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|id| self.git.find_commit(*id).unwrap()).collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let who = self.who();
        let commit = self.git.commit(None, &who, &who, message, &tree, &parents).unwrap();
        self.git.reference(&format!("refs/heads/{branch}"), commit, true, "").unwrap();
        commit.to_string().parse().unwrap()
    }

    fn who(&self) -> Signature<'static> {
        self.clock.set(self.clock.get() + 60);
        Signature::new("Ada", "ada@example.com", &Time::new(self.clock.get(), 0)).unwrap()
    }
}

pub(crate) fn oid(sha: &CommitSha) -> Oid {
    Oid::from_str(sha.as_str()).unwrap()
}

/// Lines 1 to `count`, some replaced.
pub(crate) fn numbered(count: u32, replaced: &[(u32, &str)]) -> String {
    (1..=count)
        .map(|line| match replaced.iter().find(|(number, _)| *number == line) {
            Some((_, text)) => format!("{text}\n"),
            None => format!("line {line}\n"),
        })
        .collect()
}
