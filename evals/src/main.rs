//! `rollmend-evals`: plays the scenarios and says how well it went.

mod binary;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, Parser, ValueEnum};
use evals::{GivenModel, Mind, PlayedOnce, Player, Report, Scenario, ScenarioReport, read_all};
use url::Url;

/// Play the scenarios through the real binary, and score what they leave behind.
///
/// By the rules, what must come of each scenario is known, and exit code 1 says that something else did. With a model the same is
/// measured; then exit code 1 says that a promise was broken which code keeps, whoever judges. Exit code 2: it could not be played.
/// Needs git on PATH.
#[derive(Debug, Parser)]
#[command(name = "rollmend-evals", version)]
struct Options {
    /// Play this scenario, and others so named; all when absent.
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// The folder of scenarios.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))]
    from: PathBuf,
    /// Play each so often.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
    /// The rollmend to play with; when absent, cargo builds the one beside this program.
    #[arg(long, value_name = "FILE", env = "ROLLMEND_BIN")]
    rollmend: Option<PathBuf>,
    /// Keep what is left in this folder, a folder for each run; when absent, only what broke a must is kept, in a temporary one.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: ModelOptions,
}

/// The model that judges and mends.
#[derive(Debug, Args)]
struct ModelOptions {
    /// Let a model judge and mend; the rules when absent.
    #[arg(long, value_enum, value_name = "PROVIDER", requires_all = ["base_url", "model_name"])]
    model: Option<Provider>,
    /// Where it is reached, such as `http://localhost:8000/v1`.
    #[arg(long, value_name = "URL", requires = "model")]
    base_url: Option<Url>,
    /// What its provider calls it.
    #[arg(long, value_name = "NAME", requires = "model")]
    model_name: Option<String>,
    /// The environment variable with its key; none is sent when absent.
    #[arg(long, value_name = "VARIABLE", requires = "model")]
    api_key_env: Option<String>,
}

/// Who answers for a model.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Provider {
    /// Anything that speaks OpenAI's Chat Completions.
    OpenaiCompatible,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Several crates of the TLS stack ask for a default; that one was set already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(options).await {
        Ok(report) if report.broken_musts == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // With standard error gone, too, the exit code still tells.
            let _ = writeln!(std::io::stderr(), "rollmend-evals: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(options: Options) -> anyhow::Result<Report> {
    let scenarios = read_all(&options.from, &options.scenarios)?;
    ensure!(!scenarios.is_empty(), "there is no scenario in {}", options.from.display());
    let mind = options.model.mind();
    let binary = match options.rollmend {
        Some(binary) => binary,
        None => binary::build().await?,
    };
    let player = Player::new(binary, mind.clone());
    let mut reports = Vec::new();
    for scenario in &scenarios {
        let mut runs = Vec::new();
        for number in 1..=options.runs {
            let place = Place::make(options.keep.as_deref(), &format!("{}-{number}", scenario.name))?;
            runs.push(play(&player, scenario, &mind, place).await?);
        }
        reports.push(ScenarioReport::new(scenario, runs));
    }
    let report = Report::new(mind, reports);
    let lines = if options.json { vec![serde_json::to_string_pretty(&report)?] } else { report.lines() };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush()).context("failed to print the report")?;
    Ok(report)
}

async fn play(player: &Player, scenario: &Scenario, mind: &Mind, place: Place) -> anyhow::Result<PlayedOnce> {
    let failed = || format!("failed to play the scenario {}", scenario.name);
    let remains = player.play(scenario, place.path()).await.with_context(failed)?;
    let mut played = PlayedOnce::of(scenario, &remains, mind);
    played.kept = match place {
        Place::Named(path) => Some(path),
        Place::Temporary(folder) if played.breaks_a_must() => Some(folder.keep()),
        Place::Temporary(_) => None,
    };
    Ok(played)
}

/// Where a scenario leaves what it leaves.
enum Place {
    /// There, for good.
    Named(PathBuf),
    /// In a folder that goes when it is dropped.
    Temporary(tempfile::TempDir),
}

impl Place {
    fn make(keep: Option<&Path>, name: &str) -> anyhow::Result<Self> {
        Ok(match keep {
            Some(folder) => {
                let path = folder.join(name);
                let failed = || format!("failed to make the folder {}", path.display());
                std::fs::create_dir_all(&path).with_context(failed)?;
                Self::Named(path.canonicalize()?)
            }
            None => Self::Temporary(tempfile::Builder::new().prefix("rollmend-evals-").tempdir()?),
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl ModelOptions {
    fn mind(self) -> Mind {
        // The parser sees to it that address and name come with the provider.
        match (self.model, self.model_name, self.base_url) {
            (Some(Provider::OpenaiCompatible), Some(name), Some(base_url)) => {
                Mind::Model(GivenModel { name, base_url, key: self.api_key_env })
            }
            _ => Mind::Rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_whole_or_not_at_all() {
        let parsed =
            |arguments: &[&str]| Options::try_parse_from(std::iter::once(&"rollmend-evals").chain(arguments));
        let whole =
            ["--model", "openai-compatible", "--base-url", "http://localhost:8000/v1", "--model-name", "m"];
        let mind = parsed(&whole).unwrap().model.mind();
        let base_url = "http://localhost:8000/v1".parse().unwrap();
        assert_eq!(mind, Mind::Model(GivenModel { name: "m".to_owned(), base_url, key: None }));
        assert_eq!(parsed(&[]).unwrap().model.mind(), Mind::Rules);
        for part in [&whole[..2], &whole[..4], &whole[2..4], &whole[4..]] {
            assert!(parsed(part).is_err(), "{part:?}");
        }
    }
}
