//! The composition root: the one place that knows every room and holds every key.

mod agency;
mod errand;
mod housekeeping;
mod leadership;
mod live;
mod probes;
mod rooms;
mod staff;
mod survey;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Redactor;
use miette::{Context, IntoDiagnostic, miette};
use orchestrator::{Clock, Orchestrator, Progress, Settings};
use secrecy::{ExposeSecret, SecretString};
use server::{Auth, Doors, Limits, Reloads};
use store::{Lock, SqliteJournal};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tool_github::{GitHub, GitHubSettings};
use tool_kubernetes::{ClusterSettings, Connection, LogSpool, Namespaces, SpoolSettings};
use tool_prometheus::Prometheus;
use tool_repo::{BareClones, CloneSettings, OriginTokens};

use crate::config::{Access, Config, Watch};
pub(crate) use errand::{Errand, Unhirable};
pub(crate) use leadership::Leadership;
use live::Live;
pub(crate) use probes::Probes;
use rooms::Rooms;
use staff::{Hired, Staff};
pub(crate) use survey::{Survey, survey};

/// The running daemon.
pub(crate) struct Daemon {
    address: SocketAddr,
    orchestrator: Orchestrator,
    spool: Arc<LogSpool>,
    journal: Arc<SqliteJournal>,
    server: JoinHandle<()>,
    server_ended: watch::Receiver<bool>,
    live: Live,
    housekeeping: JoinHandle<()>,
    _lock: Lock,
}

/// The secrets of the configuration, read once.
struct Keys {
    auth: Auth,
    github: Option<SecretString>,
}

impl Daemon {
    /// Takes the journal, connects the rooms, and listens. Nothing outside has to be up yet.
    pub(crate) async fn start(
        config: &Config,
        connection: &Connection,
        cancel: CancellationToken,
    ) -> miette::Result<Self> {
        let keys = Keys::read(config)?;
        let lock = lock(config)?;
        let rooms = Rooms::open(config, &keys, connection).await?;
        let agency = rooms.agency(&keys);
        let staff = Arc::new(Staff::of(config, Box::new(move |config| agency.hire(config)))?);
        let ports = rooms.ports(staff.clone());
        let settings = Settings { redactor: redactor(&keys, &staff.now()), ..decided(config) };
        let orchestrator = Orchestrator::start(ports, settings, Clock::system(), cancel.clone());
        let housekeeping = housekeeping::start(config, &rooms, cancel.clone());
        let listener = listen(config).await?;
        let address = listener.local_addr().into_diagnostic()?;
        let reloads = Reloads::default();
        let live = Live::new(config, orchestrator.settings(), staff, keys.values(), reloads.clone());
        let doors = Doors {
            gate: orchestrator.gate(),
            insight: orchestrator.insight(),
            auth: keys.auth,
            limits: Limits::default(),
            reloads,
        };
        let (ended, server_ended) = watch::channel(false);
        let server = tokio::spawn(async move {
            if let Err(error) = server::serve(listener, doors, cancel).await {
                tracing::error!(%error, "failed to serve HTTP");
            }
            // Nobody may be listening any more; then nobody has to know.
            let _ = ended.send(true);
        });
        let Rooms { journal, spool, .. } = rooms;
        Ok(Self {
            address,
            orchestrator,
            spool,
            journal,
            server,
            server_ended,
            live,
            housekeeping,
            _lock: lock,
        })
    }

    /// Where the doors are.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Each step of every incident from now on.
    pub(crate) fn progress(&self) -> broadcast::Receiver<Progress> {
        self.orchestrator.subscribe()
    }

    /// Becomes true when what the cluster shows has been taken in.
    pub(crate) fn readiness(&self) -> watch::Receiver<bool> {
        self.orchestrator.readiness()
    }

    /// The journal, to read.
    pub(crate) fn journal(&self) -> &SqliteJournal {
        &self.journal
    }

    /// Resolves when the HTTP server has ended.
    pub(crate) async fn failed(&self) {
        let mut ended = self.server_ended.clone();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Takes what may change while it runs from each changed file, for as long as this is polled.
    pub(crate) async fn follow(&self, watch: &mut Watch) -> Infallible {
        self.live.follow(watch).await
    }

    /// Waits for the end after the order to stop.
    pub(crate) async fn stop(self) {
        self.orchestrator.join().await;
        self.spool.stop().await;
        if self.server.await.is_err() {
            tracing::error!("the HTTP server panicked");
        }
        if self.housekeeping.await.is_err() {
            tracing::error!("the housekeeping panicked");
        }
        self.journal.close().await;
    }
}

impl Keys {
    fn read(config: &Config) -> miette::Result<Self> {
        let auth = match &config.daemon.access {
            Access::Open => Auth::Open,
            Access::Tokens { token, gate } => Auth::Tokens {
                token: token.reveal("[daemon] auth.token")?,
                gate: gate.as_ref().map(|gate| gate.reveal("[daemon] auth.gate_token")).transpose()?,
            },
        };
        let github =
            config.github.as_ref().map(|github| github.token.reveal("[github] token")).transpose()?;
        Ok(Self { auth, github })
    }

    /// Those that can be read, and which of the others is missed, in sentences: whoever asks once may not have the daemon's. The doors'
    /// tokens serve only to be taken out of what is read.
    fn readable(config: &Config) -> (Self, Vec<String>) {
        let auth = match &config.daemon.access {
            Access::Open => Auth::Open,
            Access::Tokens { token, gate } => match token.reveal("[daemon] auth.token") {
                Ok(token) => {
                    let gate = gate.as_ref().and_then(|gate| gate.reveal("[daemon] auth.gate_token").ok());
                    Auth::Tokens { token, gate }
                }
                Err(_) => Auth::Open,
            },
        };
        let mut notes = Vec::new();
        let github = config.github.as_ref().and_then(|github| match github.token.reveal("[github] token") {
            Ok(token) => Some(token),
            Err(error) => {
                notes.push(format!("{error}; repositories are read without a token"));
                None
            }
        });
        (Self { auth, github }, notes)
    }

    /// Every secret by value, for the redactor.
    fn values(&self) -> Vec<String> {
        let auth = match &self.auth {
            Auth::Open => vec![],
            Auth::Tokens { token, gate } => vec![Some(token), gate.as_ref()],
        };
        let all = auth.into_iter().flatten().chain(&self.github);
        all.map(|secret| secret.expose_secret().to_owned()).collect()
    }
}

async fn listen(config: &Config) -> miette::Result<TcpListener> {
    TcpListener::bind(config.daemon.listen)
        .await
        .into_diagnostic()
        .wrap_err_with(|| format!("failed to listen on {}: is another process there?", config.daemon.listen))
}

fn lock(config: &Config) -> miette::Result<Lock> {
    let journal = &config.daemon.journal;
    if let Some(folder) = journal.parent() {
        std::fs::create_dir_all(folder)
            .into_diagnostic()
            .wrap_err_with(|| format!("failed to make the folder {}", folder.display()))?;
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let holder = format!("process {} on {}", std::process::id(), host.trim());
    Lock::take(journal, &holder).map_err(|error| miette!("failed to {error}"))
}

fn cluster_settings(config: &Config) -> ClusterSettings {
    ClusterSettings {
        namespaces: config.cluster.namespaces.clone().map_or(Namespaces::All, Namespaces::Listed),
        name: config.cluster.name.clone(),
        ..ClusterSettings::default()
    }
}

fn spool_settings(config: &Config, keys: &Keys) -> SpoolSettings {
    let spool = &config.daemon.spool;
    SpoolSettings {
        per_container: spool.per_container,
        total: spool.total,
        streams: spool.streams,
        redactor: Redactor::new(keys.values().into_iter().chain(model_keys(config))),
        ..SpoolSettings::in_dir(&spool.folder)
    }
}

/// The keys of the file's models, which a pod may say like any other secret. One that cannot be read is told of by whoever needs it.
fn model_keys(config: &Config) -> Vec<String> {
    let keys = config.models.iter().filter_map(|(name, model)| {
        let key = model.api_key.as_ref()?.reveal(&format!("[models.{name}] api_key")).ok()?;
        Some(key.expose_secret().to_owned())
    });
    keys.collect()
}

/// What the file alone decides.
fn decided(config: &Config) -> Settings {
    Settings {
        mode: config.daemon.mode,
        annotate: config.cluster.annotate,
        ignore_older_than: config.daemon.ignore_older_than,
        gate: config.gate.clone(),
        allowed: config.repositories.clone(),
        min_confidence: config.min_confidence,
        limits: limits(config),
        ..Settings::default()
    }
}

/// A fixer with a model takes its own time, beside the fetch and the revert that are bounded already.
fn limits(config: &Config) -> orchestrator::Limits {
    let limits = orchestrator::Limits::default();
    let patch = limits.patch + config.fixer.as_ref().map_or(Duration::ZERO, |fixer| fixer.timeout);
    orchestrator::Limits { patch, ..limits }
}

/// Knows every secret of the process by value.
fn redactor(keys: &Keys, hired: &Hired) -> Redactor {
    Redactor::new(keys.values().into_iter().chain(hired.secrets.clone()))
}

fn prometheus(config: &Config) -> miette::Result<Option<Arc<Prometheus>>> {
    let Some(url) = &config.cluster.prometheus else { return Ok(None) };
    let prometheus = Prometheus::new(url).map_err(|error| miette!("failed to {error}"))?;
    Ok(Some(Arc::new(prometheus)))
}

fn clones(config: &Config, keys: &Keys) -> BareClones {
    BareClones::new(clone_settings(config, &config.daemon.clones), Arc::new(tokens(config, keys)))
}

fn clone_settings(config: &Config, folder: &Path) -> CloneSettings {
    CloneSettings {
        quota: config.daemon.keep.clones,
        authorities: config.github.as_ref().and_then(|github| github.ca.clone()),
        ..CloneSettings::in_directory(folder)
    }
}

/// A token reaches the origin of the configured GitHub alone.
fn tokens(config: &Config, keys: &Keys) -> OriginTokens {
    match (&config.github, &keys.github) {
        (Some(github), Some(token)) => OriginTokens::one(github.web_origin(), token.clone()),
        _ => OriginTokens::default(),
    }
}

fn forge(config: &Config, keys: &Keys) -> miette::Result<Option<GitHub>> {
    let (Some(github), Some(token)) = (&config.github, &keys.github) else { return Ok(None) };
    let mut settings = GitHubSettings::at(github.api.as_str(), token.clone())
        .map_err(|error| miette!("failed to {error}"))?;
    settings.authorities.clone_from(&github.ca);
    let forge = GitHub::new(&settings).map_err(|failure| miette!("{}", failure.sentence()))?;
    Ok(Some(forge))
}
