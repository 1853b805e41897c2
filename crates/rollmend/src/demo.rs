//! `rollmend demo`: the whole story on this machine, with no key and no cluster.
//!
//! A small shop runs as real processes, stable and canary, under real requests; its code is in a real git repository. Around them
//! are the doubles of [`testbed`], and between them the daemon, put together as `serve` puts it together and reached over
//! sockets alone. What is told is what the cluster, the daemon's journal and the repository show.
//!
//! Refuses to know: any rule of the domain, and any way into the daemon that a user does not have, but for reading its
//! journal and its case files.

mod configuration;
mod folder;
mod gate;
mod happening;
mod object;
mod options;
mod processes;
mod repository;
mod stage;
mod story;
mod teller;

use std::time::Duration;

use miette::{Context, IntoDiagnostic, miette};
use store::CaseFolder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tool_kubernetes::Connection;

use self::folder::Folder;
use self::happening::{Happening, Left};
pub(crate) use self::options::{DemoOptions, ShopOptions};
use self::options::{GivenModel, Scenario};
pub(crate) use self::processes::keep_shop;
use self::stage::Stage;
use self::story::{Cast, Minds, Told};
use self::teller::Teller;
use crate::compose::Daemon;
use crate::config::Config;
use crate::console::Ending;
use crate::logging;

/// What is to be played.
struct Script {
    scenario: Scenario,
    model: Option<GivenModel>,
}

/// How long the first release may take until it serves, on a machine that is busy with much else.
const OPENING: Duration = Duration::from_secs(120);

/// What was started so far, to be ended in any case.
#[derive(Default)]
struct Started {
    stage: Option<Stage>,
    daemon: Option<Daemon>,
    cancel: CancellationToken,
}

/// Plays the demo; whatever way it ends, nothing of it is left running.
pub(crate) async fn run(options: &DemoOptions) -> miette::Result<Ending> {
    let folder = Folder::make(options.keep.as_deref())?;
    logging::start_in(&folder.log())?;
    let teller = if options.json { Teller::in_json() } else { Teller::in_words() };
    let script = Script { scenario: options.scenario, model: options.model.given() };
    let mut started = Started::default();
    let played = tokio::select! {
        played = play(&folder, &teller, &script, &mut started) => played,
        interrupted = interrupted() => interrupted.and_then(|()| Err(miette!("the demo was interrupted"))),
    };
    teller.wait_for("everything to end");
    let bare = started.stage.as_ref().map(Stage::bare_repository);
    let got_going = started.daemon.is_some();
    started.end().await;
    if !got_going && options.keep.is_none() {
        folder.remove();
    }
    let told = match played {
        Ok(told) => told,
        Err(report) if got_going => {
            return Err(
                report.wrap_err(format!("the demo did not come to its end; see {}", folder.root().display()))
            );
        }
        Err(report) => return Err(report),
    };
    if let Some(Ok(bare)) = bare {
        repository::check_out(&bare, &folder.checkout())
            .map_err(|error| miette!("failed to check the shop's code out: {error}"))?;
    }
    teller.tell(&Happening::Left(left(&folder, told)?))?;
    Ok(Ending::Done)
}

async fn play(
    folder: &Folder,
    teller: &Teller,
    script: &Script,
    started: &mut Started,
) -> miette::Result<Told> {
    let Script { scenario, model } = script;
    teller.say(&preface(*scenario, model.as_ref()))?;
    teller.wait_for("the stage");
    let stage = started.stage.insert(Stage::set_up(folder, *scenario).await?);
    teller.tell(&stage.as_set())?;
    teller.wait_for("the shop to open");
    let opened = tokio::time::timeout(OPENING, stage.open_shop()).await;
    opened.map_err(|_| miette!("waited {} s for the shop to serve on every pod", OPENING.as_secs()))??;
    teller.tell(&stage.as_open())?;
    let path = folder.write("agents.toml", &configuration::text(folder, stage, model.as_ref()))?;
    let config = Config::read(&path)?;
    let connection = Connection::Kubeconfig { path: folder.root().join(stage::KUBECONFIG), context: None };
    let daemon = started.daemon.insert(Daemon::start(&config, &connection, started.cancel.clone()).await?);
    let mut ready = daemon.readiness();
    ready.wait_for(|ready| *ready).await.into_diagnostic().wrap_err("the daemon ended while it started")?;
    let named = model.as_ref().map(|model| model.name.clone());
    teller.tell(&Happening::DaemonStarted { address: daemon.address().to_string(), model: named })?;
    let cases = CaseFolder::open(&config.daemon.cases).map_err(|error| miette!("failed to {error}"))?;
    let minds = if model.is_some() { Minds::Model } else { Minds::Rules };
    story::play(&Cast { stage, daemon, cases: &cases, teller, minds }, *scenario).await
}

impl Started {
    /// Ends the daemon first, which may still be writing to the stage.
    async fn end(self) {
        self.cancel.cancel();
        if let Some(daemon) = self.daemon {
            daemon.stop().await;
        }
        if let Some(stage) = self.stage {
            stage.strike().await;
        }
    }
}

fn preface(scenario: Scenario, model: Option<&GivenModel>) -> String {
    let what = match scenario {
        Scenario::Failing => "A canary with a bug",
        Scenario::Healthy => "A healthy canary",
        Scenario::Leak => "A canary that leaks memory",
        Scenario::Config => "A canary with a wrong value in its manifest",
        Scenario::Template => "A healthy canary with a broken analysis",
    };
    let but = model.map(|model| {
        let address = model.base_url.origin().ascii_serialization();
        format!(" but what the model at {address} is asked")
    });
    let but = but.unwrap_or_default();
    format!(
        "{what}, on this machine alone: real processes, real requests, real git, nothing leaves loopback{but}."
    )
}

fn left(folder: &Folder, told: Told) -> miette::Result<Left> {
    let config = Config::read(&folder.configuration())?;
    let cases = CaseFolder::open(&config.daemon.cases).map_err(|error| miette!("failed to {error}"))?;
    Ok(Left {
        folder: folder.root().to_owned(),
        configuration: folder.configuration(),
        journal: config.daemon.journal,
        case: told.case.map(|case| cases.path(&case)),
        incident: told.incident,
        log: folder.log(),
        checkout: folder.checkout(),
        branch: told.branch,
    })
}

/// Resolves when the process is told to end.
async fn interrupted() -> miette::Result<()> {
    let mut terminated = signal(SignalKind::terminate()).into_diagnostic()?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.into_diagnostic(),
        _ = terminated.recv() => Ok(()),
    }
}
