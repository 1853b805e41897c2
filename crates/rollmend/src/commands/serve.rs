//! `rollmend serve`.

use std::path::Path;

use miette::IntoDiagnostic;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::ServeOptions;
use crate::compose::Daemon;
use crate::config::Watch;
use crate::console::Ending;
use crate::logging;

pub(crate) async fn run(path: &Path, options: ServeOptions) -> miette::Result<Ending> {
    let (config, mut watch) = Watch::open(path)?;
    logging::start(options.log_format);
    let connection = options.cluster.connection();
    let cancel = CancellationToken::new();
    let daemon = Daemon::start(&config, &connection, cancel.clone()).await?;
    tracing::info!(address = %daemon.address(), mode = ?config.daemon.mode, "listening");
    let mut terminated = signal(SignalKind::terminate()).into_diagnostic()?;
    tokio::select! {
        _ = terminated.recv() => tracing::info!("SIGTERM: draining"),
        _ = tokio::signal::ctrl_c() => tracing::info!("SIGINT: draining"),
        never = daemon.follow(&mut watch) => match never {},
        () = daemon.failed() => tracing::error!("the HTTP server ended by itself: draining"),
    }
    cancel.cancel();
    daemon.stop().await;
    tracing::info!("stopped");
    Ok(Ending::Done)
}
