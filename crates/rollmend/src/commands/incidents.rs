//! `rollmend incidents`.

use std::path::Path;

use chrono::Utc;
use domain::ports::Journal;
use store::SqliteJournal;

use super::listing::Row;
use crate::cli::IncidentsOptions;
use crate::config::Config;
use crate::console::{Ending, print, print_json};

pub(crate) async fn run(path: &Path, options: &IncidentsOptions) -> miette::Result<Ending> {
    let config = Config::read(path)?;
    let journal = SqliteJournal::read_only(&config.daemon.journal)
        .await
        .map_err(|error| miette::miette!("failed to {error}"))?;
    let runs = journal.runs().await.map_err(|failure| miette::miette!("{}", failure.sentence()))?;
    let rows: Vec<Row<'_>> = runs.iter().map(Row::of).collect();
    if options.json {
        print_json(&rows)?;
    } else if rows.is_empty() {
        print(["No incidents so far."])?;
    } else {
        print(table(&rows))?;
    }
    Ok(Ending::Done)
}

fn table(rows: &[Row<'_>]) -> Vec<String> {
    let now = Utc::now();
    let head = ["INCIDENT", "STATE", "CHANGED", "WHAT"].map(str::to_owned);
    let cells: Vec<[String; 4]> =
        std::iter::once(head).chain(rows.iter().map(|row| row.cells(now))).collect();
    let width = |place: usize| {
        cells.iter().map(|row| row.get(place).map_or(0, |cell| cell.chars().count())).max().unwrap_or(0)
    };
    let (first, second, third) = (width(0), width(1), width(2));
    let line = |[id, state, changed, what]: &[String; 4]| {
        format!("{id:<first$}  {state:<second$}  {changed:<third$}  {what}").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}
