//! Standing and gate.

use std::time::Duration;

use domain::ports::Digest;
use domain::*;
use rollmend_evidence::Evidence;

use crate::scene::*;

fn amount(requests: Option<f64>, lines: u64, quiet: u64) -> EvidenceAmount {
    EvidenceAmount { requests, lines, quiet_for: Duration::from_secs(quiet), pods: 1 }
}

fn decided(scene: &Scene, amount: &EvidenceAmount) -> GateDecision {
    Evidence::default().gate(&scene.brief(), amount, &GateSettings::default())
}

fn failed(name: &str) -> ExhibitBody {
    ExhibitBody::AnalysisRun { run: run(AnalysisPhase::Failed, vec![metric(name, AnalysisPhase::Failed)]) }
}

#[test]
fn enough_of_any_kind_and_no_trouble_promotes_with_the_figures() {
    let healthy = Scene::healthy();
    assert_eq!(
        decided(&healthy, &amount(Some(2180.0), 412, 61)),
        GateDecision::Promote {
            confidence: 98,
            figures:
                "2,180 requests, 412 lines, 61 s quiet on 1 canary pod; no error that 2 stable pods show less"
                    .into()
        }
    );
    for (enough, confidence) in
        [(amount(Some(50.0), 0, 0), 51), (amount(None, 400, 0), 75), (amount(None, 0, 60), 51)]
    {
        let GateDecision::Promote { confidence: is, .. } = decided(&healthy, &enough) else { panic!() };
        assert_eq!(is, confidence);
    }
    let GateDecision::Promote { confidence, .. } = decided(&healthy, &amount(Some(1e12), 0, 0)) else {
        panic!()
    };
    assert_eq!(confidence, 99);
}

#[test]
fn too_little_says_what_there_is_and_what_is_wanted() {
    let figures = |amount: &EvidenceAmount| match decided(&Scene::healthy(), amount) {
        GateDecision::TooLittle { figures } => figures,
        other => panic!("{other:?}"),
    };
    assert_eq!(figures(&amount(Some(37.0), 12, 8)), "37 of 50 requests, 12 of 200 lines, 8 of 60 s quiet");
    assert_eq!(figures(&amount(Some(f64::NAN), 12, 8)), "12 of 200 lines, 8 of 60 s quiet");
    let nobody = EvidenceAmount { pods: 0, ..amount(None, 12, 900) };
    assert_eq!(figures(&nobody), "12 of 200 lines, 900 of 60 s quiet");
}

#[test]
fn trouble_that_stable_does_not_show_refuses_also_when_the_cause_is_unknown() {
    let enough = amount(Some(9_000.0), 9_000, 900);
    for scene in [
        Scene::throws(),
        Scene::healthy().with(failed("error-rate")),
        Scene::healthy().canary_pods(vec![restarted("shop-86686d4656-a", ended(137, "OOMKilled"))]),
        Scene::healthy().trouble(Trouble::ProgressDeadlineExceeded { message: "timed out".into() }),
    ] {
        assert_eq!(decided(&scene, &enough), GateDecision::Refuse, "{:?}", scene.case.header.troubles);
    }
}

#[test]
fn trouble_that_stable_shows_alike_lets_nobody_judge() {
    let enough = amount(Some(9_000.0), 9_000, 900);
    let throws_too = log(Side::Stable, "shop-678dd648d6-a", std::iter::repeat_n(JAVA_TRACE, 40));
    let mut crashed = restarted("shop-678dd648d6-a", ended(1, "Error"));
    crashed.hash = "678dd648d6".parse().unwrap();
    for scene in [
        Scene::throws().log(throws_too),
        Scene::healthy().with(failed("error-rate")).series("error-rate", Side::Stable, &["0.3"]),
        Scene::healthy()
            .canary_pods(vec![restarted("shop-86686d4656-a", ended(1, "Error"))])
            .with(ExhibitBody::Pods { side: Side::Stable, pods: vec![crashed] }),
    ] {
        assert_eq!(decided(&scene, &enough), GateDecision::CannotJudge);
    }
}

#[test]
fn a_few_errors_that_both_sides_have_are_background() {
    let errors = |number: usize| (0..number).map(|n| format!("ERROR shop.Router - GET /users/{n} failed"));
    let scene = Scene::canary_says(errors(4)).log(log(Side::Stable, "shop-678dd648d6-a", errors(8)));
    assert_eq!(scene.brief().standing, Standing::Clean);
}

#[test]
fn errors_that_cannot_be_compared_yet_are_too_little_and_no_yes() {
    let mut scene = Scene::canary_says(std::iter::repeat_n(JAVA_TRACE, 20));
    scene.case.exhibits.retain(|e| !matches!(&e.body, ExhibitBody::Log { log } if log.side == Side::Stable));
    let decision = decided(&scene, &amount(Some(9_000.0), 9_000, 900));
    assert!(
        matches!(&decision, GateDecision::TooLittle { figures } if figures.contains("cannot be compared")),
        "{decision:?}"
    );
}

#[test]
fn an_abort_is_no_trouble_of_the_canary_by_itself() {
    let scene = Scene::healthy()
        .trouble(Trouble::Aborted { message: "x".into() })
        .trouble(Trouble::GateCouldNotAnswer { message: "x".into() })
        .trouble(Trouble::AbortedByHand);
    assert_eq!(scene.brief().standing, Standing::Clean);
}

#[test]
fn dry_run_and_our_own_metrics_change_no_standing() {
    let dry = Metric { standing: MetricStanding::DryRun, ..metric("a", AnalysisPhase::Failed) };
    let metrics = vec![dry, ours(AnalysisPhase::Failed)];
    let scene = Scene::healthy().with(ExhibitBody::AnalysisRun { run: run(AnalysisPhase::Failed, metrics) });
    let brief = scene.brief();
    assert_eq!((brief.standing, brief.metrics), (Standing::Clean, Vec::new()));
}
