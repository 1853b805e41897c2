//! The cluster: lists, watches, logs. A pod that is gone is gone, with its logs.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Announcement, Announcer, Change, Cluster, LogSource, LogSpan, VerdictAnnotation};
use domain::{
    AnalysisPhase, AnalysisRun, ClusterEvent, ClusterId, Dropped, Failure, Incarnation, LogExcerpt,
    Namespace, Pod, PodHash, Presence, ReplicaSet, Rollout, RolloutRef, Uid,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::nouns::{BY_ANALYSIS, CANARY, STABLE, aborted, analysis, pod, replica_set, rollout};
use super::{Hold, State, World};

impl World {
    /// A canary in progress: two stable pods, one canary pod, no analysis yet.
    pub(crate) fn deploy(&self) {
        self.change(|state| {
            let now = state.now;
            state.replica_sets = vec![replica_set(STABLE), replica_set(CANARY)];
            for (name, of) in [("stable-a", STABLE), ("stable-b", STABLE), ("canary-a", CANARY)] {
                state.add_pod(pod(name, of, now));
                let line = format!("{} INFO served\n", now.to_rfc3339());
                state.write_log(name, Incarnation::Current, &line);
            }
            state.put_rollout(rollout());
        });
    }

    /// The analysis fails and the Rollout aborts; a basic canary's pods go in the same second.
    pub(crate) fn fail(&self, now: DateTime<Utc>) {
        self.change(|state| {
            state.put_run(analysis("checkout-86686d4656-2", now, AnalysisPhase::Failed));
            state.put_rollout(aborted(now, BY_ANALYSIS));
            state.remove_pods(CANARY);
        });
    }
}

impl State {
    pub(crate) fn put_rollout(&mut self, rollout: Rollout) {
        self.rollouts.insert(rollout.rollout.clone(), rollout.clone());
        self.tell(&Change::Rollout(Box::new(rollout)));
    }

    pub(crate) fn put_run(&mut self, run: AnalysisRun) {
        self.runs.retain(|known| known.uid != run.uid);
        self.runs.push(run.clone());
        self.tell(&Change::AnalysisRun(Box::new(run)));
    }

    pub(crate) fn add_pod(&mut self, pod: Pod) {
        let hash = pod.hash.clone();
        self.pods.retain(|known| known.uid != pod.uid);
        self.pods.push(pod);
        self.tell_pods(&hash, &[]);
    }

    pub(crate) fn remove_pods(&mut self, of: &str) {
        let (gone, left) =
            std::mem::take(&mut self.pods).into_iter().partition(|pod| pod.hash.as_str() == of);
        self.pods = left;
        let gone: Vec<Pod> = gone;
        self.logs.retain(|(name, _, _), _| !gone.iter().any(|pod| pod.name == *name));
        if let Some(first) = gone.first() {
            self.tell_pods(&first.hash.clone(), &gone);
        }
    }

    pub(crate) fn write_log(&mut self, pod: &str, which: Incarnation, text: &str) {
        let key = (pod.parse().unwrap(), "shop".parse().unwrap(), which);
        self.logs.entry(key).or_default().push_str(text);
        self.received += text.len() as u64;
    }

    pub(crate) fn tell(&mut self, change: &Change) {
        self.watchers.retain(|watcher| watcher.send(change.clone()).is_ok());
    }

    fn tell_pods(&mut self, hash: &PodHash, gone: &[Pod]) {
        let mut pods: Vec<Pod> = self.pods.iter().filter(|pod| pod.hash == *hash).cloned().collect();
        pods.extend(gone.iter().cloned().map(|pod| Pod { presence: Presence::Leaving, ..pod }));
        self.pod_watchers.retain(|(of, watcher)| of != hash || watcher.send(pods.clone()).is_ok());
    }
}

fn stream<T: Send + 'static>(receiver: UnboundedReceiver<T>) -> BoxStream<'static, T> {
    futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|item| (item, receiver))
    })
    .boxed()
}

#[async_trait]
impl Cluster for Hold {
    async fn cluster_id(&self) -> Result<ClusterId, Failure> {
        self.call("cluster_id").await?;
        Ok("c1".parse().unwrap())
    }

    fn watches(&self, namespace: &Namespace) -> bool {
        namespace.as_str() != "elsewhere"
    }

    fn changes(&self) -> BoxStream<'static, Change> {
        let (sender, receiver) = unbounded_channel();
        let mut state = self.world.state();
        for rollout in state.rollouts.values() {
            sender.send(Change::Rollout(Box::new(rollout.clone()))).unwrap();
        }
        for run in &state.runs {
            sender.send(Change::AnalysisRun(Box::new(run.clone()))).unwrap();
        }
        sender.send(Change::Listed).unwrap();
        state.watchers.push(sender);
        stream(receiver)
    }

    fn pod_changes(&self, _: &Namespace, hash: &PodHash) -> BoxStream<'static, Vec<Pod>> {
        let (sender, receiver) = unbounded_channel();
        let mut state = self.world.state();
        sender.send(state.pods.iter().filter(|pod| pod.hash == *hash).cloned().collect()).unwrap();
        state.pod_watchers.push((hash.clone(), sender));
        stream(receiver)
    }

    async fn rollout(&self, rollout: &RolloutRef) -> Result<Option<Rollout>, Failure> {
        self.call("rollout").await?;
        Ok(self.world.state().rollouts.get(rollout).cloned())
    }

    async fn canary_weight(&self, _: &RolloutRef) -> Result<Option<u8>, Failure> {
        self.call("canary_weight").await?;
        Ok(self.world.state().weight)
    }

    async fn analysis_runs(&self, _: &Rollout) -> Result<Vec<AnalysisRun>, Failure> {
        self.call("analysis_runs").await?;
        Ok(self.world.state().runs.clone())
    }

    async fn pods(&self, _: &Namespace, hash: &PodHash, limit: usize) -> Result<Vec<Pod>, Failure> {
        self.call("pods").await?;
        let state = self.world.state();
        Ok(state.pods.iter().filter(|pod| pod.hash == *hash).take(limit).cloned().collect())
    }

    async fn replica_sets(&self, _: &Rollout) -> Result<Vec<ReplicaSet>, Failure> {
        self.call("replica_sets").await?;
        Ok(self.world.state().replica_sets.clone())
    }

    async fn events(&self, _: &Rollout, _: &[Pod]) -> Result<Vec<ClusterEvent>, Failure> {
        self.call("events").await?;
        Ok(self.world.state().events.clone())
    }

    async fn log(&self, source: &LogSource, _: LogSpan) -> Result<LogExcerpt, Failure> {
        self.call("log").await?;
        let key = (source.pod.clone(), source.container.clone(), source.which);
        let text = self.world.state().logs.get(&key).cloned();
        let text =
            text.ok_or_else(|| Failure::give_up("no-log", format!("read the log of {}", source.pod)))?;
        Ok(excerpt(source, text))
    }
}

pub(super) fn excerpt(source: &LogSource, text: String) -> LogExcerpt {
    LogExcerpt {
        pod: source.pod.clone(),
        container: source.container.clone(),
        role: source.role,
        side: source.side,
        which: source.which,
        head: text,
        tail: String::new(),
        dropped: Dropped::default(),
    }
}

#[async_trait]
impl Announcer for Hold {
    async fn announce(&self, _: &RolloutRef, _: &Uid, announcement: &Announcement) -> Result<(), Failure> {
        self.write("announce", |state| {
            if !state.announced.iter().any(|known| known.key == announcement.key) {
                state.announced.push(announcement.clone());
            }
            Ok(())
        })
        .await
    }

    async fn annotate(&self, _: &RolloutRef, _: &Uid, annotation: &VerdictAnnotation) -> Result<(), Failure> {
        self.write("annotate", |state| {
            state.annotations.push(annotation.clone());
            Ok(())
        })
        .await
    }

    async fn clear_stale(&self, _: &RolloutRef, _: &Uid, _: Option<&PodHash>) -> Result<(), Failure> {
        self.write("clear_stale", |state| {
            state.cleared += 1;
            Ok(())
        })
        .await
    }
}
