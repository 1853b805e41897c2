//! A GitHub with one repository, and clones of it in a directory of their own.

use std::path::Path;
use std::sync::Arc;

use domain::ports::{Code as _, TracedRange};
use domain::{CommitSha, Failure, NoPatch, Patch, Repository, RepositoryUrl, Revision};
use testbed::github::{GitHub, GitHubOptions, Source};
use tool_repo::{BareClones, CloneSettings, OriginTokens};

use crate::history::History;

pub(crate) const NAME: &str = "acme/shop";
pub(crate) const TOKEN: &str = "ghp_a-token-of-the-daemon";

pub(crate) struct Stage {
    pub(crate) github: GitHub,
    pub(crate) repository: Repository,
    pub(crate) settings: CloneSettings,
    pub(crate) directory: tempfile::TempDir,
}

impl Stage {
    /// Serves the history that `write` makes.
    pub(crate) async fn with<T>(write: impl FnOnce(&History) -> T) -> (Self, T) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let history = History::at(&directory.path().join("history.git"));
        let written = write(&history);
        let github = GitHub::start(GitHubOptions::with_token(TOKEN, "rollmend[bot]")).await.unwrap();
        let source = Source::Repository(directory.path().join("history.git"));
        github.create_repository(NAME, source).await.unwrap();
        let repository = Repository {
            url: RepositoryUrl::parse(&format!("{}/{NAME}", github.url())).unwrap(),
            base: "main".parse().unwrap(),
            paths: vec![],
            labels: vec![],
        };
        let settings = CloneSettings::in_directory(directory.path().join("clones"));
        (Self { github, repository, settings, directory }, written)
    }

    /// The repository as the server has it now.
    pub(crate) fn server(&self) -> History {
        History::of(git2::Repository::open_bare(self.github.path(NAME).unwrap()).unwrap())
    }

    pub(crate) fn clones(&self) -> BareClones {
        self.clones_with_token(TOKEN)
    }

    pub(crate) fn clones_with_token(&self, token: &str) -> BareClones {
        let tokens = OriginTokens::one(self.repository.url.origin(), token.to_owned().into());
        BareClones::new(self.settings.clone(), Arc::new(tokens))
    }

    pub(crate) async fn range(&self, stable: &str, canary: &str) -> Result<TracedRange, Failure> {
        let clones = self.clones();
        clones.range(&self.repository, &[revision(stable)], &[revision(canary)]).await
    }

    pub(crate) async fn revert(&self, suspect: &CommitSha, canary: &CommitSha) -> Result<Patch, NoPatch> {
        self.clones().revert(&self.repository, suspect, canary, "Revert it").await.unwrap()
    }

    /// The clone that this test's repository has by now.
    pub(crate) fn clone_on_disk(&self) -> History {
        let mut entries = std::fs::read_dir(&self.settings.directory).unwrap();
        let path = entries.find_map(|entry| {
            let path = entry.unwrap().path();
            path.extension().is_some_and(|ending| ending == "git").then_some(path)
        });
        History::of(git2::Repository::open_bare(path.unwrap()).unwrap())
    }
}

pub(crate) fn revision(named: &str) -> Revision {
    Revision { named: named.to_owned(), source: "image tag".to_owned() }
}

/// Every file below a directory with its content.
pub(crate) fn files_below(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push((entry.path(), std::fs::read(entry.path()).unwrap()));
        }
    }
    files
}
