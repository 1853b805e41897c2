//! `rollmend export`.

use std::io::{self, Write};
use std::path::Path;

use bytesize::ByteSize;
use chrono::Utc;
use domain::ports::{Journal, RecordedEvent};
use domain::workflow::{Event, Run};
use domain::{CaseId, Missing};
use miette::{Context, IntoDiagnostic, miette};
use store::{Archive, ArchivedCase, CaseFolder, SqliteJournal};

use super::file::{Existing, write};
use super::incident::find;
use super::judging::judge_all;
use super::words::count;
use crate::cli::ExportOptions;
use crate::config::Config;
use crate::console::{Ending, print};

pub(crate) async fn run(path: &Path, options: &ExportOptions) -> miette::Result<Ending> {
    let config = Config::read(path)?;
    let journal = SqliteJournal::read_only(&config.daemon.journal)
        .await
        .map_err(|error| miette!("failed to {error}"))?;
    let runs = journal.runs().await.map_err(|failure| miette!("{}", failure.sentence()))?;
    let run = find(&runs, &options.incident)?;
    let history = journal.history(&run.id).await.map_err(|failure| miette!("{}", failure.sentence()))?;
    let folder = CaseFolder::open(&config.daemon.cases).map_err(|error| miette!("failed to {error}"))?;
    let archive = collected(run, history, &folder).await?;
    let mut bytes = Vec::new();
    archive.write(&mut bytes).into_diagnostic().wrap_err("failed to put the archive together")?;
    if options.output.as_deref() == Some(Path::new("-")) {
        io::stdout().lock().write_all(&bytes).into_diagnostic()?;
        return Ok(Ending::Done);
    }
    let name = format!("{}.rollmend.gz", run.id);
    let file = options.output.as_deref().unwrap_or(Path::new(&name));
    write(file, &bytes, Existing::Kept, "remove it, or name another file with --output")?;
    print(told(&archive, file, bytes.len() as u64))?;
    Ok(Ending::Done)
}

/// All that was kept of an incident.
pub(super) async fn collected(
    run: &Run,
    history: Vec<RecordedEvent>,
    folder: &CaseFolder,
) -> miette::Result<Archive> {
    let mut cases = Vec::new();
    let mut missing = Vec::new();
    for id in frozen(&history) {
        let what = || format!("case file {}", short(id));
        match folder.content(id).await {
            Ok(bytes) => match ArchivedCase::of(bytes) {
                Ok(case) => cases.push(case),
                Err(why) => missing.push(Missing { what: what(), why }),
            },
            Err(failure) => missing.push(Missing { what: what(), why: failure.sentence() }),
        }
    }
    let judgements = judge_all(&cases).await?;
    Ok(Archive {
        rollmend: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: Utc::now(),
        run: run.clone(),
        history,
        cases,
        judgements,
        missing,
    })
}

/// Every case file of the history, once, oldest first.
fn frozen(history: &[RecordedEvent]) -> Vec<&CaseId> {
    let mut ids: Vec<&CaseId> = Vec::new();
    for recorded in history {
        match &recorded.event {
            Event::CaseFrozen { case, .. } if !ids.contains(&case) => ids.push(case),
            _ => {}
        }
    }
    ids
}

fn short(id: &CaseId) -> &str {
    id.as_str().get(..12).unwrap_or_default()
}

fn told(archive: &Archive, file: &Path, bytes: u64) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {}, {}, {}",
        file.display(),
        count(archive.cases.len() as u64, "case file"),
        count(archive.history.len() as u64, "event"),
        ByteSize(bytes)
    )];
    lines.extend(
        archive.missing.iter().map(|missing| format!("not in it: {}: {}", missing.what, missing.why)),
    );
    lines.push(
        "Secrets were taken out when the evidence was gathered; names, logs and commits are in it as they were."
            .to_owned(),
    );
    lines.push(format!("Judge it again, offline: rollmend replay {}", file.display()));
    lines
}
