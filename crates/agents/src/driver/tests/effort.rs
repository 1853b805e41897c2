//! What a run costs this machine.

use std::time::Duration;

use domain::{Budget, ToolAccess};
use serde_json::json;
use testbed::models::{ModelServer, ModelWorld, Script, Turn};

use super::stage::{self, KEY, Probe, SHAPES, Stage};
use crate::driver::Crew;
use crate::models::Model;

const RUNS: u32 = 40;

/// Processor time of this thread so far (`Documentation/scheduler/sched-stats.rst` of Linux: the first figure, nanoseconds).
fn spent() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// A server with a thread of its own, so that its work is not counted.
fn apart(turns: Vec<Turn>) -> (ModelServer, tokio::sync::oneshot::Sender<()>) {
    let (end, ended) = tokio::sync::oneshot::channel();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = ModelWorld { token: KEY.to_owned(), script: Script::of(turns) };
            tell.send(ModelServer::start(world).await.unwrap()).unwrap();
            let _ = ended.await;
        });
    });
    (told.recv().unwrap(), end)
}

#[tokio::test]
#[ignore = "measures: cargo test --release -p rollmend-agents --lib effort -- --ignored --nocapture"]
async fn a_run_of_five_turns_takes_a_few_milliseconds_of_processor_time() {
    let page = |page| Turn::call("read_file", json!({"page": page}));
    let turns = vec![page(1), page(2), page(3), page(4), Turn::call("verdict", json!({"category": "code"}))];
    let (server, _end) = apart(turns);
    let settings = stage::settings(SHAPES[0], &server.openai_url());
    let here = Stage::of(SHAPES[0], [Turn::text("")]).await;
    let budget = Budget { per_incident_micro_usd: u64::MAX, ..Budget::default() };
    let model = Model::paced(settings, stage::quick()).unwrap();
    let crew = Crew { model, budget, ..here.crew.clone() };
    let stage = Stage { crew, opening: "The canary fails. ".repeat(800), ..here };
    let file = Probe::saying("read_file", ToolAccess::ReadOnly, FILE);
    stage.drive([file.tool()]).await.unwrap();
    let before = spent();
    for _ in 0..RUNS {
        stage.drive([file.tool()]).await.unwrap();
    }
    let each = spent().saturating_sub(before) / RUNS;
    eprintln!("{each:?} of processor time in a run of five turns");
    assert!(each < Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 5 }), "{each:?}");
}

/// Some 2,500 characters to read.
const FILE: &str = include_str!("effort.rs");
