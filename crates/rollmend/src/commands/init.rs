//! `rollmend init`.

mod template;

use std::io::{self, Write};
use std::path::Path;

use miette::IntoDiagnostic;

use super::file::{Existing, write};
use super::steps::{Mark, Steps};
use super::words::count;
use crate::cli::InitOptions;
use crate::compose::{Survey, survey};
use crate::console::{Ending, print};

pub(crate) async fn run(path: &Path, options: &InitOptions) -> miette::Result<Ending> {
    let to_stdout = options.output.as_deref() == Some(Path::new("-"));
    let mut why_not = None;
    let seen = if options.from_cluster {
        match survey(&options.cluster.connection()).await {
            Ok(seen) => Some(seen),
            Err(why) => {
                why_not = Some(why.to_string());
                None
            }
        }
    } else {
        None
    };
    let text = template::filled(seen.as_ref());
    if to_stdout {
        io::stdout().lock().write_all(text.as_bytes()).into_diagnostic()?;
        return Ok(Ending::Done);
    }
    let path = options.output.as_deref().unwrap_or(path);
    let existing = if options.force { Existing::Replaced } else { Existing::Kept };
    write(path, text.as_bytes(), existing, "name another file with --output, or write over it with --force")?;
    tell(path, seen.as_ref(), why_not.as_deref())?;
    Ok(Ending::Done)
}

fn tell(path: &Path, seen: Option<&Survey>, why_not: Option<&str>) -> miette::Result<()> {
    let steps = Steps::Lines;
    let words = format!("{}: mode explain, no repository is enabled", path.display());
    steps.end(Mark::Good, "written", &words, None)?;
    if let Some(seen) = seen {
        let repositories = match seen.repositories.len() {
            1 => "1 repository named".to_owned(),
            many => format!("{many} repositories named"),
        };
        let words = format!(
            "{} with Rollouts, {repositories}; they stand in it as comments, for you to allow",
            count(seen.namespaces.len() as u64, "namespace"),
        );
        steps.end(Mark::Good, "cluster", &words, None)?;
        if seen.refused > 0 {
            let words = format!("{} named that have not the form https://host/owner/name", seen.refused);
            steps.end(Mark::Note, "cluster", &words, None)?;
        }
    }
    if let Some(why) = why_not {
        steps.end(Mark::Note, "cluster", &format!("not looked at: {why}"), None)?;
    }
    print(["Next: change it, then `rollmend check`, `rollmend doctor`, `rollmend serve`."])
}
