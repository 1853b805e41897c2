//! What models cost and where their runs have come to, on a real file.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ports::{Checkpoints, Ledger};
use domain::{Budget, Cost, IncidentId, OverBudget};
use rollmend_store::SqliteJournal;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn incident(name: &str) -> IncidentId {
    name.parse().unwrap()
}

fn cents(cents: u64) -> Cost {
    Cost { input_tokens: cents * 100, output_tokens: cents, micro_usd: cents * 10_000 }
}

const BUDGET: Budget = Budget {
    per_incident_micro_usd: 1_000_000,
    per_incident_time: Duration::from_mins(20),
    per_day_micro_usd: 1_500_000,
};

async fn journal(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(&folder.join("rollmend.db")).await.unwrap()
}

#[tokio::test]
async fn what_is_held_back_counts_until_it_is_settled_and_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first, noon) = (incident("shop-a-00000001"), at("2026-11-24T12:00:00Z"));
    let ledger = journal(folder.path()).await;
    let held = ledger.reserve(&first, cents(90), noon, &BUDGET).await.unwrap().unwrap();
    assert_eq!(ledger.reserve(&first, cents(20), noon, &BUDGET).await.unwrap(), Err(OverBudget::Incident));
    ledger.close().await;
    let ledger = journal(folder.path()).await;
    assert_eq!(ledger.spent(&first).await.unwrap(), cents(90));
    ledger.settle(&held, cents(3)).await.unwrap();
    ledger.settle(&held, cents(50)).await.unwrap();
    assert_eq!(ledger.spent(&first).await.unwrap(), cents(3));
    assert!(ledger.reserve(&first, cents(97), noon, &BUDGET).await.unwrap().is_ok());
    assert_eq!(ledger.reserve(&first, cents(1), noon, &BUDGET).await.unwrap(), Err(OverBudget::Incident));
}

#[tokio::test]
async fn a_day_has_one_budget_for_all_incidents_and_the_next_day_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = journal(folder.path()).await;
    let (late, midnight) = (at("2026-11-24T23:59:59Z"), at("2026-11-25T00:00:00Z"));
    assert!(ledger.reserve(&incident("shop-a-00000001"), cents(80), late, &BUDGET).await.unwrap().is_ok());
    let second = incident("shop-b-00000002");
    assert_eq!(ledger.reserve(&second, cents(80), late, &BUDGET).await.unwrap(), Err(OverBudget::Day));
    assert_eq!(ledger.spent(&second).await.unwrap(), Cost::default());
    assert!(ledger.reserve(&second, cents(80), midnight, &BUDGET).await.unwrap().is_ok());
}

#[tokio::test]
async fn calls_at_once_never_pass_the_limit_together() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = journal(folder.path()).await;
    let (id, now) = (incident("shop-a-00000001"), at("2026-11-24T12:00:00Z"));
    let calls = (0..10).map(|_| ledger.reserve(&id, cents(30), now, &BUDGET));
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count(), 3);
}

#[tokio::test]
async fn a_checkpoint_is_there_until_it_is_cleared_and_too_large_a_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = journal(folder.path()).await;
    assert_eq!(checkpoints.load("a/1/analyzer").await.unwrap(), None);
    checkpoints.save("a/1/analyzer", b"one").await.unwrap();
    checkpoints.save("a/1/analyzer", b"two").await.unwrap();
    checkpoints.close().await;
    let checkpoints = journal(folder.path()).await;
    assert_eq!(checkpoints.load("a/1/analyzer").await.unwrap(), Some(b"two".to_vec()));
    let refused = checkpoints.save("a/1/analyzer", &vec![0; (8 << 20) + 1]).await.unwrap_err();
    assert_eq!(refused.kind, "checkpoint-size");
    assert_eq!(checkpoints.load("a/1/analyzer").await.unwrap(), Some(b"two".to_vec()));
    checkpoints.clear("a/1/analyzer").await.unwrap();
    assert_eq!(checkpoints.load("a/1/analyzer").await.unwrap(), None);
}
