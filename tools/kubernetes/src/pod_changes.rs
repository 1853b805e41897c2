//! The pods of one pod template, whole at each change.

use std::collections::BTreeMap;

use domain::{Namespace, Pod, PodHash, Presence, Uid};
use futures::stream::{BoxStream, StreamExt};
use serde_json::Value;

use crate::api::{Api, Kind, Seen, Selector, watch};
use crate::settings::Pace;
use crate::shape;

/// The pods of the hash, from a first list on. A pod that is gone is in one more list, leaving, as it was last. Never ends.
pub(crate) fn pod_changes(
    api: &Api,
    namespace: &Namespace,
    hash: &PodHash,
    pace: Pace,
) -> BoxStream<'static, Vec<Pod>> {
    let mut pods = Pods::default();
    watch(api, Kind::Pod, Some(namespace.clone()), Selector::hash(hash), pace)
        .filter_map(move |seen| std::future::ready(pods.take(seen)))
        .boxed()
}

#[derive(Default)]
struct Pods {
    known: BTreeMap<Uid, Pod>,
    /// Known ones that the list under way has not contained yet; none while no list is under way.
    missing: Option<BTreeMap<Uid, Pod>>,
}

impl Pods {
    fn take(&mut self, seen: Seen) -> Option<Vec<Pod>> {
        match seen {
            Seen::Begin => {
                self.missing = Some(self.known.clone());
                None
            }
            Seen::Present(object) => {
                let pod = shape::pod(&object)?;
                if let Some(missing) = &mut self.missing {
                    missing.remove(&pod.uid);
                }
                self.known.insert(pod.uid.clone(), pod);
                // Within a list the whole is shown at its end.
                self.missing.is_none().then(|| self.list(Vec::new()))
            }
            Seen::Gone(object) => self.gone(&object),
            Seen::Complete => {
                let gone = self.missing.take().unwrap_or_default();
                self.known.retain(|uid, _| !gone.contains_key(uid));
                Some(self.list(gone.into_values().collect()))
            }
        }
    }

    /// The deleted object is the pod's last state; where it is not to be read, what was known of it is.
    fn gone(&mut self, object: &Value) -> Option<Vec<Pod>> {
        let last = shape::pod(object)?;
        let known = self.known.remove(&last.uid)?;
        let last = if last.containers.is_empty() { known } else { last };
        Some(self.list(vec![last]))
    }

    fn list(&self, gone: Vec<Pod>) -> Vec<Pod> {
        let mut pods: Vec<Pod> = self.known.values().cloned().collect();
        pods.extend(gone.into_iter().map(|pod| Pod { presence: Presence::Leaving, ..pod }));
        pods.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.name.cmp(&b.name)));
        pods
    }
}
