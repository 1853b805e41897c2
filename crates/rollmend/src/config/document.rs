//! The file as a whole.

use std::cell::RefCell;

use domain::{AllowedRepositories, Confidence, Mode, Repository};
use toml::de::DeTable;

use super::problem::Problem;
use super::section::Section;
use super::{Config, cluster, daemon, default_confidence, gate, github, repository};

/// Reads all of it; the configuration is there unless something that it cannot be without is missing.
pub(super) fn check(text: &str) -> (Option<Config>, Vec<Problem>) {
    let (root, syntax) = DeTable::parse_recoverable(text);
    let problems = RefCell::new(Vec::new());
    for error in &syntax {
        let span = error.span().unwrap_or(0..0);
        let what = format!("this is no TOML: {}", error.message());
        problems.borrow_mut().push(Problem {
            span,
            what,
            advice: Some("see https://toml.io for the form".to_owned()),
        });
    }
    let config = syntax.is_empty().then(|| read(Section::root(&root, &problems)));
    (config, problems.into_inner())
}

fn read(root: Section<'_>) -> Config {
    let daemon = daemon::read(root.section("daemon"));
    let cluster = cluster::read(root.section("cluster"));
    let gate = gate::read(root.section("gate"));
    let min_confidence = fixer(&root);
    let github = github::read(root.section("github"));
    let repositories = repository::read(root.sections("repository"), github.as_ref());
    if daemon.mode == Mode::Propose {
        needed_to_propose(&root, github.is_some(), &repositories);
    }
    root.finish();
    let repositories = AllowedRepositories::new(repositories);
    Config { daemon, cluster, gate, min_confidence, github, repositories }
}

fn fixer(root: &Section<'_>) -> Confidence {
    let agents = root.section("agents");
    let fixer = agents.section("fixer");
    let confidence = fixer.integer("min_confidence", 50..101).and_then(|number| u8::try_from(number).ok());
    fixer.finish();
    agents.finish();
    confidence.map_or_else(default_confidence, Confidence::of)
}

fn needed_to_propose(root: &Section<'_>, github: bool, repositories: &[Repository]) {
    let daemon = root.section("daemon").span();
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
