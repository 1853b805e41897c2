//! Standard output and error: colour only on a terminal, one way to end.

use std::io::{self, Write};
use std::process::ExitCode;

use miette::{IntoDiagnostic, Report};

/// How a command ended when nothing went wrong in running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done: exit code 0.
    Done,
    /// Done, and what it looked at is not as it should be: exit code 1.
    Problems,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::Problems => Self::FAILURE,
        }
    }
}

/// Writes a failure to standard error; exit code 1.
pub(crate) fn failed(report: &Report) -> ExitCode {
    // Where even this cannot be written, the exit code is all that is left.
    let _ = writeln!(io::stderr(), "{report:?}");
    ExitCode::FAILURE
}

/// Writes lines to standard output.
pub(crate) fn print(lines: impl IntoIterator<Item = impl AsRef<str>>) -> miette::Result<()> {
    let mut out = anstream::stdout().lock();
    for line in lines {
        writeln!(out, "{}", line.as_ref()).into_diagnostic()?;
    }
    out.flush().into_diagnostic()
}

/// Writes bytes to standard output as they are.
pub(crate) fn print_raw(bytes: &[u8]) -> miette::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).into_diagnostic()
}

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) -> miette::Result<()> {
    let text = serde_json::to_string_pretty(value).into_diagnostic()?;
    print([text])
}

/// Whether whoever read standard output has seen enough (`rollmend show … | head`).
pub(crate) fn is_closed_pipe(report: &Report) -> bool {
    report.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
