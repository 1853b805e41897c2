//! Counts requests by status, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<u16, u64>>,
}

impl Metrics {
    pub fn count(&self, status: u16) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }

    pub fn exposition(&self) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = requests
            .iter()
            .map(|(status, count)| format!("http_requests_total{{status=\"{status}\"}} {count}\n"));
        format!("# TYPE http_requests_total counter\n{}", lines.collect::<String>())
    }
}
