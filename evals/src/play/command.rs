//! Runs a command within bounds.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Bytes that are read of one stream at most.
pub(super) const LARGEST: u64 = 64 << 20;
/// The longest that a command which reads may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a command may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(30);

/// What a command printed.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) succeeded: bool,
    pub(super) output: Vec<u8>,
    pub(super) errors: String,
}

/// A command of the binary with nothing from the terminal.
pub(super) fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("RUST_LOG").env_remove("ROLLMEND_CONFIG").kill_on_drop(true);
    command
}

/// Runs it to its end.
pub(super) async fn run(command: &mut Command) -> anyhow::Result<Printed> {
    let mut child = start(command)?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(LIMIT, async {
        let (output, errors) = tokio::try_join!(all(output), all(errors))?;
        anyhow::Ok((output, errors, child.wait().await?))
    });
    let Ok(ended) = ended.await else { bail!("{command:?} took longer than {} s", LIMIT.as_secs()) };
    let (output, errors, status) = ended?;
    Ok(Printed { succeeded: status.success(), output, errors: String::from_utf8_lossy(&errors).into_owned() })
}

pub(super) fn start(command: &mut Command) -> anyhow::Result<Child> {
    let program = command.as_std().get_program().display().to_string();
    command.spawn().with_context(|| format!("failed to start {program}"))
}

/// Asks a command to end, as Ctrl-C does, and waits until it has; one that does not is killed.
pub(super) async fn end(child: &mut Child) -> anyhow::Result<()> {
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(id) = id {
        // One that has ended meanwhile needs no signal.
        let _ = kill_process(id, Signal::TERM);
    }
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

/// All of a stream, which must be bounded.
pub(super) async fn all(stream: Option<impl AsyncRead + Unpin>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(LARGEST).read_to_end(&mut bytes).await?;
    }
    ensure!((bytes.len() as u64) < LARGEST, "it printed more than {LARGEST} bytes");
    Ok(bytes)
}
