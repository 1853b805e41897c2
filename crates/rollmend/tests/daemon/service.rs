//! The daemon as a process: its log, its end, and the commands that read what it keeps.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long anything may take before a test gives up.
pub(crate) const LIMIT: Duration = Duration::from_secs(45);
/// The time between two looks where nothing tells of a change.
const LOOK: Duration = Duration::from_millis(100);

/// Where the daemon's files are, and what it is given.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// The folder of everything; `data` in it is the daemon's own.
    pub(crate) folder: PathBuf,
    /// What `GITHUB_TOKEN` holds.
    pub(crate) token: String,
}

/// A running daemon; dropped, it is killed.
pub(crate) struct Service {
    child: Child,
    log: Arc<Log>,
    reading: JoinHandle<()>,
}

/// What it wrote to standard error.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: watch::Sender<usize>,
}

impl Files {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollmend"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("GITHUB_TOKEN", &self.token)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The daemon's own folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts the daemon; it may refuse to go on.
    pub(crate) fn spawn(&self) -> Service {
        self.spawn_as(&[])
    }

    /// Starts it through another command, such as `sh -c … --`.
    pub(crate) fn spawn_as(&self, wrapper: &[&str]) -> Service {
        let serve = ["serve", "--kubeconfig", "kubeconfig", "--log-format", "json"];
        let mut command = match wrapper {
            [] => self.command(&serve),
            [program, rest @ ..] => {
                let mut command = Command::new(program);
                command.args(rest).arg(env!("CARGO_BIN_EXE_rollmend")).args(serve);
                command.current_dir(&self.folder).env("GITHUB_TOKEN", &self.token).kill_on_drop(true);
                command
            }
        };
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Log::default());
        let reading = tokio::spawn(Arc::clone(&log).read(child.stderr.take().unwrap()));
        Service { child, log, reading }
    }

    /// Runs a command to its end: its exit code, standard output and standard error.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = tokio::time::timeout(LIMIT, self.command(arguments).output()).await.unwrap().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// `rollmend incidents --json`; empty where there is no journal yet.
    pub(crate) async fn incidents(&self) -> Vec<Value> {
        let (code, out, _) = self.run(&["incidents", "--json"]).await;
        if code == Some(0) { serde_json::from_str(&out).unwrap() } else { Vec::new() }
    }

    /// `rollmend show --json` of an incident.
    pub(crate) async fn show(&self, incident: &str) -> Value {
        let (code, out, err) = self.run(&["show", "--json", incident]).await;
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str(&out).unwrap()
    }

    /// Waits until the one incident stands in that state, and gives its row.
    pub(crate) async fn incident(&self, state: &str) -> Value {
        self.incident_where(state, |row| row["state"] == state).await
    }

    /// Waits until the incident of that canary stands in that state, and gives its row.
    pub(crate) async fn incident_of(&self, canary: &str, state: &str) -> Value {
        let mut looks = tokio::time::interval(LOOK);
        let until = tokio::time::Instant::now() + LIMIT;
        loop {
            looks.tick().await;
            let rows = self.incidents().await;
            let found = rows.iter().find(|row| row["canary"] == canary && row["state"] == state);
            if let Some(row) = found {
                return row.clone();
            }
            assert!(
                tokio::time::Instant::now() < until,
                "no incident of {canary} that is {state}: {rows:#?}"
            );
        }
    }

    /// Waits until there is one incident for which `pred` holds; `what` names it when there is none.
    pub(crate) async fn incident_where(&self, what: &str, pred: impl Fn(&Value) -> bool) -> Value {
        let mut looks = tokio::time::interval(LOOK);
        let until = tokio::time::Instant::now() + LIMIT;
        loop {
            looks.tick().await;
            let rows = self.incidents().await;
            if let [row] = rows.as_slice()
                && pred(row)
            {
                return row.clone();
            }
            assert!(tokio::time::Instant::now() < until, "no incident that is {what}: {rows:#?}");
        }
    }
}

impl Service {
    /// Waits until it listens, and gives the address of its door.
    pub(crate) async fn address(&self) -> SocketAddr {
        let line = self.said("listening", |line| line.contains("\"message\":\"listening\"")).await;
        let line: Value = serde_json::from_str(&line).unwrap();
        line["address"].as_str().unwrap().parse().unwrap()
    }

    /// Waits for a line of the log, `what` in a few words.
    pub(crate) async fn said(&self, what: &str, pred: impl Fn(&str) -> bool) -> String {
        let mut grown = self.log.grown.subscribe();
        let found = async {
            loop {
                grown.borrow_and_update();
                if let Some(line) = self.lines().into_iter().find(|line| pred(line)) {
                    return line;
                }
                grown.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(LIMIT, found).await;
        found.unwrap_or_else(|_| panic!("the log does not say {what}:\n{}", self.lines().join("\n")))
    }

    /// Waits until a step with these words in it was written, such as `the run has ended`.
    pub(crate) async fn stepped(&self, words: &str) -> String {
        self.said(words, |line| line.contains("\"message\":\"step\"") && line.contains(words)).await
    }

    /// Every line of the log so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log.lines.lock().unwrap().clone()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// SIGKILL, and the end of it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM: waits for the end and gives how it ended and what it wrote.
    pub(crate) async fn terminate(self) -> (ExitStatus, Vec<String>) {
        let order = format!("kill -TERM {}", self.pid());
        assert!(Command::new("sh").args(["-c", &order]).status().await.unwrap().success());
        self.end().await
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn end(mut self) -> (ExitStatus, Vec<String>) {
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("it did not end")).unwrap();
        // What it wrote last is in the pipe.
        (&mut self.reading).await.unwrap();
        (status, self.lines())
    }
}

/// A test that fails shows what the daemon said.
impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the daemon's log:\n{}", self.lines().join("\n"));
        }
    }
}

impl Log {
    async fn read(self: Arc<Self>, stderr: ChildStderr) {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.lines.lock().unwrap().push(line);
            self.grown.send_modify(|count| *count += 1);
        }
    }
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}
