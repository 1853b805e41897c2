//! A handoff, and hands that call a bench's tools as a driver does.

use std::sync::Arc;

use domain::ports::{Workbench, Workshop as _};
use domain::{
    AnalystKind, AttemptNumber, Category, CommitSha, Confidence, Failure, Fingerprint, Grounds, Handoff,
    IncidentIdentity, NoPatch, Patch, Repository, RepositoryStanding, RolloutRef, Standing, Suspect, Tool,
    ToolFailure, Verdict,
};
use serde_json::Value;

use crate::history::History;
use crate::stage::Stage;

pub(crate) fn identity() -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    }
}

fn suspect(sha: &CommitSha, grounds: Grounds) -> Suspect {
    Suspect {
        sha: sha.clone(),
        subject: "suspect".to_owned(),
        score: 95,
        reasons: vec![],
        grounds,
        files: vec![],
    }
}

/// A handoff that blames a commit, and another less.
pub(crate) fn handoff(repository: &Repository, suspects: &[&CommitSha], canary: &CommitSha) -> Handoff {
    let suspects = suspects.iter().enumerate().map(|(number, sha)| {
        suspect(sha, if number == 0 { Grounds::FrameInItsLines } else { Grounds::Weak })
    });
    let verdict = Verdict {
        incident: identity().id(),
        attempt: AttemptNumber::FIRST,
        case: "1".repeat(64).parse().unwrap(),
        category: Category::Code,
        confidence: Confidence::of(90),
        headline: "It broke.".to_owned(),
        analysis: String::new(),
        root_cause: String::new(),
        remediation: String::new(),
        claims: vec![],
        ruled_out: vec![],
        suspects: suspects.collect(),
        canary_commit: Some(canary.clone()),
        standing: Standing::Trouble,
        fingerprint: Fingerprint::default(),
        analyst: AnalystKind::Rules,
    };
    let standing = RepositoryStanding::Allowed { repository: repository.clone() };
    Handoff::from_verdict(&identity(), &verdict, &standing, Confidence::of(70)).unwrap()
}

/// What a tool gave: text and rest, or what the model is told.
pub(crate) type Given = Result<(String, Option<String>), String>;

pub(crate) async fn call(tools: &[Arc<dyn Tool>], name: &str, arguments: Value) -> Given {
    let tool = tools.iter().find(|tool| tool.name() == name).unwrap();
    match tool.call(arguments).await {
        Ok(output) => Ok((output.text, output.rest)),
        Err(ToolFailure::Model(told)) => Err(told),
        Err(ToolFailure::Nobody(failure)) => panic!("{failure}"),
    }
}

/// A stage with an open bench.
pub(crate) struct Hands {
    pub(crate) stage: Stage,
    pub(crate) suspect: CommitSha,
    pub(crate) bench: Arc<dyn Workbench>,
}

impl Hands {
    /// A history whose newest commit is suspect and canary.
    pub(crate) async fn on(write: impl FnOnce(&History) -> CommitSha) -> Self {
        Self::set(write, |_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn set(write: impl FnOnce(&History) -> CommitSha, set: impl FnOnce(&mut Stage)) -> Self {
        let (mut stage, suspect) = Stage::with(write).await;
        set(&mut stage);
        let handoff = handoff(&stage.repository, &[&suspect], &suspect);
        let bench = stage.clones().open(&handoff, None).await.unwrap();
        Self { stage, suspect, bench }
    }

    /// A start, and these files as the suspect's.
    pub(crate) async fn with(files: &[(&str, &str)]) -> Self {
        Self::on(|history| {
            history.commit("start", &[("README", Some("shop\n"))]);
            let files: Vec<_> = files.iter().map(|(path, content)| (*path, Some(*content))).collect();
            history.commit("suspect", &files)
        })
        .await
    }

    pub(crate) async fn call(&self, name: &str, arguments: Value) -> Given {
        call(&self.bench.tools(), name, arguments).await
    }

    /// The bench as a process finds it that starts anew.
    pub(crate) async fn resumed(&self, state: &str) -> Result<Arc<dyn Workbench>, Failure> {
        let handoff = handoff(&self.stage.repository, &[&self.suspect], &self.suspect);
        self.stage.clones().open(&handoff, Some(state)).await
    }

    pub(crate) async fn patch(&self) -> Result<Patch, NoPatch> {
        self.bench.patch("Mend it").await.unwrap()
    }

    /// A file as the bench's tree has it: mode and bytes.
    pub(crate) fn file(&self, path: &str) -> Option<(i32, Vec<u8>)> {
        let clone = self.stage.clone_on_disk();
        let state = self.bench.state();
        let (_, tree) = state.split_once(' ').unwrap();
        let tree = clone.git.find_tree(git2::Oid::from_str(tree).unwrap()).unwrap();
        let entry = tree.get_path(path.as_ref()).ok()?;
        Some((entry.filemode(), clone.git.find_blob(entry.id()).unwrap().content().to_vec()))
    }
}
