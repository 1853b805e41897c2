//! The journal on a real file.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::{EffectId, Journal, PendingEffect, RecordedEvent, Step};
use domain::workflow::{Detection, Event, Trigger, open, transition};
use domain::{IncidentIdentity, Mode, NamedRepository, RolloutRef, Stage, Trouble};
use rollmend_store::{Error, Lock, SqliteJournal};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
}

fn detection(canary: &str) -> Detection {
    Detection {
        identity: IncidentIdentity {
            cluster: "c1".parse().unwrap(),
            rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
            uid: "11e7bd8a".parse().unwrap(),
            canary: canary.parse().unwrap(),
        },
        mode: Mode::Propose,
        attempt_started_at: at(-60),
        troubles: vec![Trouble::AbortedByHand],
        trigger: Trigger::Watch,
        named: NamedRepository::default(),
    }
}

fn opening(canary: &str) -> Step {
    let detection = detection(canary);
    let opened = open(detection.clone(), at(0));
    let event = Event::Detected { detection: Box::new(detection) };
    Step { run: opened.run, at: at(0), event, effects: opened.effects, settles: None }
}

fn freezing(before: &Step) -> Step {
    let event = Event::CaseFrozen {
        attempt: before.run.attempt,
        stage: Stage::AtTrouble,
        case: "ab".repeat(32).parse().unwrap(),
    };
    let next = transition(&before.run, event.clone(), at(1)).unwrap();
    let settles = Some(EffectId { incident: before.run.id.clone(), event: 1, index: 0 });
    Step { run: next.run, at: at(1), event, effects: next.effects, settles }
}

async fn journal(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(&folder.join("rollmend.db")).await.unwrap()
}

#[tokio::test]
async fn state_event_and_effects_of_a_step_are_there_after_the_file_was_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let first = opening("86686d4656");
    journal(folder.path()).await.commit(&first).await.unwrap();

    let journal = journal(folder.path()).await;
    assert_eq!(journal.load(&first.run.id).await.unwrap().as_ref(), Some(&first.run));
    assert_eq!(
        journal.history(&first.run.id).await.unwrap(),
        [RecordedEvent { number: 1, at: at(0), event: first.event.clone() }]
    );
    let id = EffectId { incident: first.run.id.clone(), event: 1, index: 0 };
    assert_eq!(journal.pending().await.unwrap(), [PendingEffect { id, effect: first.effects[0].clone() }]);
}

#[tokio::test]
async fn the_event_that_carries_an_effects_result_settles_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path()).await;
    let first = opening("86686d4656");
    let second = freezing(&first);
    journal.commit(&first).await.unwrap();
    journal.commit(&second).await.unwrap();

    let pending = journal.pending().await.unwrap();
    let id = EffectId { incident: first.run.id.clone(), event: 2, index: 0 };
    assert_eq!(pending, [PendingEffect { id, effect: second.effects[0].clone() }]);
    assert_eq!(journal.load(&first.run.id).await.unwrap(), Some(second.run));
}

#[tokio::test]
async fn a_second_writer_of_the_same_number_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path()).await;
    let first = opening("86686d4656");
    journal.commit(&first).await.unwrap();

    let failure = journal.commit(&first).await.unwrap_err();
    assert_eq!(failure.kind, "journal-conflict");
    let mut stale = freezing(&first);
    stale.run.version = 3;
    assert_eq!(journal.commit(&stale).await.unwrap_err().kind, "journal-conflict");
    assert_eq!(journal.history(&first.run.id).await.unwrap().len(), 1);
    assert_eq!(journal.pending().await.unwrap().len(), 1);
}

#[tokio::test]
async fn incidents_come_last_changed_first() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path()).await;
    let (old, mut new) = (opening("86686d4656"), opening("678dd648d6"));
    new.at = at(0) + TimeDelta::seconds(5);
    journal.commit(&old).await.unwrap();
    journal.commit(&new).await.unwrap();
    let ids: Vec<_> = journal.runs().await.unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(ids, [new.run.id, old.run.id]);
}

#[tokio::test]
async fn a_reader_reads_while_the_daemon_has_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let writer = journal(folder.path()).await;
    let first = opening("86686d4656");
    writer.commit(&first).await.unwrap();
    let reader = SqliteJournal::read_only(&folder.path().join("rollmend.db")).await.unwrap();
    assert_eq!(reader.runs().await.unwrap(), std::slice::from_ref(&first.run));
    assert!(reader.commit(&freezing(&first)).await.is_err(), "a reader wrote");
}

#[tokio::test]
async fn a_damaged_file_is_refused_with_what_to_do_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    std::fs::write(&path, b"this is no database, whatever its name says".repeat(200)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = SqliteJournal::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("move it away"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_with_a_torn_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    let journal = SqliteJournal::open(&path).await.unwrap();
    for canary in ["a1", "a2", "a3", "a4"] {
        journal.commit(&opening(canary)).await.unwrap();
    }
    journal.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = SqliteJournal::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_journal_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    SqliteJournal::open(&path).await.unwrap().close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', 1, x'00', 0)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let error = SqliteJournal::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn reading_a_journal_that_is_not_there_says_so_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    assert!(matches!(SqliteJournal::read_only(&path).await.unwrap_err(), Error::Absent { .. }));
    assert!(!path.exists());
}

#[test]
fn a_second_daemon_is_told_who_has_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    let held = Lock::take(&path, "process 4711 on node-3").unwrap();
    let error = Lock::take(&path, "process 4712 on node-3").unwrap_err();
    assert!(error.to_string().contains("process 4711 on node-3 has it"), "{error}");
    drop(held);
    Lock::take(&path, "process 4712 on node-3").unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_the_journal_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollmend.db");
    let journal = SqliteJournal::open(&path).await.unwrap();
    let first = opening("86686d4656");
    journal.commit(&first).await.unwrap();
    let full = SqliteJournal::open_with_limit(&path, 1).await.unwrap();
    let mut large = freezing(&first);
    large.run.triggers = BTreeSet::from([Trigger::Watch, Trigger::MetricPlugin]);
    large.run.named.request = Some("x".repeat(4 << 20));
    let failure = full.commit(&large).await.unwrap_err();
    assert_eq!(failure.kind, "disk-full");
    assert!(failure.sentence().contains("make room"), "{}", failure.sentence());
    assert_eq!(journal.load(&first.run.id).await.unwrap(), Some(first.run.clone()));
    // What fits is written, on every connection that was refused before.
    full.commit(&large).await.unwrap_err();
    full.commit(&freezing(&first)).await.unwrap();
}
