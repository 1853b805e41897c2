//! The only way from a verdict to a patch, condition by condition.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use rollmend_domain::{
    AnalystKind, AttemptNumber, Category, Confidence, Fingerprint, Grounds, Handoff, IncidentIdentity,
    NoHandoff, Repository, RepositoryStanding, RepositoryUrl, RolloutRef, Standing, Suspect, Verdict,
};

fn identity() -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    }
}

fn suspect(digit: char, grounds: Grounds) -> Suspect {
    let sha = String::from(digit).repeat(40).parse().unwrap();
    Suspect { sha, subject: "split payments".into(), score: 95, reasons: vec![], grounds, files: vec![] }
}

fn verdict() -> Verdict {
    Verdict {
        incident: identity().id(),
        attempt: AttemptNumber::FIRST,
        case: "1".repeat(64).parse().unwrap(),
        category: Category::Code,
        confidence: Confidence::of(70),
        headline: String::new(),
        analysis: String::new(),
        root_cause: String::new(),
        remediation: String::new(),
        claims: vec![],
        ruled_out: vec![],
        suspects: vec![suspect('a', Grounds::FrameInItsLines), suspect('b', Grounds::Weak)],
        canary_commit: Some("c".repeat(40).parse().unwrap()),
        standing: Standing::Trouble,
        fingerprint: Fingerprint::default(),
        analyst: AnalystKind::Rules,
    }
}

fn allowed() -> RepositoryStanding {
    let url = RepositoryUrl::parse("https://github.com/acme/shop").unwrap();
    let repository = Repository { url, base: "main".parse().unwrap(), paths: vec![], labels: vec![] };
    RepositoryStanding::Allowed { repository }
}

fn handed_off(verdict: &Verdict, standing: &RepositoryStanding) -> Result<Handoff, NoHandoff> {
    Handoff::from_verdict(&identity(), verdict, standing, Confidence::of(70))
}

#[test]
fn a_sure_cause_in_code_or_configuration_of_a_listed_repository_is_handed_off_with_the_suspects_that_stand_alone()
 {
    for category in [Category::Code, Category::Configuration] {
        let handoff = handed_off(&Verdict { category, ..verdict() }, &allowed()).unwrap();
        assert_eq!(handoff.suspects(), [suspect('a', Grounds::FrameInItsLines)]);
        assert_eq!(handoff.repository().url.to_string(), "https://github.com/acme/shop");
    }
}

#[test]
fn a_cause_that_no_repository_mends_is_explained() {
    for category in [Category::Infrastructure, Category::AnalysisTemplate] {
        let why = handed_off(&Verdict { category, ..verdict() }, &allowed()).unwrap_err();
        assert_eq!(why, NoHandoff::NotInRepository { category });
    }
    let unknown = handed_off(&Verdict { category: Category::Unknown, ..verdict() }, &allowed()).unwrap_err();
    assert_eq!(unknown, NoHandoff::Unknown);
}

#[test]
fn one_below_the_confidence_that_is_needed_is_not_sure_enough() {
    let unsure = Verdict { confidence: Confidence::of(69), ..verdict() };
    let why = handed_off(&unsure, &allowed()).unwrap_err();
    assert_eq!(why, NoHandoff::NotSureEnough { confidence: 69, needed: 70 });
}

#[test]
fn a_repository_that_is_not_named_or_not_listed_gets_nothing() {
    assert_eq!(handed_off(&verdict(), &RepositoryStanding::NotNamed).unwrap_err(), NoHandoff::NoRepository);
    let refused = RepositoryStanding::Refused { reason: "https://github.com/evil/shop is not listed".into() };
    let why = handed_off(&verdict(), &refused).unwrap_err();
    assert!(why.to_string().contains("is not listed"), "{why}");
}

#[test]
fn the_repository_is_named_as_the_reason_where_without_it_nobody_could_be_sure() {
    let unsure = Verdict { confidence: Confidence::of(55), ..verdict() };
    assert_eq!(handed_off(&unsure, &RepositoryStanding::NotNamed).unwrap_err(), NoHandoff::NoRepository);
}

#[test]
fn weak_suspects_alone_and_an_untraced_canary_are_no_ground_for_a_patch() {
    let weak = Verdict { suspects: vec![suspect('b', Grounds::Weak)], ..verdict() };
    assert_eq!(handed_off(&weak, &allowed()).unwrap_err(), NoHandoff::NoSuspect);
    let untraced = Verdict { canary_commit: None, ..verdict() };
    assert_eq!(handed_off(&untraced, &allowed()).unwrap_err(), NoHandoff::NoSuspect);
}
