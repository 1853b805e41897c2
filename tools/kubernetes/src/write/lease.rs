//! Writes the daemon's own Lease.

use std::time::Duration;

use domain::Namespace;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Ask, Kind, Target, Verb};
use crate::field;

/// The longest term of another holder that is believed.
const LONGEST: u64 = 3600;

/// What a Lease says (kubernetes.io, "Leases"): who has it, for how long after each sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Empty when nobody has it.
    pub(crate) holder: String,
    pub(crate) duration: Duration,
    /// Times are the writer's own and are only ever compared for being the same: clocks differ.
    pub(crate) acquired: String,
    pub(crate) renewed: String,
    /// How often it went from one holder to another.
    pub(crate) transitions: u64,
}

impl Terms {
    /// What the object says, bounded.
    pub(crate) fn of(object: &Value) -> Self {
        Self {
            holder: field::text(object, "/spec/holderIdentity", field::WORD),
            duration: Duration::from_secs(
                field::number(object, "/spec/leaseDurationSeconds").unwrap_or_default().min(LONGEST),
            ),
            acquired: field::text(object, "/spec/acquireTime", field::WORD),
            renewed: field::text(object, "/spec/renewTime", field::WORD),
            transitions: field::number(object, "/spec/leaseTransitions").unwrap_or_default(),
        }
    }
}

/// Writes it, and gives its new version. With `version`, only over the one that was read: the API server answers 409 when another has
/// written since. Without, only where there is none yet.
pub(crate) async fn lease(
    api: &Api,
    namespace: &Namespace,
    name: &str,
    terms: &Terms,
    version: Option<&str>,
) -> Result<String, ApiError> {
    let (ask, method) = match version {
        Some(_) => {
            (Ask { verb: Verb::Update, target: Target::one(Kind::Lease, namespace, name) }, Method::PUT)
        }
        None => {
            (Ask { verb: Verb::Create, target: Target::list(Kind::Lease, Some(namespace)) }, Method::POST)
        }
    };
    let body = body(namespace, name, terms, version).to_string().into_bytes();
    let written = api.object(&ask, method, "application/json", body).await?;
    Ok(field::text(&written, "/metadata/resourceVersion", field::WORD))
}

fn body(namespace: &Namespace, name: &str, terms: &Terms, version: Option<&str>) -> Value {
    let mut body = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace.as_str()},
        "spec": {
            "holderIdentity": terms.holder,
            "leaseDurationSeconds": terms.duration.as_secs().max(1),
            "acquireTime": terms.acquired,
            "renewTime": terms.renewed,
            "leaseTransitions": terms.transitions,
        },
    });
    if let (Some(version), Some(metadata)) = (version, body.pointer_mut("/metadata")) {
        metadata["resourceVersion"] = version.into();
    }
    body
}
