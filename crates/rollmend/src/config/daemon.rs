//! `[daemon]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Mode;

use super::key::{Key, at_start, live};
use super::secret::Secret;
use super::section::{At, Section};

const LISTEN: Key = at_start(
    "listen",
    "Where the metric plugin and other callers reach the daemon. Anything but loopback needs `auth`.",
);
const MODE: Key = live(
    "mode",
    "How far it goes. `observe` writes nothing outside, `explain` writes Events on the Rollout and never pushes, `propose` opens pull requests. A lower mode holds for open incidents, too.",
);
const DATA: Key = at_start("data", "The folder for what is kept; the paths of this table lie in it.")
    .or("the working directory");
const CLONES: Key = at_start("clones", "The folder of the bare clones.");
const IGNORE_OLDER_THAN: Key = live(
    "ignore_older_than",
    "A Rollout that failed longer ago than this before the start is counted, not explained.",
);
const AUTH: Key = at_start(
    "auth",
    "Who may use the doors: `\"none\"` says that the network guards the port, a table names tokens. `/healthz`, `/readyz` and `/metrics` are open to all.",
)
.or("open on loopback");
const TOKEN: Key =
    at_start("token", "Opens every door, as `Authorization: Bearer …`.").or("needed in the table");
const GATE_TOKEN: Key = at_start(
    "gate_token",
    "For the metric plugin, which can send no header: `agentUrl: http://rollmend:8080/t/<gate token>`. It opens `/`, `/a2a/analyze` and `/a2a/health` alone, because whoever may read AnalysisTemplates sees it.",
)
.or("no such door");

/// Where the daemon listens, what it keeps and how far it goes.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    /// `listen`; `127.0.0.1:8080` when absent.
    pub(crate) listen: SocketAddr,
    /// `mode`; explain when absent.
    pub(crate) mode: Mode,
    /// `engine = { embedded = "…" }`: the journal.
    pub(crate) journal: PathBuf,
    /// `case_files = "file:…"`.
    pub(crate) cases: PathBuf,
    /// `clones`: the bare clones.
    pub(crate) clones: PathBuf,
    /// `ignore_older_than`; 1 h when absent.
    pub(crate) ignore_older_than: Duration,
    /// `auth`.
    pub(crate) access: Access,
    /// `spool`.
    pub(crate) spool: Spool,
    /// `keep`.
    pub(crate) keep: Keep,
}

/// Who may use the doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// `"none"`, or absent on loopback.
    Open,
    /// Tokens.
    Tokens {
        /// Opens every door.
        token: Secret,
        /// Opens the plugin's doors, as a path.
        gate: Option<Secret>,
    },
}

/// Limits of the spooled logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spool {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Bytes for a container.
    pub(crate) per_container: u64,
    /// Bytes in all.
    pub(crate) total: u64,
    /// Streams in all.
    pub(crate) streams: usize,
}

/// What is kept, the oldest finished first to go; never an open incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep {
    /// `incidents`: how long an incident stays in the journal after its end; 90 d when absent.
    pub(crate) incidents: Duration,
    /// `case_files`: bytes of case files; 5 GiB when absent.
    pub(crate) cases: u64,
    /// `clones`: bytes of clones; 5 GiB when absent.
    pub(crate) clones: u64,
}

pub(super) fn read(section: Section<'_>) -> Daemon {
    let listen = section.parsed_or(LISTEN, "address and port", SocketAddr::from(([127, 0, 0, 1], 8080)));
    let modes = [("observe", Mode::Observe), ("explain", Mode::Explain), ("propose", Mode::Propose)];
    let mode = section.one_of(MODE, &modes, Mode::default());
    let data = section.text(DATA).map_or_else(|| PathBuf::from("."), |data| data.value.into());
    let daemon = Daemon {
        listen: listen.value,
        mode,
        journal: data.join(journal(section.section("engine"))),
        cases: data.join(cases(&section)),
        clones: data.join(section.text_or(CLONES, "clones")),
        ignore_older_than: section.duration(IGNORE_OLDER_THAN, Duration::from_secs(3600)).value,
        access: access(&section, &listen),
        spool: spool(&data, section.section("spool")),
        keep: keep(section.section("keep")),
    };
    section.finish();
    daemon
}

fn journal(engine: Section<'_>) -> String {
    let key = at_start("embedded", "The file of the journal.");
    let embedded = engine.text_or(key, "rollmend.db");
    engine.finish();
    embedded
}

fn cases(section: &Section<'_>) -> String {
    let key = at_start("case_files", "The folder of the case files.").or("`\"file:cases\"`");
    let Some(At { value, span }) = section.text_of(key, "`file:` and a folder") else {
        return "cases".to_owned();
    };
    match value.strip_prefix("file:") {
        Some(path) if !path.is_empty() => path.to_owned(),
        _ => {
            let what = format!("[daemon] case_files is {value:?}");
            section.problem(span, what, "write \"file:\" and a folder, such as \"file:cases\"");
            String::new()
        }
    }
}

/// A bind to anything but loopback with no auth is refused unless the file says so.
fn access(section: &Section<'_>, listen: &At<SocketAddr>) -> Access {
    if let Some(text) = section.text_if_text(AUTH, "`\"none\"` or a table") {
        if text.value != "none" {
            let what = format!("[daemon] auth is {:?}", text.value);
            section.problem(text.span, what, "write \"none\", or auth = { token = { file = \"/path\" } }");
        }
        return Access::Open;
    }
    let auth = section.section("auth");
    if !auth.is_present() {
        if !listen.value.ip().is_loopback() {
            let what =
                format!("[daemon] listen is {}, which others reach, and there is no auth", listen.value);
            let advice = "add auth = { token = { file = \"/path\" } }, or say auth = \"none\" if the network guards the port";
            section.problem(listen.span.clone(), what, advice);
        }
        return Access::Open;
    }
    let token = Secret::read(&auth, TOKEN);
    let gate = Secret::read(&auth, GATE_TOKEN);
    if token.is_none() {
        let what = "[daemon] auth has no token";
        let advice = "add token = { file = \"/path\" }; gate_token alone opens too little";
        auth.problem(auth.span(), what, advice);
    }
    auth.finish();
    token.map_or(Access::Open, |token| Access::Tokens { token, gate })
}

fn spool(data: &Path, section: Section<'_>) -> Spool {
    let folder = section.text_or(at_start("dir", "The folder of the followed logs."), "spool");
    let key = at_start("per_container", "How much of a container's log is kept, its head and its tail.");
    let per_container = section.size(key, 16 << 20);
    if per_container.value < 64 << 10 {
        let what = "[daemon.spool] per_container is below 64 KiB";
        section.problem(per_container.span.clone(), what, "write at least \"64KiB\": less holds no evidence");
    }
    let total = section.size(at_start("total", "How much is kept in all."), 1 << 30);
    if total.value < per_container.value {
        let what = "[daemon.spool] total is below per_container";
        section.problem(total.span, what, "write a total that holds several containers");
    }
    let streams = section.integer(at_start("streams", "How many logs are followed at once."), 1..1025, 64);
    section.finish();
    Spool {
        folder: data.join(folder),
        per_container: per_container.value,
        total: total.value,
        streams: usize::try_from(streams).unwrap_or(64),
    }
}

fn keep(section: Section<'_>) -> Keep {
    let incidents =
        at_start("incidents", "How long an incident is kept after its end. An open one is never removed.");
    let cases = at_start(
        "case_files",
        "How much room case files take; those of the oldest finished incidents go first.",
    );
    let clones = at_start("clones", "How much room clones take; the oldest unused go first.");
    let keep = Keep {
        incidents: section.duration(incidents, Duration::from_secs(90 * 86_400)).value,
        cases: section.size(cases, 5 << 30).value,
        clones: section.size(clones, 5 << 30).value,
    };
    section.finish();
    keep
}
