//! The tools that the file may name are those that there are.

use std::sync::Arc;

use domain::ports::CaseTools;
use domain::{
    AttemptNumber, CASE_VERSION, CaseFile, CaseHeader, IncidentIdentity, NamedRepository, RepositoryStanding,
    RolloutRef, Stage,
};
use tool_kubernetes::KubernetesTools;
use tool_prometheus::PrometheusTools;
use tool_repo::RepoTools;

use crate::config::agents::TOOLS;

fn case() -> CaseFile {
    let identity = IncidentIdentity {
        cluster: "eu-1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    };
    let at = "2026-11-24T12:00:00Z".parse().unwrap();
    let header = CaseHeader {
        incident: identity.id(),
        identity,
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtEnd,
        follows: None,
        from: at,
        frozen_at: at,
        troubles: vec![],
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    };
    CaseFile { version: CASE_VERSION, header, exhibits: vec![], missing: vec![] }
}

#[test]
fn every_tool_that_reads_a_case_may_be_named_and_no_other() {
    let case = Arc::new(case());
    let rooms: [&dyn CaseTools; 3] =
        [&KubernetesTools::frozen(), &PrometheusTools::new(None), &RepoTools::frozen()];
    let mut names: Vec<&str> =
        rooms.iter().flat_map(|room| room.tools(&case)).map(|tool| tool.name()).collect();
    names.sort_unstable();
    assert_eq!(names, TOOLS);
}
