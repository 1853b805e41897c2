//! `rollmend-testbed`: each double by itself, to try a part of rollmend by hand.

mod commands;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

use self::commands::Command;

/// The outside world on loopback ports: start one double, see its address and what it is asked.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Several crates of the TLS stack ask for a default; that one was set already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(arguments.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone, too, the exit code still tells.
            let _ = writeln!(std::io::stderr(), "rollmend-testbed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Github(arguments) => commands::github::run(arguments).await,
        Command::Kubernetes(arguments) => commands::kubernetes::run(arguments).await,
        Command::Models(arguments) => commands::models::run(arguments).await,
        Command::Prometheus(arguments) => commands::prometheus::run(arguments).await,
    }
}
