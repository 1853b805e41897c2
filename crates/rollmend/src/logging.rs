//! The daemon's log, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::cli::LogFormat;

/// What is logged where `RUST_LOG` says nothing: what the daemon does, and others' warnings.
const DEFAULT: &str = "warn,rollmend=info,rollmend_orchestrator=info,rollmend_server=info,rollmend_store=info,\
                       rollmend_tool_kubernetes=info,rollmend_tool_repo=info,rollmend_tool_github=info";

/// Starts logging; a second call changes nothing.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
