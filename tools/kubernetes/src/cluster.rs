//! The ports `Cluster` and `Announcer` over one client.
//!
//! Refuses to know how often anybody asks, and what the answers mean.

mod announcer;

use async_trait::async_trait;
use domain::ports::{Change, Cluster, LogSource, LogSpan};
use domain::{
    AnalysisRun, ClusterEvent, ClusterId, Failure, LogExcerpt, Namespace, Pod, PodHash, ReplicaSet, Rollout,
    RolloutRef,
};
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::OnceCell;

use crate::api::{Api, Kind, Selector, Target};
use crate::settings::ClusterSettings;
use crate::{changes, field, log, pod_changes, shape};

/// Pages of a list that are read at most: 2,000 objects, or 10,000 events.
const PAGES: usize = 20;
/// Events that are kept.
const EVENTS: usize = 200;

/// Reads and watches a cluster, and writes what the daemon may write.
pub struct KubernetesCluster {
    api: Api,
    settings: ClusterSettings,
    id: OnceCell<ClusterId>,
}

impl KubernetesCluster {
    /// Over a client from [`connect`](crate::connect). Asks nothing yet.
    pub fn new(client: kube::Client, settings: ClusterSettings) -> Self {
        Self { api: Api::new(client), settings, id: OnceCell::new() }
    }

    /// A namespace that is not watched is not read either.
    fn door(&self, namespace: &Namespace) -> Result<(), Failure> {
        if self.settings.namespaces.contains(namespace) {
            return Ok(());
        }
        Err(Failure::ask_human(
            "kubernetes-namespace-not-watched",
            format!("read namespace {namespace}: it is not among those that are watched"),
            format!("add \"{namespace}\" to namespaces under [cluster] in agents.toml"),
        ))
    }

    async fn list<T>(
        &self,
        kind: Kind,
        namespace: &Namespace,
        selector: &Selector,
        shape: impl Fn(&serde_json::Value) -> Option<T>,
    ) -> Result<Vec<T>, Failure> {
        self.door(namespace)?;
        let mut found = Vec::new();
        self.api.list(kind, Some(namespace), selector, PAGES, |object| found.extend(shape(&object))).await?;
        Ok(found)
    }
}

#[async_trait]
impl Cluster for KubernetesCluster {
    async fn cluster_id(&self) -> Result<ClusterId, Failure> {
        if let Some(name) = &self.settings.name {
            return Ok(name.clone());
        }
        self.id.get_or_try_init(|| uid_of_kube_system(&self.api)).await.cloned()
    }

    fn watches(&self, namespace: &Namespace) -> bool {
        self.settings.namespaces.contains(namespace)
    }

    fn changes(&self) -> BoxStream<'static, Change> {
        changes::changes(&self.api, &self.settings)
    }

    fn pod_changes(&self, namespace: &Namespace, hash: &PodHash) -> BoxStream<'static, Vec<Pod>> {
        if let Err(failure) = self.door(namespace) {
            tracing::error!("{}", failure.sentence());
            return futures::stream::pending().boxed();
        }
        pod_changes::pod_changes(&self.api, namespace, hash, self.settings.pace)
    }

    async fn rollout(&self, rollout: &RolloutRef) -> Result<Option<Rollout>, Failure> {
        self.door(&rollout.namespace)?;
        let target = Target::one(Kind::Rollout, &rollout.namespace, rollout.name.as_str());
        Ok(self.api.get(target).await?.as_ref().and_then(shape::rollout))
    }

    async fn canary_weight(&self, rollout: &RolloutRef) -> Result<Option<u8>, Failure> {
        self.door(&rollout.namespace)?;
        let target = Target::one(Kind::Rollout, &rollout.namespace, rollout.name.as_str());
        Ok(self.api.get(target).await?.as_ref().and_then(shape::canary_weight))
    }

    async fn analysis_runs(&self, rollout: &Rollout) -> Result<Vec<AnalysisRun>, Failure> {
        let owned = |object: &serde_json::Value| {
            shape::analysis_run(object).filter(|run| run.rollout_uid == rollout.uid)
        };
        let namespace = &rollout.rollout.namespace;
        let mut runs = self.list(Kind::AnalysisRun, namespace, &Selector::all(), owned).await?;
        runs.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.name.cmp(&b.name)));
        Ok(runs)
    }

    async fn pods(&self, namespace: &Namespace, hash: &PodHash, limit: usize) -> Result<Vec<Pod>, Failure> {
        let mut pods = self.list(Kind::Pod, namespace, &Selector::hash(hash), shape::pod).await?;
        shape::by_trouble(&mut pods);
        pods.truncate(limit);
        Ok(pods)
    }

    async fn replica_sets(&self, rollout: &Rollout) -> Result<Vec<ReplicaSet>, Failure> {
        let owned = |object: &serde_json::Value| {
            shape::is_owned_by(object, &rollout.uid).then(|| shape::replica_set(object)).flatten()
        };
        let namespace = &rollout.rollout.namespace;
        let mut sets = self.list(Kind::ReplicaSet, namespace, &Selector::all(), owned).await?;
        sets.sort_by(|a, b| a.revision.cmp(&b.revision).then_with(|| a.hash.cmp(&b.hash)));
        Ok(sets)
    }

    async fn events(&self, rollout: &Rollout, pods: &[Pod]) -> Result<Vec<ClusterEvent>, Failure> {
        let about =
            |object: &serde_json::Value| shape::is_about(object, rollout, pods).then(|| shape::event(object));
        let namespace = &rollout.rollout.namespace;
        let mut events = self.list(Kind::Event, namespace, &Selector::all(), about).await?;
        events.sort_by_key(|event| event.at);
        events.drain(..events.len().saturating_sub(EVENTS));
        Ok(events)
    }

    async fn log(&self, source: &LogSource, span: LogSpan) -> Result<LogExcerpt, Failure> {
        self.door(&source.namespace)?;
        Ok(log::read(&self.api, source, span).await?)
    }
}

async fn uid_of_kube_system(api: &Api) -> Result<ClusterId, Failure> {
    let target = Target { kind: Kind::Namespace, namespace: None, name: Some("kube-system".to_owned()) };
    let namespace = api.get(target).await?;
    namespace.as_ref().and_then(|object| field::parsed(object, "/metadata/uid")).ok_or_else(|| {
        Failure::ask_human(
            "kubernetes-no-cluster-id",
            "tell this cluster from others: the namespace kube-system has no uid",
            "set name under [cluster] in agents.toml",
        )
    })
}
