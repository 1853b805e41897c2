//! What a case can be found to show, and in which category that puts it.

use domain::{Category, ContainerRole, Frame, MetricFinding, PodFinding, SpecChange, Suspect, TemplateClass};

use super::sign::Sign;
use crate::voice::markdown::code;

/// The one thing that the rules hold for the cause, with what shows it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause<'a> {
    /// The run ended only because this daemon gave no answer.
    GateCouldNotAnswer,
    /// The kubelet names what is wrong with a container: it never started, was killed, ended, or is not ready.
    Pod {
        /// What the kubelet says.
        finding: &'a PodFinding,
        /// The template's change that explains it.
        change: Option<&'a SpecChange>,
    },
    /// Memory ran out by the log's words; no kill was seen.
    OutOfMemory {
        /// Where it is said.
        sign: Sign<'a>,
        /// A lowered limit.
        change: Option<&'a SpecChange>,
    },
    /// Something that the service depends on cannot be reached.
    Dependency {
        /// Where it is said.
        sign: Sign<'a>,
        /// A changed address that the words name.
        change: Option<&'a SpecChange>,
    },
    /// A configuration key is missing.
    MissingKey {
        /// Where it is said.
        sign: Sign<'a>,
        /// The variable that went away.
        change: Option<&'a SpecChange>,
    },
    /// An error names a variable that differs between the two pod templates.
    Variable {
        /// Where it is said.
        sign: Sign<'a>,
        /// The variable.
        change: &'a SpecChange,
        /// The container that ended with it.
        crash: Option<&'a PodFinding>,
    },
    /// An error of the service itself.
    Error {
        /// The trace or line.
        sign: Sign<'a>,
        /// The container that ended with it.
        crash: Option<&'a PodFinding>,
    },
    /// Only a metric speaks.
    MetricFailed(&'a MetricFinding),
    /// A metric could not be measured, and nothing else speaks against the canary.
    Unmeasured {
        /// The metric.
        metric: &'a MetricFinding,
        /// Whose fault it is.
        fault: MeasuringFault,
    },
    /// A metric held neither condition.
    Inconclusive,
    /// Stable shows the same.
    SameOnStable {
        /// The plainest sign that both show.
        sign: Option<Sign<'a>>,
    },
    /// A person aborted, and nothing speaks against the canary.
    AbortedByHand,
    /// Nothing was found.
    Nothing,
}

/// Why a metric could not be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MeasuringFault {
    /// Query or condition do not fit what there is to measure.
    Template,
    /// The metric's provider did not answer.
    Provider,
}

/// What ties a commit to the cause on its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tie<'a> {
    /// A frame of the cause's trace lies in lines that it changed.
    Frame {
        /// The commit.
        suspect: &'a Suspect,
        /// The frame.
        frame: &'a Frame,
    },
    /// It is the only one that can be to blame.
    Only {
        /// The commit.
        suspect: &'a Suspect,
    },
    /// It made the very change of the pod template that explains the cause, and no other commit did.
    Value {
        /// The commit.
        suspect: &'a Suspect,
        /// The change.
        change: &'a SpecChange,
        /// Where in the repository: the first of its places.
        place: Place<'a>,
        /// In how many places it made this and what explains the cause beside it.
        places: u32,
    },
    /// Nothing does.
    Loose,
}

/// A line of a manifest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
}

impl Place<'_> {
    /// The place, fenced.
    pub(super) fn name(self) -> String {
        code(&format!("{}:{}", self.file, self.line), 160)
    }
}

impl<'a> Tie<'a> {
    pub(super) fn suspect(self) -> Option<&'a Suspect> {
        match self {
            Self::Frame { suspect, .. } | Self::Only { suspect } | Self::Value { suspect, .. } => {
                Some(suspect)
            }
            Self::Loose => None,
        }
    }
}

impl<'a> Cause<'a> {
    /// The sign in the logs that it rests on.
    pub(super) fn sign(self) -> Option<Sign<'a>> {
        match self {
            Self::OutOfMemory { sign, .. }
            | Self::Dependency { sign, .. }
            | Self::MissingKey { sign, .. }
            | Self::Variable { sign, .. }
            | Self::Error { sign, .. } => Some(sign),
            Self::SameOnStable { sign } => sign,
            Self::GateCouldNotAnswer
            | Self::Pod { .. }
            | Self::MetricFailed(_)
            | Self::Unmeasured { .. }
            | Self::Inconclusive
            | Self::AbortedByHand
            | Self::Nothing => None,
        }
    }

    /// The change of the pod template that explains it.
    pub(super) fn change(self) -> Option<&'a SpecChange> {
        match self {
            Self::Pod { change, .. }
            | Self::OutOfMemory { change, .. }
            | Self::Dependency { change, .. }
            | Self::MissingKey { change, .. } => change,
            Self::Variable { change, .. } => Some(change),
            _ => None,
        }
    }

    /// The kubelet's finding that it rests on.
    pub(super) fn pod(self) -> Option<&'a PodFinding> {
        match self {
            Self::Pod { finding, .. } => Some(finding),
            Self::Variable { crash, .. } | Self::Error { crash, .. } => crash,
            _ => None,
        }
    }

    /// Where the cause lies, given what ties a commit to it. Without a tie or a changed template, an end without a trace is
    /// unknown: the code, its data or its node may be to blame.
    pub(super) fn category(self, tie: Tie<'_>) -> Category {
        use domain::PodProblem as P;
        let tied = match tie {
            Tie::Frame { .. } | Tie::Only { .. } => Category::Code,
            Tie::Value { .. } => Category::Configuration,
            Tie::Loose => Category::Unknown,
        };
        match self {
            Self::Pod { change: Some(_), .. }
            | Self::OutOfMemory { change: Some(_), .. }
            | Self::Dependency { change: Some(_), .. }
            | Self::MissingKey { .. }
            | Self::Variable { .. } => Category::Configuration,
            Self::Pod { finding, change: None } => match finding.problem {
                P::MissingConfiguration => Category::Configuration,
                P::ImagePull | P::Unschedulable => Category::Infrastructure,
                _ if finding.role == ContainerRole::Sidecar => Category::Unknown,
                P::OomKilled | P::CrashLoop | P::Exited | P::ProbeFailing | P::NotReady => tied,
            },
            Self::GateCouldNotAnswer
            | Self::Dependency { change: None, .. }
            | Self::Unmeasured { fault: MeasuringFault::Provider, .. } => Category::Infrastructure,
            Self::Error { sign: Sign::Trace(trace), crash } => {
                if trace.own_frame().is_some() || crash.is_some() { Category::Code } else { tied }
            }
            Self::OutOfMemory { change: None, .. }
            | Self::Error { sign: Sign::Line(_), .. }
            | Self::MetricFailed(_) => tied,
            Self::Unmeasured { fault: MeasuringFault::Template, .. } => Category::AnalysisTemplate,
            Self::SameOnStable { sign: Some(sign) } if is_dependency(sign) => Category::Infrastructure,
            Self::SameOnStable { .. } | Self::Inconclusive | Self::AbortedByHand | Self::Nothing => {
                Category::Unknown
            }
        }
    }
}

/// Whether a sign says that something else cannot be reached.
pub(super) fn is_dependency(sign: Sign<'_>) -> bool {
    matches!(sign.class(), TemplateClass::ConnectionRefused | TemplateClass::NameResolution)
}
