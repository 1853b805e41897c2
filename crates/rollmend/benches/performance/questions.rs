//! The gate: a question whose answer is known, one that needs an analysis, and twenty at once; by the rules and with a model.

use std::time::{Duration, Instant};

use futures::future::join_all;
use testbed::models::{ModelServer, Repeat, Turn};

use crate::daemon::{Binary, Running, begin_canary};
use crate::house::{Canary, House};
use crate::models_staff::{self, ANALYZER, Shape};
use crate::plan::Plan;
use crate::process::{Memory, Work};
use crate::shop;
use crate::table::{Row, milliseconds, spread};

const CANARIES: u32 = 20;
const KNOWN: usize = 500;

/// What the questions to one daemon showed.
struct Asked {
    /// From the question to the answer, for each canary.
    answered: Vec<Duration>,
    /// Processor time from the first trace to the answer, for each canary.
    work: Vec<Duration>,
    memory: Memory,
}

pub(crate) async fn rows(binary: &Binary) -> Vec<Row> {
    let house = House::build(Plan::default()).await;
    house.open_shop().await;
    let running = binary.run(&house).await;
    let mut rules = asked(&house, &running).await;
    let mut known = known(&running).await;
    running.stop().await;
    drop(house);
    let (mut with_model, requests) = with_model(binary).await;
    vec![
        Row::new(
            format!("a gate call with a known verdict, median of {KNOWN}"),
            "< 2 ms",
            spread(&mut known),
        ),
        Row::new(
            format!("a gate call that needs an analysis, by the rules, median of {CANARIES}"),
            "",
            spread(&mut rules.answered),
        ),
        Row::new("the same with a model that answers at once", "", spread(&mut with_model.answered)),
        Row::new(
            "processor time from a canary's first trace to that answer, by the rules, median",
            "",
            middle(&mut rules.work),
        ),
        Row::new("the same with the model", "≤ 5 ms", middle(&mut with_model.work)),
        Row::new(
            format!("resident memory after {CANARIES} analyses by the model"),
            "≤ 23 MiB",
            with_model.memory.told(),
        ),
        Row::new(
            "requests to the model for twenty identical questions at once",
            "one analysis",
            requests.to_string(),
        ),
    ]
}

async fn with_model(binary: &Binary) -> (Asked, usize) {
    let at_once = Turn { repeat: Repeat::Forever, ..Turn::call("verdict", models_staff::verdict()) };
    let model = models_staff::model(models_staff::both([at_once], [Turn::text("")])).await;
    let analyzer = "[agents.analyzer]\nmodels = [\"main\"]\n\n[budget]\nper_incident = { usd = 100.0 }\nper_day = { usd = 1000.0 }\n";
    let tables = models_staff::tables(Shape::OpenAi, &model, analyzer);
    let house = models_staff::house(Plan::default(), tables).await;
    let running = binary.run(&house).await;
    let asked = asked(&house, &running).await;
    let requests = twenty_at_once(&house, &running, &model).await;
    assert_eq!(model.mismatches(), Vec::<String>::new());
    running.stop().await;
    (asked, requests)
}

async fn asked(house: &House, running: &Running) -> Asked {
    let (mut answered, mut work) = (Vec::new(), Vec::new());
    for number in 1..=CANARIES {
        let canary = begin_canary(house, &format!("1.1.{number}")).await;
        let before = Work::of(running.pid());
        fail(house, &canary, number).await;
        let begun = Instant::now();
        let (status, answer) = running.ask().await;
        answered.push(begun.elapsed());
        work.push(Work::of(running.pid()).since(&before).worked);
        assert_eq!((status, &answer["promote"]), (200, &serde_json::json!(false)), "{answer}");
    }
    Asked { answered, work, memory: Memory::of(running.pid()) }
}

/// Its log shows the failure, and the daemon has received it.
async fn fail(house: &House, canary: &Canary, number: u32) {
    house.say(&canary.pod, shop::traces() + &format!("INFO end of part {number}.\n"));
    house.spooled(&format!("end of part {number}.")).await;
}

async fn known(running: &Running) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..KNOWN {
        let begun = Instant::now();
        let (status, answer) = running.ask().await;
        times.push(begun.elapsed());
        assert_eq!(status, 200, "{answer}");
    }
    times
}

async fn twenty_at_once(house: &House, running: &Running, model: &ModelServer) -> usize {
    let canary = begin_canary(house, "1.2.0").await;
    let before = models_staff::asked(model, ANALYZER).len();
    fail(house, &canary, 0).await;
    let answers = join_all((0..20).map(|_| running.ask())).await;
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:#?}");
    models_staff::asked(model, ANALYZER).len() - before
}

fn middle(times: &mut [Duration]) -> String {
    times.sort_unstable();
    milliseconds(times[times.len() / 2])
}
