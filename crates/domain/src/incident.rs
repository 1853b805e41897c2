//! What makes two triggers the same incident.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{ClusterId, IncidentId, Namespace, PodHash, RolloutName, Uid};

/// A Rollout by namespace and name; displays as `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RolloutRef {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name.
    pub name: RolloutName,
}

impl std::fmt::Display for RolloutRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Cluster, Rollout (by UID, so that a deleted and re-created one is another) and canary pod hash. Ten triggers with the
/// same identity are one incident; no generated text is part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct IncidentIdentity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The Rollout.
    pub rollout: RolloutRef,
    /// The Rollout's `metadata.uid`.
    pub uid: Uid,
    /// `status.currentPodHash` of the failed canary.
    pub canary: PodHash,
}

impl IncidentIdentity {
    /// `<namespace>-<rollout>-<first 8 hex of SHA-256 over the identity>`. The fields are hashed with a line feed after
    /// each, which none of them can contain.
    pub fn id(&self) -> IncidentId {
        let mut hash = Sha256::new();
        for field in
            [self.cluster.as_str(), self.rollout.namespace.as_str(), self.uid.as_str(), self.canary.as_str()]
        {
            hash.update(field);
            hash.update("\n");
        }
        let digest = hex::encode(hash.finalize());
        let head = digest.get(..8).unwrap_or_default();
        IncidentId::trusted(format!("{}-{}-{head}", self.rollout.namespace, self.rollout.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(canary: &str) -> IncidentIdentity {
        IncidentIdentity {
            cluster: "c1".parse().unwrap(),
            rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
            uid: "11e7bd8a-6f90".parse().unwrap(),
            canary: canary.parse().unwrap(),
        }
    }

    #[test]
    fn the_id_names_namespace_and_rollout_and_tells_canaries_apart() {
        let id = identity("86686d4656").id();
        assert!(id.as_str().starts_with("shop-checkout-"));
        assert_eq!(id.as_str().parse::<IncidentId>().unwrap(), id);
        assert_eq!(id, identity("86686d4656").id());
        assert_ne!(id, identity("678dd648d6").id());
    }
}
