//! The file as a whole.

use domain::{AllowedRepositories, Mode, Repository};
use toml::de::DeTable;

use super::key::{Chapter, Sheet};
use super::problem::Problem;
use super::section::Section;
use super::{Config, agents, budget, cluster, daemon, gate, github, models, repository};

/// Reads all of it; the configuration is there unless something that it cannot be without is missing.
pub(super) fn check(text: &str) -> (Option<Config>, Vec<Problem>) {
    let (root, syntax) = DeTable::parse_recoverable(text);
    let sheet = Sheet::default();
    for error in &syntax {
        let span = error.span().unwrap_or(0..0);
        let what = format!("this is no TOML: {}", error.message());
        sheet.problems.borrow_mut().push(Problem {
            span,
            what,
            advice: Some("see https://toml.io for the form".to_owned()),
        });
    }
    let config = syntax.is_empty().then(|| read(Section::root(&root, &sheet)));
    (config, sheet.problems.into_inner())
}

/// Every key that [`check`] asks for, by the table that it stands in.
pub(super) fn chapters() -> Vec<Chapter> {
    let sheet = Sheet::of_keys();
    read(Section::of_keys(&sheet));
    sheet.chapters.map(std::cell::RefCell::into_inner).unwrap_or_default()
}

fn read(root: Section<'_>) -> Config {
    let about = "Where the daemon listens, what it keeps and how far it goes.";
    let daemon = daemon::read(root.chapter("daemon", about));
    let about = "What is watched, and the Prometheus that is asked.";
    let cluster = cluster::read(root.chapter("cluster", about));
    let about = "What is enough to say that a canary may go on. Any one of `min_requests`, `min_lines` and `min_observation` is.";
    let gate = gate::read(root.chapter("gate", about));
    let models = models::read(&root);
    let agents = agents::read(&root, &models);
    let about = "What models may cost. It is looked at before each call with the most that the call can cost; once it is spent, rules and reverts stand in.";
    let budget = budget::read(root.chapter("budget", about));
    let about = "GitHub's API and the token for it. Needed for `mode = \"propose\"`, and to read private repositories.";
    let github = github::read(root.chapter("github", about));
    let about =
        "Only these are ever cloned. A Rollout names its own with the annotation `rollmend.dev/repository`.";
    let repositories = repository::read(root.sections("repository", about), github.as_ref());
    if daemon.mode == Mode::Propose {
        needed_to_propose(&root, github.is_some(), &repositories);
    }
    root.finish();
    Config {
        daemon,
        cluster,
        gate,
        models: models.into_iter().filter_map(|(name, model)| Some((name, model.value?))).collect(),
        analyzer: agents.analyzer,
        fixer: agents.fixer,
        min_confidence: agents.min_confidence,
        budget,
        github,
        repositories: AllowedRepositories::new(repositories),
    }
}

fn needed_to_propose(root: &Section<'_>, github: bool, repositories: &[Repository]) {
    let daemon = root.group("daemon").span();
    if !github {
        let what = "[daemon] mode is \"propose\", and there is no [github] token";
        root.problem(
            daemon.clone(),
            what,
            "add [github] with token = { env = \"GITHUB_TOKEN\" }, or set mode = \"explain\"",
        );
    }
    if repositories.is_empty() {
        let what = "[daemon] mode is \"propose\", and no [[repository]] is listed";
        root.problem(daemon, what, "list each repository that may be cloned, or set mode = \"explain\"");
    }
}
