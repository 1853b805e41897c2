//! `GET …/pods/{name}/log`, as the API server and the kubelet behind it answer together.

use std::{collections::VecDeque, convert::Infallible};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use futures::stream;
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{
    kinds::Kind,
    object::{items, text},
    refusal::Refusal,
    request::Query,
    serving::{Asking, Server},
};
use crate::kubelet::{Line, LogReader};

/// Where the kubelet's words come from: `pkg/kubelet/kubelet_pods.go` of kubernetes/kubernetes, `validateContainerLogStatus`.
const STATUSES: [&str; 2] = ["/status/containerStatuses", "/status/initContainerStatuses"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamps {
    Shown,
    Hidden,
}

/// Whose log is meant: that of the container that runs or ran last, or of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Current,
    Previous,
}

/// What is left to send.
struct Sending {
    reader: Option<LogReader>,
    pending: VecDeque<Line>,
    since: Option<DateTime<Utc>>,
    stamps: Stamps,
    left: usize,
    at_line_start: bool,
    follow: bool,
}

/// Answers with a container's log.
pub(crate) fn read(server: &Server, asking: &Asking) -> Result<Response, Refusal> {
    let name = asking.ask.name.as_deref().unwrap_or_default();
    let namespace = asking.ask.namespace.as_deref().unwrap_or_default();
    let pod =
        server.store.get(Kind::Pod, namespace, name).ok_or_else(|| Refusal::not_found(Kind::Pod, name))?;
    let query = &asking.query;
    let since = since(query, server.store.clock().now())?;
    let tail = query.number("tailLines")?;
    let left = limit(query, name)?;
    let container = container(&pod, query.get("container"))?;
    if text(&pod, "/spec/nodeName").is_empty() {
        return Ok(plain(Body::empty()));
    }
    let which = if query.is_set("previous") { Which::Previous } else { Which::Current };
    let id = instance(&pod, &container, which).map_err(Refusal::bad_request)?;
    let Some(mut reader) = server.logs.read(&id) else { return Ok(plain(Body::empty())) };
    let present = reader.ready();
    let begin = tail.map_or(0, |tail| tail_start(&present, tail));
    let sending = Sending {
        pending: present.into_iter().skip(begin).collect(),
        reader: Some(reader),
        since,
        stamps: if query.is_set("timestamps") { Stamps::Shown } else { Stamps::Hidden },
        left,
        at_line_start: true,
        follow: query.is_set("follow"),
    };
    let chunks = stream::unfold(sending, |mut sending| async move {
        let chunk = sending.next().await?;
        Some((Ok::<_, Infallible>(chunk), sending))
    });
    Ok(plain(Body::from_stream(chunks)))
}

impl Sending {
    /// The next piece of the body.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let piece = self.drain();
            if !piece.is_empty() {
                return Some(piece.into());
            }
            if self.left == 0 || !self.follow {
                return None;
            }
            self.pending = self.reader.as_mut()?.next().await?.into();
        }
    }

    /// Takes up to about 64 KiB of what is there.
    fn drain(&mut self) -> Vec<u8> {
        let mut piece = Vec::new();
        while piece.len() < 64 * 1024 && self.left > 0 {
            let Some(line) = self.pending.pop_front() else { break };
            if self.since.is_some_and(|since| line.at < since) {
                continue;
            }
            let before = piece.len();
            if self.stamps == Stamps::Shown && self.at_line_start {
                piece.extend_from_slice(line.at.to_rfc3339_opts(SecondsFormat::Nanos, true).as_bytes());
                piece.push(b' ');
            }
            piece.extend_from_slice(&line.bytes);
            self.at_line_start = line.bytes.ends_with(b"\n");
            piece.truncate(before.saturating_add(self.left));
            self.left -= piece.len() - before;
        }
        piece
    }
}

/// Where the last `tail` lines begin.
fn tail_start(lines: &[Line], tail: u64) -> usize {
    let ends: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(index, line)| line.bytes.ends_with(b"\n") || index + 1 == lines.len())
        .map(|(index, _)| index + 1)
        .collect();
    let tail = usize::try_from(tail).unwrap_or(usize::MAX);
    if tail == 0 {
        return lines.len();
    }
    match ends.len().checked_sub(tail + 1) {
        Some(before) => ends.get(before).copied().unwrap_or(0),
        None => 0,
    }
}

/// How many bytes may be sent.
fn limit(query: &Query, pod: &str) -> Result<usize, Refusal> {
    match query.number("limitBytes")? {
        Some(0) => {
            let problem = "Invalid value: 0: must be greater than 0";
            Err(Refusal::invalid(Kind::Pod, pod, "limitBytes", problem))
        }
        limit => Ok(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)),
    }
}

fn since(query: &Query, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let seconds = query.number("sinceSeconds")?;
    match (query.get("sinceTime"), seconds) {
        (Some(_), Some(_)) => {
            Err(Refusal::bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified"))
        }
        (Some(time), None) => DateTime::parse_from_rfc3339(time)
            .map(|time| Some(time.to_utc()))
            .map_err(|error| Refusal::bad_request(format!("parsing time \"{time}\": {error}"))),
        (None, seconds) => {
            Ok(seconds.map(|seconds| now - Duration::seconds(i64::try_from(seconds).unwrap_or_default())))
        }
    }
}

fn container(pod: &Value, wanted: Option<&str>) -> Result<String, Refusal> {
    let pod_name = text(pod, "/metadata/name");
    let names =
        |pointer: &str| items(pod, pointer).iter().map(|container| text(container, "/name").to_owned());
    let app: Vec<String> = names("/spec/containers").collect();
    let all: Vec<String> = names("/spec/initContainers").chain(app.iter().cloned()).collect();
    match (wanted, app.as_slice()) {
        (Some(wanted), _) if all.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => {
            Err(Refusal::bad_request(format!("container {wanted} is not valid for pod {pod_name}")))
        }
        (None, [only]) => Ok(only.clone()),
        (None, []) => {
            Err(Refusal::bad_request(format!("a container name must be specified for pod {pod_name}")))
        }
        (None, _) => Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {pod_name}, choose one of: [{}]",
            all.join(" ")
        ))),
    }
}

/// The id of the container whose log is meant, or why there is none.
fn instance(pod: &Value, container: &str, which: Which) -> Result<String, String> {
    let pod_name = text(pod, "/metadata/name");
    let status = STATUSES
        .iter()
        .flat_map(|pointer| items(pod, pointer))
        .find(|status| text(status, "/name") == container)
        .ok_or_else(|| format!("container \"{container}\" in pod \"{pod_name}\" is not available"))?;
    let last = text(status, "/lastState/terminated/containerID");
    if which == Which::Previous {
        return if last.is_empty() {
            Err(format!("previous terminated container \"{container}\" in pod \"{pod_name}\" not found"))
        } else {
            Ok(last.to_owned())
        };
    }
    let terminated = text(status, "/state/terminated/containerID");
    if status.pointer("/state/running").is_some() {
        return Ok(text(status, "/containerID").to_owned());
    }
    for id in [terminated, last] {
        if !id.is_empty() {
            return Ok(id.to_owned());
        }
    }
    let why = match text(status, "/state/waiting/reason") {
        _ if status.pointer("/state/terminated").is_some() => {
            return Err(format!("container \"{container}\" in pod \"{pod_name}\" is terminated"));
        }
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        "" => {
            return Err(format!(
                "container \"{container}\" in pod \"{pod_name}\" is waiting to start - no logs yet"
            ));
        }
        reason => reason,
    };
    Err(format!("container \"{container}\" in pod \"{pod_name}\" is waiting to start: {why}"))
}

fn plain(body: Body) -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, "text/plain")], body).into_response()
}
