//! Failed canaries, one after the other, from the first trace in their log to the pull request.

use std::time::Duration;

use crate::daemon::{Binary, begin_canary};
use crate::house::House;
use crate::plan::Plan;
use crate::process::{Memory, Work, mib};
use crate::shop;
use crate::table::{Row, milliseconds};

const CANARIES: u32 = 20;

pub(crate) async fn rows(binary: &Binary) -> Vec<Row> {
    let house = House::build(Plan::default()).await;
    house.open_shop().await;
    let running = binary.run(&house).await;
    let (mut work, mut highest) = (Duration::ZERO, 0);
    for number in 1..=CANARIES {
        let canary = begin_canary(&house, &format!("1.1.{number}")).await;
        let before = Work::of(running.pid());
        house.say(&canary.pod, shop::traces());
        house.fail(&canary).await;
        house.files.incident_of(&canary.hash, "proposed").await;
        work += Work::of(running.pid()).since(&before).worked;
        highest = highest.max(Memory::of(running.pid()).resident);
    }
    let memory = Memory::of(running.pid());
    let mean = |kind: &'static str| {
        let running = &running;
        async move {
            let sum = running.series(&format!("rollmend_time_to_{kind}_seconds_sum")).await;
            let count = running.series(&format!("rollmend_time_to_{kind}_seconds_count")).await;
            format!("{:.2} s (mean of {count})", sum / count.max(1.0))
        }
    };
    let (verdict, pull_request) = (mean("verdict").await, mean("pull_request").await);
    running.stop().await;
    vec![
        Row::new(
            format!("resident memory after {CANARIES} failed canaries, each analysed twice and proposed"),
            "≤ 23 MiB",
            format!("{}, highest after one {}", memory.told(), mib(highest)),
        ),
        Row::new(
            "processor time of one: gather, digest, judge, clone, revert, push, propose",
            "",
            milliseconds(work / CANARIES),
        ),
        Row::new("trouble to verdict, by the rules, beside the stand-ins", "< 2 s", verdict),
        Row::new("trouble to pull request, beside the stand-ins", "< 10 s", pull_request),
    ]
}
