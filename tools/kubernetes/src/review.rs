//! Asks the API server whether we may do something. A `SelfSubjectAccessReview` is sent as a POST and changes nothing: it is answered and
//! forgotten (kubernetes.io, "Authorization", "Checking API access").

use domain::Failure;
use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, Ask, Kind, Target, Verb};
use crate::field;
use crate::inspection::{Grant, Right};

/// Whether we have the right.
pub(crate) async fn review(api: &Api, right: &Right) -> Result<Grant, Failure> {
    let ask = Ask { verb: Verb::Create, target: Target::list(Kind::AccessReview, None) };
    let body = body(right).to_string().into_bytes();
    let answer = api.object(&ask, Method::POST, "application/json", body).await?;
    Ok(if field::is_set(&answer, "/status/allowed") { Grant::Given } else { Grant::Withheld })
}

fn body(right: &Right) -> Value {
    let (resource, subresource) = right.resource.split_once('/').unwrap_or((right.resource, ""));
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": right.verb,
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "name": right.name.unwrap_or_default(),
            "namespace": right.namespace.as_ref().map(ToString::to_string).unwrap_or_default(),
        }},
    })
}
