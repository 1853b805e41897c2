//! `rollmend doctor`: every connection and permission that the configuration needs, tested one by one. Changes nothing.

mod cluster;
mod folders;
mod forge;
mod keep;
mod metrics;
mod models;

use std::path::Path;

use serde::Serialize;

use super::steps::{Mark, Output, Steps};
use super::words::count;
use crate::cli::DoctorOptions;
use crate::compose::Probes;
use crate::config::Config;
use crate::console::{Ending, print, print_json};

/// What one test showed; `--json` prints a list of them, and keys are only ever added.
#[derive(Debug, Serialize)]
struct Finding {
    area: &'static str,
    standing: Mark,
    /// In words, with what to do.
    what: String,
}

/// The findings so far, told as they come.
struct Findings {
    steps: Steps,
    all: Vec<Finding>,
}

impl Findings {
    fn good(&mut self, area: &'static str, what: impl Into<String>) -> miette::Result<()> {
        self.add(area, Mark::Good, what.into())
    }

    fn note(&mut self, area: &'static str, what: impl Into<String>) -> miette::Result<()> {
        self.add(area, Mark::Note, what.into())
    }

    fn bad(&mut self, area: &'static str, what: impl Into<String>) -> miette::Result<()> {
        self.add(area, Mark::Bad, what.into())
    }

    /// Good with these words, or what went wrong.
    fn tested(
        &mut self,
        area: &'static str,
        test: Result<(), domain::Failure>,
        good: impl Into<String>,
    ) -> miette::Result<()> {
        match test {
            Ok(()) => self.good(area, good),
            Err(failure) => self.bad(area, failure.sentence()),
        }
    }

    fn add(&mut self, area: &'static str, standing: Mark, what: String) -> miette::Result<()> {
        self.steps.end(standing, area, &what, None)?;
        self.all.push(Finding { area, standing, what });
        Ok(())
    }
}

pub(crate) async fn run(path: &Path, options: &DoctorOptions) -> miette::Result<Ending> {
    let config = Config::read(path)?;
    let steps = Steps::for_people(Output::from(options.json));
    let mut findings = Findings { steps, all: Vec::new() };
    findings.good("file", format!("{} is valid", path.display()))?;
    let probes = Probes::new(&config)?;
    secrets(&probes, &mut findings)?;
    folders::look(&config, &mut findings)?;
    keep::look(&config, &mut findings)?;
    cluster::look(&config, &probes, &options.cluster.connection(), &mut findings).await?;
    metrics::look(&config, &probes, &mut findings).await?;
    forge::look(&config, &probes, &mut findings).await?;
    models::look(&probes, &mut findings).await?;
    let missing = findings.all.iter().filter(|finding| finding.standing == Mark::Bad).count() as u64;
    if steps == Steps::Silent {
        print_json(&findings.all)?;
    } else if missing > 0 {
        print([format!("{missing} of {} must be mended.", count(findings.all.len() as u64, "check"))])?;
    } else {
        print(["Nothing is missing.".to_owned()])?;
    }
    Ok(if missing > 0 { Ending::Problems } else { Ending::Done })
}

fn secrets(probes: &Probes, findings: &mut Findings) -> miette::Result<()> {
    for (key, read) in probes.secrets() {
        match read {
            Ok(()) => findings.good("secret", format!("{key} can be read"))?,
            Err(why) => {
                let advice = "set the variable, or mount the file, where the daemon is started";
                findings.bad("secret", format!("{why}: {advice}"))?;
            }
        }
    }
    Ok(())
}
