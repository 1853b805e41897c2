//! The memory limit of a container, and when its process outgrows it.

use std::{num::NonZeroU64, path::PathBuf, time::Duration};

use serde_json::Value;

use crate::kubernetes::text;

/// The time between two looks at a process.
const LOOK: Duration = Duration::from_millis(25);

/// `resources.limits.memory` of a container in bytes; `None` where there is no limit, or none that can be read.
pub(crate) fn limit(container: &Value) -> Option<NonZeroU64> {
    let limits = container.pointer("/resources/limits/memory")?;
    let quantity = limits.as_u64().map(|bytes| bytes.to_string());
    bytes(quantity.as_deref().unwrap_or_else(|| text(container, "/resources/limits/memory")))
}

/// Resolves when the process holds more than the limit; never without a limit, or once the process is gone.
///
/// What counts is memory that cannot be given back, as for the limit of a control group: anonymous and shared, not the
/// program's own file (`RssAnon` and `RssShmem` of proc(5)). Children of the process are not counted.
pub(crate) async fn outgrown(process: Option<u32>, limit: Option<NonZeroU64>) {
    let (Some(process), Some(limit)) = (process, limit) else { return std::future::pending().await };
    let status = PathBuf::from(format!("/proc/{process}/status"));
    loop {
        // The file is made up when it is read; no disk is waited for.
        let held = std::fs::read_to_string(&status).ok().and_then(|status| held(&status));
        if held.is_some_and(|held| held > limit.get()) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The bytes that a process holds, by its status; `None` for one that has ended.
fn held(status: &str) -> Option<u64> {
    let line = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    Some((line("RssAnon")? + line("RssShmem").unwrap_or(0)) * 1024)
}

/// A whole number of bytes in Kubernetes' notation: `64Mi`, `1G`, `1048576`.
fn bytes(quantity: &str) -> Option<NonZeroU64> {
    let digits = quantity.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at_checked(digits)?;
    let factor: u64 = match unit {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    NonZeroU64::new(number.parse::<u64>().ok()?.checked_mul(factor)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_is_read_in_the_notation_of_manifests() {
        let of =
            |memory: Value| limit(&json!({"resources": {"limits": {"memory": memory}}})).map(NonZeroU64::get);
        assert_eq!(of(json!("64Mi")), Some(64 * 1024 * 1024));
        assert_eq!(of(json!("1G")), Some(1_000_000_000));
        assert_eq!(of(json!("1048576")), Some(1_048_576));
        assert_eq!(of(json!(1_048_576)), Some(1_048_576));
        for unreadable in
            [json!("lots"), json!("1.5Gi"), json!("0"), json!("99999999999999999999Gi"), json!(null)]
        {
            assert_eq!(of(unreadable.clone()), None, "{unreadable}");
        }
        assert_eq!(limit(&json!({"name": "shop"})), None);
    }

    #[test]
    fn files_that_are_mapped_do_not_count_and_one_that_ended_holds_nothing() {
        let status = "Name:\tshop\nVmRSS:\t  9000 kB\nRssAnon:\t    1000 kB\nRssFile:\t    7976 kB\nRssShmem:\t      24 kB\n";
        assert_eq!(held(status), Some(1_024 * 1_024));
        assert_eq!(held("Name:\tshop\nState:\tZ (zombie)\n"), None);
    }
}
