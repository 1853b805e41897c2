//! Writes an Event on a Rollout.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ports::{Announcement, Severity};
use domain::{Failure, RolloutRef, Uid};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::{Api, Ask, Kind, Target, Verb};
use crate::field;
use crate::shape::COMPONENT;

/// The API server's limit on `message` is 1,024 bytes.
const MESSAGE: usize = 1_000;

/// Creates the Event. Its name follows from the announcement's key, so that the same key is written once, also after a
/// crash between the write and the note of it: that it is there already is a success.
pub(crate) async fn event(
    api: &Api,
    rollout: &RolloutRef,
    uid: &Uid,
    announcement: &Announcement,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let ask = Ask { verb: Verb::Create, target: Target::list(Kind::Event, Some(&rollout.namespace)) };
    let body = body(rollout, uid, announcement, now).to_string().into_bytes();
    match api.object(&ask, Method::POST, "application/json", body).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(409) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn body(rollout: &RolloutRef, uid: &Uid, announcement: &Announcement, now: DateTime<Utc>) -> Value {
    let seconds = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name(rollout, announcement), "namespace": rollout.namespace.as_str()},
        "involvedObject": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "namespace": rollout.namespace.as_str(),
            "name": rollout.name.as_str(),
            "uid": uid.as_str(),
        },
        "type": match announcement.severity { Severity::Normal => "Normal", Severity::Warning => "Warning" },
        "reason": announcement.reason,
        "message": field::cut(&announcement.message, MESSAGE),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
        "action": announcement.reason,
        "eventTime": now.to_rfc3339_opts(SecondsFormat::Micros, true),
        "firstTimestamp": seconds,
        "lastTimestamp": seconds,
        "count": 1,
    })
}

/// `<rollout>.<32 hex of the key's SHA-256>`, within the 253 bytes that a name may have.
fn name(rollout: &RolloutRef, announcement: &Announcement) -> String {
    let digest = hex::encode(Sha256::digest(&announcement.key));
    let head = rollout.name.as_str();
    let head = head.get(..200.min(head.len())).unwrap_or(head).trim_end_matches(['.', '-']);
    format!("{head}.{}", digest.get(..32).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(key: &str, message: &str) -> Announcement {
        Announcement {
            key: key.into(),
            severity: Severity::Warning,
            reason: "CanaryExplained".into(),
            message: message.into(),
        }
    }

    fn rollout(name: &str) -> RolloutRef {
        RolloutRef { namespace: "shop".parse().unwrap(), name: name.parse().unwrap() }
    }

    #[test]
    fn the_name_follows_from_the_key_alone_and_fits() {
        let shop = rollout("shop");
        assert_eq!(name(&shop, &announcement("k", "a")), name(&shop, &announcement("k", "b")));
        assert_ne!(name(&shop, &announcement("k", "a")), name(&shop, &announcement("l", "a")));
        let long = rollout(&"x".repeat(253));
        assert!(name(&long, &announcement("k", "a")).len() <= 253);
    }

    #[test]
    fn a_long_message_is_cut_to_what_the_api_server_takes() {
        let long = announcement("k", &"ä".repeat(10_000));
        let body = body(&rollout("shop"), &"u-1".parse().unwrap(), &long, Utc::now());
        assert!(body["message"].as_str().unwrap().len() <= MESSAGE);
    }
}
