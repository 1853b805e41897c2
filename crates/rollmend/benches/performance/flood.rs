//! A canary that writes ten million lines.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::daemon::{Binary, Running};
use crate::house::House;
use crate::plan::Plan;
use crate::process::{Memory, Work, mib};
use crate::table::Row;

const LINES: usize = 10_000_000;
/// Lines that are written before the daemon is waited for: the stand-in's node keeps 64 MiB of a log, and none may be lost.
const AT_ONCE: usize = 100_000;

pub(crate) async fn rows(binary: &Binary) -> Vec<Row> {
    let house = House::build(Plan::default()).await;
    house.open_shop().await;
    let running = binary.run(&house).await;
    let canary = house.begin_canary().await;
    let (before, worked) = (Memory::of(running.pid()), Work::of(running.pid()));
    let (begun, mut highest, mut bytes) = (Instant::now(), before.resident, received(&running).await);
    for number in 0..LINES / AT_ONCE {
        let lines = lines(number * AT_ONCE);
        bytes += lines.len() as f64;
        house.say(&canary.pod, lines);
        highest = highest.max(until_received(&running, bytes).await);
    }
    let (took, work) = (begun.elapsed(), Work::of(running.pid()).since(&worked).worked);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = Memory::of(running.pid());
    running.stop().await;
    vec![
        Row::new("resident memory while a canary's log is followed", "", before.told()),
        Row::new(
            format!("the same with 10 million lines ({:.0} MB) on it", bytes / 1e6),
            "flat",
            format!("{}, highest {}", after.told(), mib(highest)),
        ),
        Row::new(
            "time and processor time for them",
            "",
            format!("{:.0} s, {:.1} s", took.as_secs_f64(), work.as_secs_f64()),
        ),
    ]
}

fn lines(first: usize) -> String {
    let mut text = String::with_capacity(AT_ONCE * 80);
    for number in first..first + AT_ONCE {
        let (took, customer) = (3 + number % 17, number.wrapping_mul(7919) % 100_000);
        writeln!(
            text,
            "INFO request {number} of customer {customer} served in {took} ms by worker {}",
            number % 8
        )
        .unwrap();
    }
    text
}

async fn received(running: &Running) -> f64 {
    running.series("rollmend_log_received_bytes").await
}

/// Waits until the daemon has received so much, and gives the highest resident memory that was seen meanwhile, in KiB.
async fn until_received(running: &Running, bytes: f64) -> u64 {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let (mut highest, until) = (0, Instant::now() + Duration::from_secs(60));
    loop {
        looks.tick().await;
        highest = highest.max(Memory::of(running.pid()).resident);
        if received(running).await >= bytes {
            return highest;
        }
        assert!(Instant::now() < until, "the daemon received {} of {bytes} bytes", received(running).await);
    }
}
