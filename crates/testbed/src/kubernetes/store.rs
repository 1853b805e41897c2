//! The objects of the cluster, their versions and the log of what happened to them.
//!
//! Every write takes the next resourceVersion, of which there is one sequence for all kinds, as in etcd. Watches read the
//! log from a version on; [`Store::compact`] forgets it, after which older versions are gone.

mod changes;
mod write;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use self::changes::{Change, Changes, Deed};
use super::{
    clock::Clock,
    kinds::{Kind, Scope},
    names::Names,
    refusal::Refusal,
};

/// How many changes are kept for watches before the oldest are forgotten.
const LOG_LIMIT: usize = 100_000;
/// How many unfinished paged lists are remembered.
const SNAPSHOT_LIMIT: usize = 64;

/// A handle on the objects of the cluster; clones are cheap and name the same objects.
///
/// Writes through it are those of an administrator within the server: no authorisation, and `status` is written with the
/// rest.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    version: watch::Sender<u64>,
    clock: Clock,
    names: Names,
    kubelet: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    version: u64,
    objects: BTreeMap<Key, Arc<Value>>,
    log: VecDeque<Change>,
    compacted: u64,
    snapshots: BTreeMap<u64, Snapshot>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: Kind,
    namespace: String,
    name: String,
}

/// The rest of a paged list, as it was when the list began.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) version: u64,
    pub(crate) rest: VecDeque<Arc<Value>>,
}

impl Store {
    /// A cluster that has one node and the namespaces `default` and `kube-system`, the latter with `cluster_uid`.
    pub(crate) fn new(clock: Clock, seed: Option<u64>, cluster_uid: &str) -> Self {
        let inner = Inner {
            state: Mutex::default(),
            version: watch::Sender::new(0),
            clock,
            names: Names::new(seed),
            kubelet: AtomicBool::new(false),
        };
        let store = Store { inner: Arc::new(inner) };
        for object in [
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": cluster_uid}}),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}),
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "testbed"}}),
        ] {
            // A fresh store refuses none of these.
            let _ = store.create(object);
        }
        store
    }

    /// The object of that kind, namespace (empty for cluster-wide kinds) and name.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        self.lock().objects.get(&Key::new(kind, namespace, name)).map(|object| Value::clone(object))
    }

    /// The objects of that kind in one namespace, or in all, ordered by namespace and name.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Value> {
        self.snapshot(kind, namespace).1.iter().map(|object| Value::clone(object)).collect()
    }

    /// The objects of that kind in the namespace for which `pred` holds.
    pub(crate) fn list_where(
        &self,
        kind: Kind,
        namespace: &str,
        pred: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let (_, objects) = self.snapshot(kind, Some(namespace));
        objects.iter().filter(|object| pred(object)).map(|object| Value::clone(object)).collect()
    }

    /// Resolves with the object as soon as it is there and `pred` holds for it, at once or later.
    pub async fn wait_for(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        pred: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut versions = self.inner.version.subscribe();
        loop {
            versions.mark_unchanged();
            if let Some(object) = self.get(kind, namespace, name).filter(&pred) {
                return object;
            }
            if versions.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Resolves when `pred` holds for the objects of that kind in the namespace.
    pub async fn wait_for_all(
        &self,
        kind: Kind,
        namespace: &str,
        pred: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let mut versions = self.inner.version.subscribe();
        loop {
            versions.mark_unchanged();
            let objects = self.list(kind, Some(namespace));
            if pred(&objects) {
                return objects;
            }
            if versions.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The newest resourceVersion.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// Forgets the log of changes and all unfinished paged lists: what is asked from an older version is gone.
    pub fn compact(&self) {
        let mut state = self.lock();
        state.compacted = state.version;
        state.log.clear();
        state.snapshots.clear();
    }

    /// The clock that stamps the objects.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn names(&self) -> &Names {
        &self.inner.names
    }

    /// From now on a pod is removed by its kubelet, after its containers have ended.
    pub(crate) fn attach_kubelet(&self) {
        self.inner.kubelet.store(true, Ordering::Relaxed);
    }

    fn has_kubelet(&self) -> bool {
        self.inner.kubelet.load(Ordering::Relaxed)
    }

    /// The present objects with the version at which they are so.
    pub(crate) fn snapshot(&self, kind: Kind, namespace: Option<&str>) -> (u64, VecDeque<Arc<Value>>) {
        let state = self.lock();
        let from = Key::new(kind, namespace.unwrap_or_default(), "");
        let objects = state
            .objects
            .range(from..)
            .take_while(|(key, _)| {
                key.kind == kind && namespace.is_none_or(|namespace| key.namespace == namespace)
            })
            .map(|(_, object)| Arc::clone(object))
            .collect();
        (state.version, objects)
    }

    /// Keeps the rest of a paged list and gives the number to ask for it again.
    pub(crate) fn keep(&self, snapshot: Snapshot) -> u64 {
        let mut state = self.lock();
        let number = state.snapshots.last_key_value().map_or(1, |(last, _)| last + 1);
        state.snapshots.insert(number, snapshot);
        if state.snapshots.len() > SNAPSHOT_LIMIT {
            state.snapshots.pop_first();
        }
        number
    }

    /// Takes the rest of a paged list, or refuses when it is no longer kept.
    pub(crate) fn resume(&self, number: u64) -> Result<Snapshot, Refusal> {
        self.lock().snapshots.remove(&number).ok_or_else(|| {
            Refusal::expired(
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
            )
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = match kind.scope() {
            Scope::Namespaced => namespace.to_owned(),
            Scope::Cluster => String::new(),
        };
        Key { kind, namespace, name: name.to_owned() }
    }
}
