//! `rollmend-testbed`: each double by itself, to try a part of rollmend by hand.

mod commands;

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
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Several crates of the TLS stack ask for a default; that one was set already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match arguments.command {
        Command::Github(arguments) => commands::github::run(arguments).await,
    }
}
