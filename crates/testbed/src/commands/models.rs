//! `rollmend-testbed models`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use testbed::models::{ModelServer, ModelWorld, Script};
use testbed::wire::Port;

/// What `models` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The script that they answer from, as JSON.
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    /// The key that callers must send.
    #[arg(long)]
    token: String,
    /// Where to listen, on 127.0.0.1; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Starts the models and shows what they are asked, until they are interrupted.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let port = port(arguments.listen)?;
    let path = arguments.script.display();
    let script =
        std::fs::read_to_string(&arguments.script).with_context(|| format!("failed to read {path}"))?;
    let script = Script::parse(&script).with_context(|| format!("failed to use {path}"))?;
    let world = ModelWorld { token: arguments.token, script };
    let server = ModelServer::start_at(world, port).await.context("failed to start")?;
    tokio::select! {
        shown = super::show(server.wire(), "models") => shown,
        told = tell_mismatches(&server) => told,
    }
}

/// Prints where requests did not fit the script; resolves when printing fails or the server ends.
async fn tell_mismatches(server: &ModelServer) -> anyhow::Result<()> {
    let mut follow = server.wire().follow();
    let mut told = 0;
    while follow.next().await.is_some() {
        let mismatches = server.mismatches();
        for mismatch in mismatches.iter().skip(told) {
            super::say(&format!("mismatch: {mismatch}"))?;
        }
        told = mismatches.len();
    }
    std::future::pending().await
}

fn port(listen: SocketAddr) -> anyhow::Result<Port> {
    ensure!(
        listen.ip() == std::net::Ipv4Addr::LOCALHOST,
        "the models listen on 127.0.0.1 only, not on {}",
        listen.ip()
    );
    Ok(if listen.port() == 0 { Port::Any } else { Port::Fixed(listen.port()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_listen_on_loopback_only() {
        let port = |text: &str| port(text.parse().unwrap());
        assert_eq!(port("127.0.0.1:0").unwrap(), Port::Any);
        assert_eq!(port("127.0.0.1:81").unwrap(), Port::Fixed(81));
        assert!(port("0.0.0.0:81").is_err());
    }
}
