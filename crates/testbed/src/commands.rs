//! The subcommands, a file each, and what they share: a double runs until it is interrupted and shows what it is asked.

pub(crate) mod github;
pub(crate) mod kubernetes;
pub(crate) mod models;
pub(crate) mod prometheus;

use std::io::Write as _;

use anyhow::Context as _;
use clap::Subcommand;
use testbed::wire::{Follow, Wire};

/// Which double to start.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// GitHub: the REST API (also below /api/v3) and git over smart HTTP.
    Github(github::Arguments),
    /// A Kubernetes API server, with stand-ins for the Argo Rollouts controller and the kubelet.
    Kubernetes(kubernetes::Arguments),
    /// Language models, OpenAI-shaped (below /v1) and Anthropic-shaped, that answer from a script.
    Models(models::Arguments),
    /// A Prometheus that scrapes what it is told to and answers a few queries.
    Prometheus(prometheus::Arguments),
}

/// Prints where a double listens and each request as it ends, until Ctrl-C.
pub(crate) async fn show(wire: &Wire, name: &str) -> anyhow::Result<()> {
    let follow = wire.follow();
    say(&format!("{name} listens on {}", wire.url()))?;
    tokio::select! {
        shown = show_requests(follow) => shown,
        interrupted = interrupted() => interrupted,
    }?;
    wire.shutdown().await;
    Ok(())
}

/// Prints one line, at once also into a pipe.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("failed to write to standard output")
}

/// Method, path and status; headers stay out, because a token is among them.
async fn show_requests(mut follow: Follow) -> anyhow::Result<()> {
    while let Some(asked) = follow.next().await {
        let status = asked.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        say(&format!("{} {} {status}", asked.method, asked.path))?;
    }
    Ok(())
}

/// Resolves when the process is told to end.
async fn interrupted() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.context("failed to listen for Ctrl-C"),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("failed to listen for Ctrl-C")
}
