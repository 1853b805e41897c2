//! From the start of the process to `/readyz`, and what it takes when nothing happens.

use std::time::{Duration, Instant};

use crate::daemon::Binary;
use crate::house::House;
use crate::plan::Plan;
use crate::process::{Memory, Spent, Work};
use crate::table::{Row, milliseconds, spread};

const STARTS: usize = 11;
const IDLE: Duration = Duration::from_secs(10);

pub(crate) async fn rows(binary: &Binary) -> Vec<Row> {
    let house = House::build(Plan::default()).await;
    house.open_shop().await;
    let (mut times, mut work) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let running = binary.run(&house).await;
        times.push(begun.elapsed());
        work.push(Work::of(running.pid()).in_all());
        running.stop().await;
    }
    let running = binary.run(&house).await;
    let before = Work::of(running.pid());
    tokio::time::sleep(IDLE).await;
    let (memory, idle) = (Memory::of(running.pid()), Work::of(running.pid()).since(&before));
    running.stop().await;
    vec![
        Row::new(format!("start to ready, median of {STARTS}"), "< 100 ms", spread(&mut times)),
        middle(&work),
        Row::new("resident memory, idle", "≤ 15 MiB", memory.told()),
        Row::new("processor time in ten idle seconds", "", milliseconds(idle.worked)),
    ]
}

/// What of it was work, and what was waiting for a processor on a busy machine.
fn middle(work: &[Spent]) -> Row {
    let median = |part: fn(&Spent) -> Duration| {
        let mut parts: Vec<Duration> = work.iter().map(part).collect();
        parts.sort_unstable();
        milliseconds(parts[parts.len() / 2])
    };
    let (worked, waited) = (median(|spent| spent.worked), median(|spent| spent.waited));
    Row::new("of it processor time; its threads' waits for a processor", "", format!("{worked}; {waited}"))
}
