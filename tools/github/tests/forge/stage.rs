//! A GitHub with one repository, whose branch of ours is pushed.

use std::time::Duration;

use domain::{BranchName, Patch, Proposal, Repository, RepositoryUrl};
use testbed::github::{Change, GitHub as Double, GitHubOptions, Human, Opening, Source};
use tool_github::{GitHub, GitHubSettings, Pauses};

pub(crate) const NAME: &str = "acme/shop";
pub(crate) const TOKEN: &str = "ghp_a-token-of-the-daemon";
pub(crate) const LOGIN: &str = "rollmend-bot";
pub(crate) const BRANCH: &str = "rollmend/main/0123456789ab";

pub(crate) struct Stage {
    pub(crate) double: Double,
    pub(crate) repository: Repository,
    pub(crate) head: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(GitHubOptions::with_token(TOKEN, LOGIN)).await
    }

    pub(crate) async fn with(options: GitHubOptions) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let double = Double::start(options).await.unwrap();
        double.create_repository(NAME, Source::Empty).await.unwrap();
        let ada = double.human("ada");
        push(&ada, "main", "start");
        let head = push(&ada, BRANCH, "revert");
        let repository = Repository {
            url: RepositoryUrl::parse(&format!("{}/{NAME}", double.url())).unwrap(),
            base: "main".parse().unwrap(),
            paths: vec![],
            labels: vec!["rollmend".to_owned(), "canary".to_owned()],
        };
        Self { double, repository, head }
    }

    pub(crate) fn forge(&self) -> GitHub {
        self.forge_with_token(TOKEN)
    }

    pub(crate) fn forge_with_token(&self, token: &str) -> GitHub {
        GitHub::new(&self.settings(token)).unwrap()
    }

    pub(crate) fn settings(&self, token: &str) -> GitHubSettings {
        let mut settings = GitHubSettings::at(&self.double.url(), token.to_owned().into()).unwrap();
        settings.pauses =
            Pauses { attempts: 3, first: Duration::from_millis(1), longest: Duration::from_millis(10) };
        settings.timeout = Duration::from_secs(5);
        settings
    }

    pub(crate) fn branch() -> BranchName {
        BRANCH.parse().unwrap()
    }

    pub(crate) fn proposal(&self) -> Proposal {
        let commit: domain::CommitSha = self.head.parse().unwrap();
        Proposal {
            repository: self.repository.clone(),
            branch: Self::branch(),
            patch: Patch {
                base: "main".parse().unwrap(),
                base_commit: commit.clone(),
                commit: commit.clone(),
                reverts: commit,
                kind: domain::PatchKind::Revert,
                flagged: vec![],
                files: vec![],
                diff: String::new(),
            },
            title: "fix: undo it".to_owned(),
            body: "Why.\n\n<!-- rollmend incident=a suspect=b -->".to_owned(),
        }
    }

    /// A pull request by someone for a branch.
    pub(crate) fn opened_by(&self, login: &str, branch: &str) -> u64 {
        let opening = Opening {
            title: "t",
            body: "<!-- rollmend incident=a suspect=b -->",
            head: branch,
            base: "main",
        };
        self.double.human(login).open_pull(NAME, &opening).unwrap()
    }

    /// How often a method and path were asked.
    pub(crate) fn asked(&self, method: &str, path: &str) -> usize {
        let asked = self.double.wire().asked();
        asked.iter().filter(|asked| asked.method == method && asked.path == path).count()
    }
}

pub(crate) fn push(human: &Human, branch: &str, text: &str) -> String {
    human.push(NAME, branch, &Change { message: text, files: &[("a.txt", Some(text))] }).unwrap()
}
