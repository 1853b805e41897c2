//! The digest that every scene begins with, and parts of one.

use std::collections::BTreeSet;

use domain::*;

use crate::scene::{CANARY, CULPRIT};

/// A failed metric and three suspects of five commits, nothing in the logs.
pub(crate) fn brief(case: CaseId) -> Brief {
    Brief {
        case,
        standing: Standing::Trouble,
        fingerprint: Fingerprint(BTreeSet::from(["metric-failed http-errors".to_owned()])),
        volume: Volume {
            canary_lines: 2_180,
            stable_lines: 8_544,
            canary_pods: 2,
            stable_pods: 3,
            dropped_lines: 0,
        },
        metrics: vec![MetricFinding {
            exhibit: e(2),
            metric: "http-errors".parse().unwrap(),
            problem: MetricProblem::Failed,
            condition: "result[0] < 0.05".to_owned(),
            canary: Some("0.18899082568807338".to_owned()),
            stable: Some("0".to_owned()),
            series: vec![e(8), e(9)],
            message: "Metric \"http-errors\" assessed Failed due to failed (1) > failureLimit (0)".to_owned(),
        }],
        pods: vec![],
        traces: vec![],
        templates: vec![],
        changes: vec![],
        range: RangeFinding::Known {
            exhibit: e(10),
            commits: 5,
            canary: CANARY.parse().unwrap(),
            suspects: vec![
                Suspect {
                    sha: CULPRIT.parse().unwrap(),
                    subject: "Show display names without stray spaces".to_owned(),
                    score: 95,
                    reasons: vec![SuspectReason::FrameInLines {
                        file: "src/main/java/shop/users/UserResource.java".to_owned(),
                        line: 42,
                        exhibit: e(3),
                    }],
                    grounds: Grounds::FrameInItsLines,
                    files: vec!["src/main/java/shop/users/UserResource.java".to_owned()],
                },
                suspect(
                    'b',
                    "Count users faster",
                    SuspectReason::FrameInFile {
                        file: "src/main/java/shop/users/UserResource.java".to_owned(),
                        exhibit: e(3),
                    },
                ),
                suspect('d', "Say how to start the shop", SuspectReason::Harmless),
            ],
        },
        left_out: vec![],
    }
}

pub(crate) fn suspect(digit: char, subject: &str, reason: SuspectReason) -> Suspect {
    Suspect {
        sha: digit.to_string().repeat(40).parse().unwrap(),
        subject: subject.to_owned(),
        score: 20,
        reasons: vec![reason],
        grounds: Grounds::Weak,
        files: vec![],
    }
}

pub(crate) fn frame(file: &str, line: u32, owner: FrameOwner) -> Frame {
    Frame { file: file.to_owned(), line: Some(line), function: "get".to_owned(), owner }
}

pub(crate) fn e(number: u32) -> ExhibitId {
    ExhibitId(number.try_into().unwrap())
}
