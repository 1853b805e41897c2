//! The daemon's log, on standard error.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;

use miette::{Context, IntoDiagnostic};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::cli::LogFormat;

/// What is logged where `RUST_LOG` says nothing: what the daemon does, and others' warnings.
const DEFAULT: &str = "warn,rollmend=info,rollmend_orchestrator=info,rollmend_server=info,rollmend_store=info,\
                       tool_kubernetes=info,tool_repo=info,tool_github=info";

/// Starts logging; a second call changes nothing.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}

/// Starts logging into a new file, for a daemon whose terminal shows something else.
pub(crate) fn start_in(path: &Path) -> miette::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let file = File::create(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("failed to write {}", path.display()))?;
    let log = fmt().with_env_filter(filter).with_writer(std::sync::Mutex::new(file)).with_ansi(false);
    let _ = log.try_init();
    Ok(())
}
