//! Logs: what was followed, what was not followed but is still there, what containers wrote before their last restart, and stable's
//! for the same span.

use domain::ports::{LogSource, LogSpan};
use domain::{
    Container, ContainerRole, ContainerState, ExhibitBody, Incarnation, LogExcerpt, Pod, Readiness, Remedy,
    Side,
};
use futures::StreamExt;

use super::{Gatherer, Part, Seen, Subject, log_source};
use crate::effects::within;

impl Gatherer {
    pub(super) async fn logs(&self, subject: &Subject, seen: &Seen) -> Part {
        let mut part = Part::default();
        let spooled = self.spooled(subject, seen, &mut part).await;
        let wanted = wanted(subject, seen, &spooled);
        let span = LogSpan {
            since: Some(subject.from),
            tail_lines: None,
            limit_bytes: self.settings.now().limits.excerpt_bytes,
        };
        // One limit for all of them: reads that do not get their turn in time are named as missing.
        let deadline = tokio::time::Instant::now() + seen.limit;
        let read = futures::stream::iter(wanted.into_iter().map(|source| async move {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let read = within(left, "read a log", self.ports.cluster.log(&source, span)).await;
            (source, read)
        }))
        .buffered(self.settings.now().limits.log_reads.max(1));
        let read: Vec<_> = read.collect().await;
        let mut logs = spooled;
        for (source, result) in read {
            match result {
                Ok(log) => logs.push(log),
                Err(failure) => {
                    let what = format!("the log of {}/{} ({})", source.pod, source.container, source.side);
                    part.miss(what, failure.sentence());
                    // A log that is not there was not withheld by anything that broke.
                    if failure.remedy != Remedy::GiveUp {
                        part.note::<()>(&Err(failure));
                    }
                }
            }
        }
        self.keep(logs, &mut part);
        part
    }

    async fn spooled(&self, subject: &Subject, seen: &Seen, part: &mut Part) -> Vec<LogExcerpt> {
        let bytes = self.settings.now().limits.excerpt_bytes;
        let Some(spool) = &self.ports.spool else { return Vec::new() };
        let excerpts = spool.excerpts(&subject.identity, bytes);
        let not_followed = spool.not_followed(&subject.identity);
        if not_followed > 0 {
            part.miss(
                format!("{not_followed} logs from the beginning"),
                "they were not followed: [daemon] spool.streams or the limit of 10 streams per Rollout was reached",
            );
        }
        let read = within(seen.limit, "read the followed logs", excerpts).await;
        part.note(&read);
        read.unwrap_or_else(|failure| {
            part.miss("the followed logs", failure.sentence());
            Vec::new()
        })
    }

    /// The app's logs first; those over the limit are counted.
    fn keep(&self, mut logs: Vec<LogExcerpt>, part: &mut Part) {
        logs.retain(|log| !log.head.is_empty() || !log.tail.is_empty() || log.dropped.lines > 0);
        logs.sort_by_key(|log| (log.role != ContainerRole::App, log.side == Side::Stable));
        let most = self.settings.now().limits.logs;
        if logs.len() > most {
            part.miss(format!("{} more logs", logs.len() - most), format!("at most {most} are kept"));
            logs.truncate(most);
        }
        for log in logs {
            part.add(log_source(&log), ExhibitBody::Log { log });
        }
    }
}

/// What has to be read from the kubelet.
fn wanted(subject: &Subject, seen: &Seen, spooled: &[LogExcerpt]) -> Vec<LogSource> {
    let mut wanted = Vec::new();
    for (side, pods) in [(Side::Canary, &seen.canary), (Side::Stable, &seen.stable)] {
        for pod in pods {
            for container in &pod.containers {
                let source = |which| source(subject, side, pod, container, which);
                let followed = || {
                    spooled.iter().find(|log| {
                        side == Side::Canary && log.pod == pod.name && log.container == container.name
                    })
                };
                let compared = side == Side::Canary || container.role == ContainerRole::App;
                if compared && has_begun(container) && followed().is_none() {
                    wanted.push(source(Incarnation::Current));
                }
                if side == Side::Canary && container.restarts > 0 && !holds_the_end(followed(), container) {
                    wanted.push(source(Incarnation::Previous));
                }
            }
        }
    }
    wanted
}

/// Where a log is followed since before the last restart, the previous log would count the same lines twice.
fn holds_the_end(followed: Option<&LogExcerpt>, container: &Container) -> bool {
    let ended = container.last_termination.as_ref().and_then(|last| last.finished_at);
    match (followed.and_then(|log| log.lines().next()).and_then(|line| line.at), ended) {
        (Some(first_line), Some(ended)) => first_line <= ended,
        _ => false,
    }
}

fn has_begun(container: &Container) -> bool {
    match container.state {
        ContainerState::Running { .. } | ContainerState::Terminated(_) => true,
        ContainerState::Waiting { .. } => container.restarts > 0 || container.readiness == Readiness::Ready,
    }
}

fn source(subject: &Subject, side: Side, pod: &Pod, container: &Container, which: Incarnation) -> LogSource {
    LogSource {
        namespace: subject.identity.rollout.namespace.clone(),
        pod: pod.name.clone(),
        pod_uid: pod.uid.clone(),
        container: container.name.clone(),
        role: container.role,
        side,
        which,
    }
}
