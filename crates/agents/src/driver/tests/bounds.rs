//! Money and time.

use std::time::Duration;

use domain::{Budget, Cost, ToolAccess};
use serde_json::json;
use testbed::models::{Answer, Turn, Usage};

use super::stage::{Probe, SHAPES, Stage};

#[tokio::test]
async fn what_the_budget_does_not_hold_is_not_asked() {
    for shape in SHAPES {
        let mut stage = Stage::of(shape, [Turn::text("")]).await;
        stage.crew.budget = Budget { per_incident_micro_usd: 50_000, ..Budget::default() };
        let stopped = stage.drive([]).await.unwrap_err();
        assert_eq!(stopped.why.to_string(), "the budget of the incident is spent ([budget] per_incident)");
        assert_eq!((stopped.cost, stage.server.requests().len()), (Cost::default(), 0));
    }
}

#[tokio::test]
async fn a_run_stops_in_the_middle_when_its_next_call_could_cost_too_much() {
    let said = Usage::Said { input: 10_000, output: 100, cached: 0 };
    let stage = Stage::of(SHAPES[0], [Turn::call("read_file", json!({})).using(said)]).await;
    let mut stage = Stage { limits: stage.limits.clone(), ..stage };
    stage.crew.budget = Budget { per_incident_micro_usd: 80_000, ..Budget::default() };
    let read = Probe::saying("read_file", ToolAccess::ReadOnly, "text");
    let stopped = stage.drive([read.tool()]).await.unwrap_err();
    assert_eq!(stopped.why.to_string(), "the budget of the incident is spent ([budget] per_incident)");
    assert_eq!(stopped.cost, Cost { input_tokens: 10_000, output_tokens: 100, micro_usd: 52_500 });
    assert_eq!(stage.server.requests().len(), 1);
}

#[tokio::test]
async fn a_model_that_never_answers_is_given_up_after_its_time_at_the_worst_cost() {
    for (shape, of_the_incident, told) in [
        (SHAPES[0], Duration::from_mins(20), "the model did not answer within 90s"),
        (SHAPES[1], Duration::from_secs(30), "the model did not answer within 30s"),
    ] {
        let mut stage = Stage::of(shape, [Turn::new(Answer::Hang)]).await;
        stage.crew.budget.per_incident_time = of_the_incident;
        let wire = stage.server.wire().clone();
        let asked = async move {
            wire.wait_for(|asked| asked.path.contains("v1")).await;
            tokio::time::pause();
        };
        let (ended, ()) = tokio::join!(stage.drive([]), asked);
        tokio::time::resume();
        let stopped = ended.unwrap_err();
        assert_eq!(stopped.why.to_string(), told);
        assert_eq!(stopped.cost, stage.ledger.held()[0].1);
    }
}
