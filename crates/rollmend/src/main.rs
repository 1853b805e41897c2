//! rollmend: when a canary fails, it explains why and opens the pull request that fixes it.
//!
//! This crate parses the command line and `agents.toml`, puts the rooms together ([`compose`]), runs, and drains. It
//! refuses to know any rule of the domain.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod compose;
mod config;
mod console;
mod demo;
mod logging;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use console::Ending;

/// The most threads that run tasks: they wait for the outside most of the time, and on a node with many cores each more takes memory.
const WORKERS: usize = 4;

fn main() -> ExitCode {
    // Both TLS clients and servers of this process use ring; a second installation would only be refused.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.worker_threads(workers()).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return console::failed(&miette::miette!("failed to start: {error}")),
    };
    match runtime.block_on(run(cli)) {
        Ok(ending) => ending.into(),
        Err(report) if console::is_closed_pipe(&report) => ExitCode::SUCCESS,
        Err(report) => console::failed(&report),
    }
}

/// One for each core, up to [`WORKERS`].
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(WORKERS))
}

async fn run(cli: Cli) -> miette::Result<Ending> {
    match cli.command {
        Command::Demo(options) => demo::run(&options).await,
        Command::DemoShop(options) => demo::keep_shop(&options),
        Command::Serve(options) => commands::serve::run(&cli.config, options).await,
        Command::Check(options) => commands::check::run(&cli.config, &options),
        Command::Doctor(options) => commands::doctor::run(&cli.config, &options).await,
        Command::Init(options) => commands::init::run(&cli.config, &options).await,
        Command::Incidents(options) => commands::incidents::run(&cli.config, &options).await,
        Command::Show(options) => commands::show::run(&cli.config, &options).await,
        Command::Analyze(options) => commands::analyze::run(&cli.config, &options).await,
        Command::Fix(options) => commands::fix::run(&cli.config, &options).await,
        Command::Export(options) => commands::export::run(&cli.config, &options).await,
        Command::Replay(options) => commands::replay::run(&options).await,
    }
}
