//! What a changed file changes while the daemon runs. What it cannot change is said in the log, and holds from the next start on.

use std::convert::Infallible;

use std::sync::{Arc, Mutex, PoisonError};

use domain::{AllowedRepositories, Mode, Redactor};
use orchestrator::{LiveSettings, Settings};
use server::Reloads;

use super::decided;
use super::staff::Staff;
use crate::config::{Change, Config, GitHub, Watch};

/// What runs of the file, and how changed ones fared.
pub(super) struct Live {
    settings: LiveSettings,
    /// The origin of the repositories that the running GitHub client can reach, where there is one.
    origin: Option<String>,
    staff: Arc<Staff>,
    /// Every secret that this process was ever given: what was once evidence may still be read.
    secrets: Mutex<Vec<String>>,
    reloads: Reloads,
}

impl Live {
    /// `secrets` are those of the start, without the staff's.
    pub(super) fn new(
        started: &Config,
        settings: LiveSettings,
        staff: Arc<Staff>,
        secrets: Vec<String>,
        reloads: Reloads,
    ) -> Self {
        let origin = started.github.as_ref().map(GitHub::web_origin);
        let secrets = Mutex::new(secrets.into_iter().chain(staff.now().secrets).collect());
        Self { settings, origin, staff, secrets, reloads }
    }

    /// Takes what is valid of each changed file, for as long as it is polled.
    pub(super) async fn follow(&self, watch: &mut Watch) -> Infallible {
        loop {
            match watch.next().await {
                Change::Valid { config, waiting } => match self.take(&config, waiting) {
                    Ok(()) => self.reloads.taken(),
                    Err(why) => self.refuse(&why.to_string()),
                },
                Change::Bad(error) => self.refuse(&error.line()),
            }
        }
    }

    fn refuse(&self, why: &str) {
        self.reloads.rejected();
        tracing::error!("the changed configuration is refused, the one before it holds: {why}");
    }

    /// All of it, or nothing where a model's key cannot be had.
    fn take(&self, config: &Config, mut waiting: Vec<String>) -> miette::Result<()> {
        let hired = self.staff.look_for(config)?;
        let redactor = self.redactor_with(&hired.secrets);
        let settings = Settings { redactor, ..self.next(config, &mut waiting) };
        tracing::info!(mode = ?settings.mode, "the changed configuration holds");
        if !waiting.is_empty() {
            tracing::warn!("it has changes that hold from the next start on: {}", waiting.join(", "));
        }
        // The redactor knows a new key before anybody works with it.
        self.settings.change(settings);
        self.staff.replace(hired);
        Ok(())
    }

    fn redactor_with(&self, new: &[String]) -> Redactor {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.extend(new.iter().cloned());
        secrets.sort();
        secrets.dedup();
        Redactor::new(secrets.clone())
    }

    /// The settings that hold now. What belongs to another GitHub than the running one's has to wait with it.
    fn next(&self, config: &Config, waiting: &mut Vec<String>) -> Settings {
        let before = self.settings.now();
        let mut next = decided(config);
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
    use agents::RuleAnalyst;
    use domain::ports::Fixer;
    use domain::{CaseFile, Failure, Handoff, NoPatch, Proposal};

    use super::super::staff::Hired;
    use super::*;

    const SHOP: &str = "[[repository]]\nurl = \"https://github.com/acme/shop\"\n";
    const GITHUB: &str = "[github]\ntoken = { env = \"T\" }\n";

    fn config(text: &str) -> Config {
        Config::parse("agents.toml", text).unwrap()
    }

    /// One who was given this key; none where the file names a model without one.
    fn hire(config: &Config) -> miette::Result<Hired> {
        struct Nobody;
        #[async_trait::async_trait]
        impl Fixer for Nobody {
            async fn fix(&self, _: &Handoff, _: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure> {
                Err(Failure::give_up("nobody", "make a patch: nobody is here"))
            }
        }
        let secrets = config.models.values().map(|model| model.model.clone()).collect::<Vec<_>>();
        if secrets.iter().any(|key| key == "absent") {
            return Err(miette::miette!("failed to read [models.main] api_key"));
        }
        Ok(Hired { analyst: Arc::new(RuleAnalyst), fixer: Arc::new(Nobody), secrets })
    }

    fn live(started: &str) -> Live {
        let started = config(started);
        let settings = LiveSettings::from(decided(&started));
        let staff = Arc::new(Staff::of(&started, Box::new(hire)).unwrap());
        Live::new(&started, settings, staff, vec!["s3cret-value".to_owned()], Reloads::default())
    }

    /// Mode, listed repositories and what waits, after a daemon of the first file was given the second.
    fn after(started: &str, now: &str) -> (Mode, usize, Vec<String>) {
        let mut waiting = Vec::new();
        let next = live(started).next(&config(now), &mut waiting);
        (next.mode, next.allowed.iter().count(), waiting)
    }

    fn asking(key: &str) -> Config {
        config(&format!("[models.main]\nprovider = \"ollama\"\nmodel = \"{key}\"\n"))
    }

    #[test]
    fn the_key_of_a_new_model_is_redacted_from_then_on_and_no_earlier_one_is_forgotten() {
        let live = live("");
        for key in ["first-key-value", "second-key-value"] {
            live.take(&asking(key), Vec::new()).unwrap();
        }
        let redacted = live.settings.now().redactor.text("s3cret-value first-key-value second-key-value");
        assert!(!redacted.contains("value"), "{redacted}");
        assert_eq!(live.staff.now().secrets, ["second-key-value"]);
    }

    #[test]
    fn a_file_whose_key_cannot_be_had_changes_nothing() {
        let live = live("");
        let absent = Config { min_confidence: domain::Confidence::of(90), ..asking("absent") };
        assert!(live.take(&absent, Vec::new()).unwrap_err().to_string().contains("[models.main] api_key"));
        assert_eq!(live.settings.now().min_confidence, domain::Confidence::of(70));
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
