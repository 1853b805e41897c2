//! Follows what a demo tells, and asks at its daemon's gate while it goes on.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::command::{self, Printed};
use super::gate;
use crate::remains::GateAnswer;

/// What was told and asked while it went on.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) gate: Option<GateAnswer>,
}

/// A line of `rollmend demo --json`, where it matters here.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Happening {
    DaemonStarted {
        address: SocketAddr,
    },
    TroubleSeen {},
    GateAnswered {
        status: u16,
        promote: bool,
    },
    #[serde(other)]
    Another,
}

/// The gate as the story goes on.
#[derive(Debug, Default)]
struct Asking {
    daemon: Option<SocketAddr>,
    asked: Option<JoinHandle<Option<GateAnswer>>>,
    told: Option<GateAnswer>,
}

/// Plays it to its end, or to the limit.
pub(super) async fn follow(mut command: Command, limit: Duration) -> anyhow::Result<(Told, Printed)> {
    let mut child = command::start(&mut command)?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let errors = tokio::spawn(async move { command::all(errors).await });
    let mut asking = Asking::default();
    let listened = tokio::time::timeout(limit, async {
        if let Some(output) = output {
            asking.listen(output).await?;
        }
        anyhow::Ok(child.wait().await?.success())
    });
    let succeeded = listened.await;
    command::end(&mut child).await?;
    let mut errors = String::from_utf8_lossy(&errors.await??).into_owned();
    let succeeded = match succeeded {
        Ok(succeeded) => succeeded?,
        Err(_) => {
            errors = format!("it took longer than {} s. {errors}", limit.as_secs());
            false
        }
    };
    let gate = asking.answer().await;
    Ok((Told { gate }, Printed { succeeded, output: Vec::new(), errors }))
}

impl Asking {
    async fn listen(&mut self, output: impl AsyncRead + Unpin) -> anyhow::Result<()> {
        let mut lines = BufReader::new(output.take(command::LARGEST)).lines();
        while let Some(line) = lines.next_line().await? {
            self.hear(&serde_json::from_str(&line)?);
        }
        Ok(())
    }

    fn hear(&mut self, happening: &Happening) {
        match *happening {
            Happening::DaemonStarted { address } => self.daemon = Some(address),
            Happening::GateAnswered { status, promote } => {
                self.told = Some(GateAnswer { status, promote: Some(promote) });
            }
            Happening::TroubleSeen {} => {
                if let (Some(daemon), None) = (self.daemon, &self.asked) {
                    self.asked = Some(tokio::spawn(gate::ask(daemon)));
                }
            }
            Happening::Another => {}
        }
    }

    /// What the demo itself was answered, where it asked; else what was answered here.
    async fn answer(self) -> Option<GateAnswer> {
        match (self.told, self.asked) {
            (Some(told), _) => Some(told),
            (None, Some(asked)) => asked.await.ok().flatten(),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_heard_and_the_rest_is_passed_over() {
        let heard = |line: &str| serde_json::from_str::<Happening>(line).unwrap();
        assert_eq!(
            heard(r#"{"at":"x","what":"daemon-started","address":"127.0.0.1:80","model":null}"#),
            Happening::DaemonStarted { address: "127.0.0.1:80".parse().unwrap() }
        );
        assert_eq!(
            heard(r#"{"what":"trouble-seen","incident":"a","troubles":["b"]}"#),
            Happening::TroubleSeen {}
        );
        assert_eq!(
            heard(r#"{"what":"gate-answered","status":200,"promote":true,"confidence":60,"analysis":""}"#),
            Happening::GateAnswered { status: 200, promote: true }
        );
        assert_eq!(heard(r#"{"what":"measured","value":"[1]"}"#), Happening::Another);
    }

    #[tokio::test]
    async fn what_the_demo_was_answered_counts() {
        let mut asking = Asking::default();
        asking.hear(&Happening::TroubleSeen {});
        asking.hear(&Happening::GateAnswered { status: 200, promote: true });
        assert_eq!(asking.answer().await, Some(GateAnswer { status: 200, promote: Some(true) }));
        assert_eq!(Asking::default().answer().await, None);
    }
}
