//! The built-in web provider (`metricproviders/webmetric` of argo-rollouts).

use std::time::Duration;

use serde_json::Value;

use super::{Finding, ask, client, judged};
use crate::{
    kubernetes::{items, number, text},
    rollouts_controller::expression::Operand,
};

/// How long a request may take that names no `timeoutSeconds`.
const TIMEOUT: u64 = 10;

pub(super) async fn measure(metric: &Value, settings: &Value) -> Result<Finding, String> {
    let seconds = number(settings, "/timeoutSeconds").and_then(|seconds| u64::try_from(seconds).ok());
    let client = client(Duration::from_secs(seconds.filter(|seconds| *seconds > 0).unwrap_or(TIMEOUT)))?;
    let url = text(settings, "/url");
    let mut request = match text(settings, "/method") {
        "POST" => client.post(url),
        "PUT" => client.put(url),
        _ => client.get(url),
    };
    for header in items(settings, "/headers") {
        request = request.header(text(header, "/key"), text(header, "/value"));
    }
    if let Some(body) = settings.get("jsonBody") {
        request = request.json(body);
    } else if !text(settings, "/body").is_empty() {
        request = request.body(text(settings, "/body").to_owned());
    }
    let (status, body) = ask(request).await?;
    if !(200..300).contains(&status) {
        return Err(format!("received non 2xx response code: {status}"));
    }
    let Ok(data) = serde_json::from_slice::<Value>(&body) else {
        let words = String::from_utf8_lossy(&body).into_owned();
        return judged(metric, &Operand::Text(words.clone()), words);
    };
    let found = select(&data, text(settings, "/jsonPath"))?;
    judged(metric, &Operand::from(found), found.to_string())
}

/// Follows a path of members and indices: `{$.data.ok}`, `{$.results[0]}`; empty is the whole.
fn select<'a>(data: &'a Value, path: &str) -> Result<&'a Value, String> {
    let path = path.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
    let mut place = data;
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        let part = part.trim_matches(['\'', '"']);
        let next = match place {
            Value::Array(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
            other => other.get(part),
        };
        place = next.ok_or_else(|| format!("Could not find JSONPath in body: {part} is not found"))?;
    }
    Ok(place)
}
