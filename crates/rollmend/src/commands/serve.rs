//! `rollmend serve`.

use std::path::Path;

use miette::{IntoDiagnostic, miette};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tool_kubernetes::Lost;

use crate::cli::ServeOptions;
use crate::compose::{Daemon, Leadership};
use crate::config::Watch;
use crate::console::{self, Ending};
use crate::logging;

pub(crate) async fn run(path: &Path, options: ServeOptions) -> miette::Result<Ending> {
    let (config, mut watch) = Watch::open(path)?;
    logging::start(options.log_format);
    let connection = options.cluster.connection();
    let mut orders = Orders::listen()?;
    let mut leadership = tokio::select! {
        leadership = Leadership::take(&config, &connection) => leadership?,
        signal = orders.next() => {
            tracing::info!("{signal}: stopped; nothing had been begun");
            return Ok(Ending::Done);
        }
    };
    let cancel = CancellationToken::new();
    let started = leadership.during(Daemon::start(&config, &connection, cancel.clone())).await;
    let daemon = match started.unwrap_or_else(|lost| abandon(&lost)) {
        Ok(daemon) => daemon,
        Err(report) => {
            leadership.release().await;
            return Err(report);
        }
    };
    tracing::info!(address = %daemon.address(), mode = ?config.daemon.mode, "listening");
    tokio::select! {
        signal = orders.next() => tracing::info!("{signal}: draining"),
        never = daemon.follow(&mut watch) => match never {},
        () = daemon.failed() => tracing::error!("the HTTP server ended by itself: draining"),
        lost = leadership.lost() => abandon(&lost),
    }
    cancel.cancel();
    leadership.during(daemon.stop()).await.unwrap_or_else(|lost| abandon(&lost));
    leadership.release().await;
    tracing::info!("stopped");
    Ok(Ending::Done)
}

/// Ends the process without draining: another replica may act by now, and whatever is in work would be done beside it. A clone or a push
/// on a thread of its own would outlive an orderly end. What was not finished is taken up by the next one, as after a crash.
fn abandon(lost: &Lost) -> ! {
    tracing::error!("failed to {lost}: stopping at once");
    console::failed(&miette!(
        help = "one replica acts, the one that holds the Lease; started again, this one stands by",
        "failed to {lost}"
    ));
    std::process::exit(1)
}

/// The orders to stop. As a container's first process the daemon would not hear those that it does not listen for.
struct Orders {
    terminate: Signal,
    interrupt: Signal,
}

impl Orders {
    fn listen() -> miette::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).into_diagnostic()?,
            interrupt: signal(SignalKind::interrupt()).into_diagnostic()?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
