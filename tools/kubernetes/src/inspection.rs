//! What an operator wants to know before the daemon starts: whether the API server is there, whether Argo Rollouts is, and whether we may do
//! what we shall do. Changes nothing.

mod rights;

use domain::Failure;
use serde_json::Value;

use crate::api::{Api, Kind, Target};
use crate::field;
use crate::review;
pub use rights::{Right, needed, needless};

/// The resources of Argo Rollouts that are watched.
const WATCHED: [&str; 2] = ["rollouts", "analysisruns"];

/// Whether Argo Rollouts' custom resources are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollouts {
    /// They are served.
    Installed,
    /// They are not.
    Absent,
}

/// Whether a right is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// It is.
    Given,
    /// It is not.
    Withheld,
}

/// Asks an API server about itself and about us.
pub struct Inspection {
    api: Api,
}

impl Inspection {
    /// Over a client from [`connect`](crate::connect). Asks nothing yet.
    pub fn new(client: kube::Client) -> Self {
        Self { api: Api::new(client) }
    }

    /// The API server's version, such as `v1.34.4`.
    ///
    /// # Errors
    /// When it cannot be reached, or does not answer as an API server does.
    pub async fn version(&self) -> Result<String, Failure> {
        let version = self.api.get(Target::list(Kind::Version, None)).await?.unwrap_or_default();
        let version = field::text(&version, "/gitVersion", field::WORD);
        if version.is_empty() {
            let what = "ask the API server for its version: what answers is no API server";
            return Err(Failure::ask_human(
                "kubernetes-not-there",
                what,
                "check the address in the kubeconfig",
            ));
        }
        Ok(version)
    }

    /// Whether the custom resources that are watched are there.
    ///
    /// # Errors
    /// When they cannot be asked for.
    pub async fn rollouts(&self) -> Result<Rollouts, Failure> {
        let served = self.api.get(Target::list(Kind::RolloutsGroup, None)).await?.unwrap_or_default();
        let has = |name: &str| {
            field::items(&served, "/resources")
                .any(|resource: &Value| resource["name"].as_str() == Some(name))
        };
        Ok(if WATCHED.into_iter().all(has) { Rollouts::Installed } else { Rollouts::Absent })
    }

    /// Whether we have the right.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn may(&self, right: &Right) -> Result<Grant, Failure> {
        review::review(&self.api, right).await
    }
}
