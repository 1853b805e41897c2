//! What a changed file changes while the daemon runs. What it cannot change is said in the log, and holds from the next start on.

use std::convert::Infallible;

use domain::{AllowedRepositories, Mode};
use orchestrator::{LiveSettings, Settings};
use server::Reloads;

use super::decided;
use crate::config::{Change, Config, GitHub, Watch};

/// What runs of the file, and how changed ones fared.
pub(super) struct Live {
    settings: LiveSettings,
    /// The origin of the repositories that the running GitHub client can reach, where there is one.
    origin: Option<String>,
    reloads: Reloads,
}

impl Live {
    pub(super) fn new(started: &Config, settings: LiveSettings, reloads: Reloads) -> Self {
        Self { settings, origin: started.github.as_ref().map(GitHub::web_origin), reloads }
    }

    /// Takes what is valid of each changed file, for as long as it is polled.
    pub(super) async fn follow(&self, watch: &mut Watch) -> Infallible {
        loop {
            match watch.next().await {
                Change::Valid { config, waiting } => self.take(&config, waiting),
                Change::Bad(error) => {
                    self.reloads.rejected();
                    tracing::error!(
                        "the changed configuration is refused, the one before it holds: {}",
                        error.line()
                    );
                }
            }
        }
    }

    fn take(&self, config: &Config, mut waiting: Vec<String>) {
        let settings = self.next(config, &mut waiting);
        tracing::info!(mode = ?settings.mode, "the changed configuration holds");
        if !waiting.is_empty() {
            tracing::warn!("it has changes that hold from the next start on: {}", waiting.join(", "));
        }
        self.settings.change(settings);
        self.reloads.taken();
    }

    /// The settings that hold now. What belongs to another GitHub than the running one's has to wait with it.
    fn next(&self, config: &Config, waiting: &mut Vec<String>) -> Settings {
        let before = self.settings.now();
        let mut next =
            Settings { redactor: before.redactor.clone(), limits: before.limits.clone(), ..decided(config) };
        let Some(origin) = &self.origin else {
            if next.mode == Mode::Propose {
                next.mode = before.mode;
                waiting.push("[daemon] mode".to_owned());
            }
            return next;
        };
        let (reached, other): (Vec<_>, Vec<_>) =
            config.repositories.iter().cloned().partition(|listed| listed.url.origin() == origin);
        waiting.extend(other.iter().map(|listed| format!("[[repository]] {}", listed.url)));
        next.allowed = AllowedRepositories::new(reached);
        next
    }
}

#[cfg(test)]
mod tests {
    use domain::Redactor;

    use super::*;

    const SHOP: &str = "[[repository]]\nurl = \"https://github.com/acme/shop\"\n";
    const GITHUB: &str = "[github]\ntoken = { env = \"T\" }\n";

    fn config(text: &str) -> Config {
        Config::parse("agents.toml", text).unwrap()
    }

    /// Mode, listed repositories and what waits, after a daemon of the first file was given the second.
    fn after(started: &str, now: &str) -> (Mode, usize, Vec<String>) {
        let started = config(started);
        let redactor = Redactor::new(["s3cret-value".to_owned()]);
        let settings = LiveSettings::from(Settings { redactor, ..decided(&started) });
        let live = Live::new(&started, settings.clone(), Reloads::default());
        let mut waiting = Vec::new();
        let next = live.next(&config(now), &mut waiting);
        assert!(!next.redactor.text("s3cret-value").contains("s3cret"), "it forgot a token");
        (next.mode, next.allowed.iter().count(), waiting)
    }

    #[test]
    fn modes_repositories_and_thresholds_change_at_once() {
        let propose = format!("[daemon]\nmode = \"propose\"\n{GITHUB}{SHOP}");
        assert_eq!(after(&format!("{GITHUB}{SHOP}"), &propose), (Mode::Propose, 1, vec![]));
        assert_eq!(after(&propose, "[daemon]\nmode = \"observe\"\n"), (Mode::Observe, 0, vec![]));
    }

    #[test]
    fn pull_requests_wait_for_a_start_with_a_token() {
        let propose = format!("[daemon]\nmode = \"propose\"\n{GITHUB}{SHOP}");
        assert_eq!(after("", &propose), (Mode::Explain, 1, vec!["[daemon] mode".to_owned()]));
    }

    #[test]
    fn a_repository_of_another_github_waits_for_a_start_with_its_token() {
        let other = "[daemon]\nmode = \"propose\"\n[github]\napi = \"https://git.example/api/v3\"\ntoken = { env = \"T\" }\n\
                     [[repository]]\nurl = \"https://git.example/acme/shop\"\n";
        let waits = vec!["[[repository]] https://git.example/acme/shop".to_owned()];
        assert_eq!(after(&format!("{GITHUB}{SHOP}"), other), (Mode::Propose, 0, waits));
    }
}
