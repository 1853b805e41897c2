//! The readiness probe.

use std::time::Duration;

use super::{
    Readiness,
    pod::{Pod, Probe},
};
use crate::{kubernetes::Importance, outbound};

/// How long one probe may take (the kubelet's default).
const TIMEOUT: Duration = Duration::from_secs(1);

/// Keeps the container's readiness up to date, until it is dropped.
pub(crate) async fn probe(pod: Pod, container: String, readiness: Readiness) {
    let Readiness::Http { url, every } = readiness else {
        pod.probed(&container, Probe::Passed);
        return;
    };
    let client = match outbound::client(TIMEOUT) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "failed to make a client for readiness probes");
            return;
        }
    };
    loop {
        let failure = match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() || answer.status().is_redirection() => None,
            Ok(answer) => Some(format!("HTTP probe failed with statuscode: {}", answer.status().as_u16())),
            Err(error) => Some(format!("Get \"{url}\": {}", cause(&error))),
        };
        pod.probed(&container, if failure.is_none() { Probe::Passed } else { Probe::Failed });
        if let Some(failure) = failure {
            pod.report(Importance::Warning, "Unhealthy", format!("Readiness probe failed: {failure}"));
        }
        tokio::time::sleep(every).await;
    }
}

/// The innermost cause in the words of Go's dialer where it is the usual one.
fn cause(error: &reqwest::Error) -> String {
    if error.is_connect() {
        "dial tcp: connect: connection refused".to_owned()
    } else if error.is_timeout() {
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned()
    } else {
        "EOF".to_owned()
    }
}
