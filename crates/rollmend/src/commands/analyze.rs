//! `rollmend analyze`: one Rollout of a cluster, or one exported incident, judged for whoever asks. Nothing is written anywhere.

mod telling;

use std::path::Path;

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use domain::{CaseFile, Confidence, Handoff, MIN_CONFIDENCE, RolloutRef, Standing};
use miette::{IntoDiagnostic, miette};
use orchestrator::{Clock, Look, Once};
use serde_json::{Value, json};
use store::{ArchivedCase, Judgement};

use super::archive;
use super::judging::{judge_all, judged};
use super::steps::{Mark, Output, Steps};
use crate::cli::AnalyzeOptions;
use crate::compose::Looking;
use crate::config::{Config, ConfigError};
use crate::console::{Ending, print, print_json};

/// The width of prose.
const WIDTH: usize = 110;

pub(crate) async fn run(path: &Path, options: &AnalyzeOptions) -> miette::Result<Ending> {
    let output = Output::from(options.json);
    let steps = Steps::for_people(output);
    let told = match (&options.case, &options.rollout) {
        (Some(file), _) => exported(file, steps).await,
        (None, Some(rollout)) => in_cluster(path, options, &reference(rollout)?, steps).await,
        (None, None) => Err(miette!("name a Rollout as namespace/name, or a file with --case")),
    };
    if told.is_err() {
        steps.give_up();
    }
    told.map(|()| Ending::Done)
}

fn reference(text: &str) -> miette::Result<RolloutRef> {
    let Some((namespace, name)) = text.split_once('/') else {
        let advice = "write namespace/name, such as shop/checkout";
        return Err(miette!(help = advice, "{} names no Rollout", plain(text, 200)));
    };
    let namespace = namespace.parse().map_err(|error| miette!("failed to {error}"))?;
    let name = name.parse().map_err(|error| miette!("failed to {error}"))?;
    Ok(RolloutRef { namespace, name })
}

async fn exported(file: &Path, steps: Steps) -> miette::Result<()> {
    let began = steps.begin("archive")?;
    let archive = archive::read(file).await?;
    let words = format!("{}, exported {}", archive.run.id, archive.exported_at.format("%Y-%m-%d %H:%M:%S"));
    steps.end(Mark::Good, "archive", &words, Some(began.elapsed()))?;
    let began = steps.begin("digest")?;
    let judgements = judge_all(&archive.cases).await?;
    let (Some(judgement), Some(case)) = (judgements.last(), archive.cases.last()) else {
        return Err(miette!("{} holds no case file: there is nothing to judge", archive.run.id));
    };
    steps.end(Mark::Good, "digest", &telling::digest(&judgement.brief), Some(began.elapsed()))?;
    finish(case.case(), judgement, &[], steps, Confidence::of(MIN_CONFIDENCE))
}

async fn in_cluster(
    path: &Path,
    options: &AnalyzeOptions,
    reference: &RolloutRef,
    steps: Steps,
) -> miette::Result<()> {
    let (config, mut notes) = configuration(path)?;
    let looking = Looking::open(&config, &options.cluster.connection()).await?;
    notes.extend(looking.notes.iter().cloned());
    let clock = Clock::system();
    let began = steps.begin("rollout")?;
    let (sources, settings) = (looking.sources.clone(), looking.settings.clone());
    let look = Once::look(sources, settings, clock.clone(), reference).await;
    let once = match look.map_err(|failure| miette!("{}", failure.sentence()))? {
        Look::NoRollout => return Err(miette!("there is no Rollout {reference}")),
        Look::NoCanary(rollout) => {
            steps.end(Mark::Good, "rollout", &telling::no_canary(&rollout), Some(began.elapsed()))?;
            return nothing(reference, &notes, steps);
        }
        Look::Canary(once) => once,
    };
    steps.end(Mark::Good, "rollout", &telling::canary(&once, clock.now()), Some(began.elapsed()))?;
    let (case, judgement) = evidence(&once, steps).await?;
    for note in &notes {
        steps.end(Mark::Note, "note", note, None)?;
    }
    finish(&case, &judgement, &notes, steps, config.min_confidence)
}

async fn evidence(once: &Once, steps: Steps) -> miette::Result<(CaseFile, Judgement)> {
    let began = steps.begin("evidence")?;
    let case = once.gather().await.map_err(|failure| miette!("{}", failure.sentence()))?;
    steps.end(Mark::Good, "evidence", &telling::evidence(&case), Some(began.elapsed()))?;
    for missing in &case.missing {
        steps.end(Mark::Note, "not had", &format!("{}: {}", missing.what, missing.why), None)?;
    }
    let began = steps.begin("digest")?;
    let bytes = case.to_bytes().into_diagnostic()?;
    let archived = ArchivedCase::of(bytes).map_err(|why| miette!("the case cannot be read back: {why}"))?;
    let judgement = judged(&archived, None).await?;
    steps.end(Mark::Good, "digest", &telling::digest(&judgement.brief), Some(began.elapsed()))?;
    Ok((case, judgement))
}

/// Without a file there is still a cluster to ask.
fn configuration(path: &Path) -> miette::Result<(Config, Vec<String>)> {
    match Config::read(path) {
        Ok(config) => Ok((config, Vec::new())),
        Err(ConfigError::Absent { path }) => {
            let note = format!(
                "{} does not exist: no Prometheus is asked and no repository read; `rollmend init` writes one",
                path.display()
            );
            let config = Config::parse("", "").map_err(miette::Report::from)?;
            Ok((config, vec![note]))
        }
        Err(error) => Err(error.into()),
    }
}

fn finish(
    case: &CaseFile,
    judgement: &Judgement,
    notes: &[String],
    steps: Steps,
    min_confidence: Confidence,
) -> miette::Result<()> {
    let (brief, verdict) = (&judgement.brief, &judgement.verdict);
    let identity = &case.header.identity;
    let next = match brief.standing {
        Standing::Clean => "Nothing to do: the canary shows no trouble.".to_owned(),
        Standing::SameOnStable => "Nobody can judge this canary: stable shows the same trouble.".to_owned(),
        Standing::Trouble => {
            telling::next(&Handoff::from_verdict(identity, verdict, &case.header.repository, min_confidence))
        }
    };
    if steps == Steps::Silent {
        return print_json(&json!({
            "rollout": identity.rollout.to_string(), "canary": identity.canary, "standing": brief.standing,
            "verdict": verdict, "next": next, "notes": notes, "brief": brief, "case": case,
        }));
    }
    if brief.standing == Standing::Clean {
        return steps.end(Mark::Good, "clean", &telling::clean(brief), None);
    }
    let cause = format!("{}, confidence {}", verdict.category, verdict.confidence.get());
    steps.end(Mark::Good, "cause", &cause, None)?;
    // The first line says what the line above has said.
    print(verdict_lines(verdict, WIDTH).into_iter().skip(1))?;
    print([format!("  {}", plain(&next, 1_000))])
}

fn nothing(reference: &RolloutRef, notes: &[String], steps: Steps) -> miette::Result<()> {
    let next = "Nothing to explain: there is no canary.";
    if steps == Steps::Silent {
        return print_json(&json!({
            "rollout": reference.to_string(), "canary": Value::Null, "standing": Value::Null,
            "verdict": Value::Null, "next": next, "notes": notes, "brief": Value::Null, "case": Value::Null,
        }));
    }
    print([format!("  {next}")])
}
