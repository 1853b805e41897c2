//! Measures the built daemon as it runs beside the stand-ins of `testbed`, and prints a Markdown table.
//!
//! `ROLLMEND_MEASURED="dist=/path release=/path"` names the binaries; when absent, it is the one of this build. Each binary gets the
//! same stories, one after the other; words after `--` choose some of `starts`, `failures`, `questions`, `flood`. `e2e/measure` builds what is shipped and adds what a real control plane shows.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that cannot be taken ends the run; the table goes to standard output"
)]

macro_rules! borrowed {
    ($($name:ident = $path:literal),* $(,)?) => {
        $(#[path = $path]
        #[allow(dead_code, reason = "the tests of the daemon need more of it")]
        mod $name;)*
    };
}

borrowed! {
    house = "../tests/daemon/house.rs",
    models_staff = "../tests/daemon/models_staff.rs",
    outside = "../tests/daemon/outside.rs",
    plan = "../tests/daemon/plan.rs",
    service = "../tests/daemon/service.rs",
    shop = "../tests/daemon/shop.rs",
    verdicts = "../tests/daemon/verdicts.rs",
}

#[path = "performance/daemon.rs"]
mod daemon;
#[path = "performance/failures.rs"]
mod failures;
#[path = "performance/flood.rs"]
mod flood;
#[path = "performance/process.rs"]
mod process;
#[path = "performance/questions.rs"]
mod questions;
#[path = "performance/starts.rs"]
mod starts;
#[path = "performance/table.rs"]
mod table;

use std::pin::Pin;

use daemon::Binary;
use table::Row;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let binaries = Binary::named();
    let mut columns = Vec::new();
    for binary in &binaries {
        columns.push(measured(binary).await);
    }
    let names: Vec<&str> = binaries.iter().map(|binary| binary.name.as_str()).collect();
    print!("{}", table::markdown(&names, &columns));
}

type Story<'a> = Pin<Box<dyn Future<Output = Vec<Row>> + 'a>>;

async fn measured(binary: &Binary) -> Vec<Row> {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut rows = vec![binary.size()];
    let stories: [(&str, Story); 4] = [
        ("starts", Box::pin(starts::rows(binary))),
        ("failures", Box::pin(failures::rows(binary))),
        ("questions", Box::pin(questions::rows(binary))),
        ("flood", Box::pin(flood::rows(binary))),
    ];
    for (name, story) in stories {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            eprintln!("measuring {name} of {}", binary.name);
            rows.extend(story.await);
        }
    }
    rows
}
