//! `rollmend analyze`: one Rollout of a cluster, or one exported incident, judged for whoever asks. Nothing is written anywhere.

use std::path::Path;

use agents::voice::plain::plain;
use domain::{Handoff, RolloutRef, Standing};
use miette::miette;
use serde_json::{Value, json};

use super::asking::{Answer, Asked, Question, Subject, Work, reference};
use super::steps::{Mark, Output, Steps};
use super::telling;
use crate::cli::AnalyzeOptions;
use crate::console::{Ending, print, print_json};

pub(crate) async fn run(path: &Path, options: &AnalyzeOptions) -> miette::Result<Ending> {
    let steps = Steps::for_people(Output::from(options.json));
    let told = analyze(path, options, steps).await;
    if told.is_err() {
        steps.give_up();
    }
    told.map(|()| Ending::Done)
}

async fn analyze(path: &Path, options: &AnalyzeOptions, steps: Steps) -> miette::Result<()> {
    let subject = match (&options.case, &options.rollout) {
        (Some(file), _) => Subject::Archive(file.clone()),
        (None, Some(rollout)) => Subject::Rollout(reference(rollout)?),
        (None, None) => return Err(miette!("name a Rollout as namespace/name, or a file with --case")),
    };
    let choice = options.models.choice();
    let question = Question::open(path, subject, &options.cluster, choice, Work::Judge).await?;
    match question.answer(steps).await? {
        Answer::Nothing(reference) => nothing(&reference, question.notes(), steps),
        Answer::Judged(asked) => finish(&asked, &question, steps),
    }
}

fn finish(asked: &Asked, question: &Question, steps: Steps) -> miette::Result<()> {
    let (case, brief, verdict) = (&asked.case, &asked.judgement.brief, asked.verdict());
    let (identity, standing) = (&case.header.identity, &case.header.repository);
    let next = match brief.standing {
        Standing::Clean => "Nothing to do: the canary shows no trouble.".to_owned(),
        Standing::SameOnStable => "Nobody can judge this canary: stable shows the same trouble.".to_owned(),
        Standing::Trouble => {
            let min_confidence = question.config.min_confidence;
            let handoff = Handoff::from_verdict(identity, verdict, standing, min_confidence);
            telling::next(&handoff, &question.mending_command())
        }
    };
    if steps == Steps::Silent {
        return print_json(&json!({
            "rollout": identity.rollout.to_string(), "canary": identity.canary, "standing": brief.standing,
            "verdict": verdict, "next": next, "notes": question.notes(), "brief": brief, "case": case.as_ref(),
            "models": telling::spent(asked.used),
        }));
    }
    if brief.standing == Standing::Clean {
        return steps.end(Mark::Good, "clean", &telling::clean(brief), None);
    }
    asked.tell(steps)?;
    print([format!("  {}", plain(&next, 1_000))])
}

fn nothing(reference: &RolloutRef, notes: &[String], steps: Steps) -> miette::Result<()> {
    let next = "Nothing to explain: there is no canary.";
    if steps == Steps::Silent {
        return print_json(&json!({
            "rollout": reference.to_string(), "canary": Value::Null, "standing": Value::Null,
            "verdict": Value::Null, "next": next, "notes": notes, "brief": Value::Null, "case": Value::Null,
            "models": Value::Null,
        }));
    }
    print([format!("  {next}")])
}
