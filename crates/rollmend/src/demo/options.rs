//! The command lines of `demo` and of the shop that it runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shop::{Plot, Release};

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// What happens.
    #[arg(long, value_enum, default_value_t = Scenario::Failing)]
    pub(crate) scenario: Scenario,
    /// Keep everything in this folder, which must be new or empty; a fresh temporary one when absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Print each happening as a line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What happens in a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The canary has a bug: it is explained, and a pull request undoes it.
    Failing,
    /// The canary is good: it is promoted, and nothing else happens.
    Healthy,
}

/// The shop, as the stand-in for the kubelet starts it.
#[derive(Debug, Args)]
pub(crate) struct ShopOptions {
    /// Which release.
    #[arg(long)]
    pub(crate) release: Release,
    /// The loopback port.
    #[arg(long)]
    pub(crate) port: u16,
}

impl Scenario {
    /// The history that the shop's repository gets.
    pub(super) fn plot(self) -> Plot {
        match self {
            Scenario::Failing => Plot::Faulty,
            Scenario::Healthy => Plot::Sound,
        }
    }
}
