//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tool_kubernetes::Connection;

use crate::demo::{DemoOptions, ShopOptions};

/// When a canary fails, rollmend explains why and opens the pull request that fixes it.
#[derive(Debug, Parser)]
#[command(
    name = "rollmend",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done · 1 failed, `check` or `doctor` found problems, or `fix` made no patch · 2 the command line was not understood.\n\
                  Start with `rollmend demo`: it needs no cluster and no key."
)]
pub(crate) struct Cli {
    /// The configuration.
    #[arg(long, short, global = true, value_name = "FILE", default_value = crate::config::DEFAULT_FILE, env = "ROLLMEND_CONFIG")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What a person does with it.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See the whole story on this machine in under a minute: no cluster, no key.
    ///
    /// A small shop with a bug runs as canary and stable processes under load, over stand-ins for GitHub, Kubernetes, Argo Rollouts and
    /// Prometheus on loopback ports. Needs git on PATH. Exit code 1 when the story does not come to its end.
    Demo(DemoOptions),
    /// The demo's shop.
    #[command(hide = true)]
    DemoShop(ShopOptions),
    /// Run the daemon: watch Rollouts, explain failures, open pull requests.
    ///
    /// The API server is found by the pod's service account, else by KUBECONFIG or ~/.kube/config. SIGTERM and SIGINT drain:
    /// nothing new is begun, what is in work is finished or left to the next start.
    Serve(ServeOptions),
    /// Write a commented agents.toml to begin with.
    ///
    /// Every key is in it with what it does. It explains and proposes nothing: GitHub and the repositories stay commented out until a
    /// person allows them. With --from-cluster, the namespaces that have Rollouts and the repositories that Rollouts and their
    /// analyses name are written into it as comments. A file that is there is left alone, unless --force says otherwise.
    Init(InitOptions),
    /// Check the configuration and report every problem of it at once.
    ///
    /// Nothing is connected to and no secret is read. Exit code 1 when there are problems.
    Check(CheckOptions),
    /// Test every connection and permission that the configuration needs, and say what to change.
    ///
    /// Asks the API server (its version, Argo Rollouts' resources, each right by a `SelfSubjectAccessReview`), Prometheus, GitHub, the
    /// git server and the providers of models (for their list, which costs nothing), reads the secrets, and looks at the folders and their room. Changes nothing. Run it where the daemon runs, or with
    /// its kubeconfig: the rights are those of whoever asks. `!` marks what works and deserves a look. Exit code 0: nothing is
    /// missing; 1: something is, or the file is bad.
    Doctor(DoctorOptions),
    /// List the incidents, last changed first.
    ///
    /// Reads the journal that the configuration names, also while the daemon runs.
    Incidents(IncidentsOptions),
    /// Show one incident: what broke, what shows it, what was done.
    Show(ShowOptions),
    /// Ask about one Rollout in a cluster, or one exported incident, in the terminal; changes nothing.
    ///
    /// Reads what explains a canary (Rollout, AnalysisRuns, pods, logs, events, metrics, the commits of a listed repository), judges it by the
    /// rules, with a model where agents.toml or --model names one, and says what to do next. Writes no Event, no annotation, no
    /// journal, and pushes nothing; a repository is cloned into a temporary folder. Logs are read as they are now: a canary whose pods are
    /// gone shows less than the daemon saw. Without agents.toml no Prometheus is asked and no repository read. What a model costs counts
    /// against `[budget] per_incident`, for this command alone. Exit code 0: there is a verdict, or nothing to explain; 1: failed.
    Analyze(AnalyzeOptions),
    /// Do what `analyze` does, and make the patch: printed, in a file, on a branch of your clone, or as a pull request.
    ///
    /// Without --output, --into or --open it is shown and nothing is changed anywhere. The repository must be listed in agents.toml, whatever a
    /// Rollout or a file says. --open needs no mode of the file: the option is your consent; an open pull request of ours for the same commit
    /// is joined, one that was closed unmerged is not opened again. Exit code 0: the patch was made and went where it should, or there is
    /// nothing to mend; 1: there is no patch and the last line says why, or it failed.
    Fix(FixOptions),
    /// Write one incident into one file, to be taken along.
    ///
    /// Holds the incident, its history, its case files and what the rules made of them, each with its digest. Secrets were taken out
    /// when the evidence was gathered; names, logs and commits are in it as they were.
    Export(ExportOptions),
    /// Judge an exported incident again, offline, by the rules.
    ///
    /// Needs no configuration, no cluster and no network. Exit code 0: every digest fits, and digest and verdict are the same as when it was
    /// exported. Exit code 1: what differs is named, or the file is not to be trusted.
    Replay(ReplayOptions),
}

/// How the cluster is found.
#[derive(Debug, Args)]
pub(crate) struct ClusterOptions {
    /// Reach the cluster by this kubeconfig.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig; its current one when absent.
    #[arg(long, requires = "kubeconfig")]
    context: Option<String>,
}

impl ClusterOptions {
    /// By the named kubeconfig, else by what is found.
    pub(crate) fn connection(&self) -> Connection {
        match &self.kubeconfig {
            Some(path) => Connection::Kubeconfig { path: path.clone(), context: self.context.clone() },
            None => Connection::Found,
        }
    }
}

/// `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    /// How the log is written to standard error. `RUST_LOG` sets what is logged, such as `info,rollmend=debug`.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// The shape of the daemon's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// Print the problems as a JSON list of {line, column, problem, suggestion}.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `incidents`.
#[derive(Debug, Args)]
pub(crate) struct IncidentsOptions {
    /// Print a JSON list.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowOptions {
    /// The incident's id, the beginning of one, or namespace/rollout for its latest.
    pub(crate) incident: String,
    /// Print one exhibit of the case file, such as E3.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) exhibit: Option<String>,
    /// Print {incident, history, case} as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// The incident's id, the beginning of one, or namespace/rollout for its latest.
    pub(crate) incident: String,
    /// The file to write, `-` for standard output; `<incident>.rollmend.gz` when absent. One that is there is left alone.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayOptions {
    /// A file that `rollmend export` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) archive: PathBuf,
    /// Print {incident, `written_by`, same, cases, verdict} as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `analyze`.
#[derive(Debug, Args)]
pub(crate) struct AnalyzeOptions {
    /// The Rollout.
    #[arg(value_name = "NAMESPACE/ROLLOUT", required_unless_present = "case")]
    pub(crate) rollout: Option<String>,
    /// Judge the last case of a file that `rollmend export` wrote, offline, instead of a cluster.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rollout", "kubeconfig"])]
    pub(crate) case: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    #[command(flatten)]
    pub(crate) models: ModelOptions,
    /// Print {rollout, canary, standing, verdict, next, notes, brief, case, models} as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `fix`.
#[derive(Debug, Args)]
pub(crate) struct FixOptions {
    /// The Rollout as namespace/name in the cluster, or an incident of the journal by its id or the beginning of one.
    #[arg(value_name = "ROLLOUT|INCIDENT", required_unless_present = "case")]
    pub(crate) target: Option<String>,
    /// Mend the last case of a file that `rollmend export` wrote, instead of a cluster's.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "kubeconfig"])]
    pub(crate) case: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    #[command(flatten)]
    pub(crate) models: ModelOptions,
    /// Write the patch to this file, for `git apply`; `-` prints it and nothing else. A file that is there is left alone.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Make the branch in this clone of yours; nothing is checked out and nothing pushed.
    #[arg(long, value_name = "CLONE", conflicts_with = "output")]
    pub(crate) into: Option<PathBuf>,
    /// Push the branch and open the draft pull request with the GitHub token of the file.
    #[arg(long, conflicts_with_all = ["output", "into"])]
    pub(crate) open: bool,
    /// Print {rollout, canary, standing, verdict, patch, done, why, notes, models} as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which model is asked.
#[derive(Debug, Args)]
pub(crate) struct ModelOptions {
    /// Ask the model of this name in agents.toml, whatever [agents] says.
    #[arg(long, value_name = "NAME", conflicts_with = "no_model")]
    model: Option<String>,
    /// Ask no model: the rules judge, and the commit or value to blame is set back.
    #[arg(long)]
    no_model: bool,
}

/// A person's choice among the models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelChoice {
    /// As [agents] says.
    AsFile,
    /// This one.
    Named(String),
    /// None.
    None,
}

impl ModelOptions {
    /// The choice.
    pub(crate) fn choice(&self) -> ModelChoice {
        match (&self.model, self.no_model) {
            (_, true) => ModelChoice::None,
            (Some(name), false) => ModelChoice::Named(name.clone()),
            (None, false) => ModelChoice::AsFile,
        }
    }
}

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    /// Print a JSON list of {area, standing, what}; `standing` is good, note or bad.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `init`.
#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    /// The file to write, `-` for standard output; the one that --config names when absent.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Look at the cluster's Rollouts for namespaces and repositories.
    #[arg(long)]
    pub(crate) from_cluster: bool,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
}
