//! `[daemon]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Mode;

use super::secret::Secret;
use super::section::{At, Section};

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
    /// `keep.clones`; 5 GiB when absent.
    pub(crate) keep_clones: u64,
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

pub(super) fn read(section: Section<'_>) -> Daemon {
    let data = section.text("data").map_or_else(|| PathBuf::from("."), |data| data.value.into());
    let listen = section.parsed::<SocketAddr>("listen");
    let access = access(&section, listen.as_ref());
    let modes = [("observe", Mode::Observe), ("explain", Mode::Explain), ("propose", Mode::Propose)];
    let daemon = Daemon {
        listen: listen.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)), |listen| listen.value),
        mode: section.one_of("mode", &modes).unwrap_or_default(),
        journal: data.join(journal(section.section("engine"))),
        cases: data.join(cases(&section)),
        clones: data.join(section.text("clones").map_or_else(|| "clones".to_owned(), |clones| clones.value)),
        ignore_older_than: section
            .duration("ignore_older_than")
            .map_or(Duration::from_secs(3600), |at| at.value),
        access,
        spool: spool(&data, section.section("spool")),
        keep_clones: keep(section.section("keep")),
    };
    section.finish();
    daemon
}

fn journal(engine: Section<'_>) -> String {
    let embedded = engine.text("embedded").map(|path| path.value);
    engine.finish();
    embedded.unwrap_or_else(|| "rollmend.db".to_owned())
}

fn cases(section: &Section<'_>) -> String {
    let Some(At { value, span }) = section.text("case_files") else { return "cases".to_owned() };
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
fn access(section: &Section<'_>, listen: Option<&At<SocketAddr>>) -> Access {
    if let Some(text) = section.text_if_text("auth") {
        if text.value != "none" {
            let what = format!("[daemon] auth is {:?}", text.value);
            section.problem(text.span, what, "write \"none\", or auth = { token = { file = \"/path\" } }");
        }
        return Access::Open;
    }
    let auth = section.section("auth");
    if !auth.is_present() {
        if let Some(listen) = listen.filter(|listen| !listen.value.ip().is_loopback()) {
            let what =
                format!("[daemon] listen is {}, which others reach, and there is no auth", listen.value);
            let advice = "add auth = { token = { file = \"/path\" } }, or say auth = \"none\" if the network guards the port";
            section.problem(listen.span.clone(), what, advice);
        }
        return Access::Open;
    }
    let token = Secret::read(auth.section("token"));
    let gate = Secret::read(auth.section("gate_token"));
    if token.is_none() {
        let what = "[daemon] auth has no token";
        auth.problem(
            auth.span(),
            what,
            "add token = { file = \"/path\" }; gate_token alone opens too little",
        );
    }
    auth.finish();
    token.map_or(Access::Open, |token| Access::Tokens { token, gate })
}

fn spool(data: &Path, section: Section<'_>) -> Spool {
    let folder = section.text("dir").map_or_else(|| "spool".to_owned(), |dir| dir.value);
    let per_container = section.size("per_container");
    let total = section.size("total");
    if let Some(size) = per_container.as_ref().filter(|size| size.value < 64 << 10) {
        let what = "[daemon.spool] per_container is below 64 KiB";
        section.problem(size.span.clone(), what, "write at least \"64KiB\": less holds no evidence");
    }
    let per_container = per_container.map_or(16 << 20, |size| size.value);
    if let Some(size) = total.as_ref().filter(|size| size.value < per_container) {
        let what = "[daemon.spool] total is below per_container";
        section.problem(size.span.clone(), what, "write a total that holds several containers");
    }
    let streams = section.integer("streams", 1..1025).and_then(|number| usize::try_from(number).ok());
    section.finish();
    Spool {
        folder: data.join(folder),
        per_container,
        total: total.map_or(1 << 30, |size| size.value),
        streams: streams.unwrap_or(64),
    }
}

fn keep(section: Section<'_>) -> u64 {
    let clones = section.size("clones").map_or(5 << 30, |size| size.value);
    section.finish();
    clones
}
