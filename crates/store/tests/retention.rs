//! What is kept and what goes, on real files.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::{CaseStore, Journal, Step};
use domain::workflow::{Detection, Event, Run, Trigger, open, transition};
use domain::{
    AttemptNumber, CaseBuilder, CaseFile, CaseHeader, CaseId, IncidentIdentity, Mode, NamedRepository,
    Redactor, RepositoryStanding, RolloutRef, Stage, Trouble,
};
use rollmend_store::{CaseFolder, Keep, SqliteJournal, Swept, sweep};

const ALL: Keep = Keep { incidents: TimeDelta::days(90), case_files: u64::MAX };

/// A day of 2026's November.
fn day(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
}

fn identity(canary: &str) -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: canary.parse().unwrap(),
    }
}

fn case(canary: &str) -> CaseFile {
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    builder.missing("events", format!("of {canary}"));
    let header = CaseHeader {
        incident: identity(canary).id(),
        identity: identity(canary),
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtTrouble,
        follows: None,
        from: day(1),
        frozen_at: day(1),
        troubles: vec![],
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    };
    builder.freeze(header, None)
}

struct House {
    _folder: tempfile::TempDir,
    journal: SqliteJournal,
    cases: CaseFolder,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(&folder.path().join("rollmend.db")).await.unwrap();
        let cases = CaseFolder::open(&folder.path().join("cases")).unwrap();
        Self { _folder: folder, journal, cases }
    }

    /// An incident whose first case is frozen; its analysis is asked for and has no result.
    async fn open(&self, canary: &str, at: DateTime<Utc>) -> (Run, CaseId) {
        let detection = Detection {
            identity: identity(canary),
            mode: Mode::Propose,
            attempt_started_at: at,
            troubles: vec![Trouble::AbortedByHand],
            trigger: Trigger::Watch,
            named: NamedRepository::default(),
        };
        let opened = open(detection.clone(), at);
        let id = self.cases.put(&case(canary)).await.unwrap();
        let step = |run, event, effects, settles| Step { run, at, event, effects, settles };
        let detected = Event::Detected { detection: Box::new(detection) };
        self.journal.commit(&step(opened.run.clone(), detected, vec![], None)).await.unwrap();
        let frozen =
            Event::CaseFrozen { attempt: opened.run.attempt, stage: Stage::AtTrouble, case: id.clone() };
        let next = transition(&opened.run, frozen.clone(), at).unwrap();
        self.journal.commit(&step(next.run.clone(), frozen, next.effects, None)).await.unwrap();
        (next.run, id)
    }

    /// The same, ended by a newer revision, with every effect settled.
    async fn finished(&self, canary: &str, at: DateTime<Utc>) -> (Run, CaseId) {
        let (run, id) = self.open(canary, at).await;
        let event = Event::Superseded { by: None };
        let next = transition(&run, event.clone(), at).unwrap();
        let settles =
            self.journal.pending().await.unwrap().into_iter().find(|effect| effect.id.incident == run.id);
        let step =
            Step { run: next.run, at, event, effects: vec![], settles: settles.map(|effect| effect.id) };
        self.journal.commit(&step).await.unwrap();
        (step.run, id)
    }

    async fn incidents(&self) -> Vec<Run> {
        self.journal.runs().await.unwrap()
    }

    fn has(&self, id: &CaseId) -> bool {
        self.cases.path(id).is_file()
    }

    fn age(&self, id: &CaseId, at: DateTime<Utc>) {
        let file = File::options().write(true).open(self.cases.path(id)).unwrap();
        file.set_modified(SystemTime::from(at)).unwrap();
    }

    async fn sweep(&self, keep: Keep, now: DateTime<Utc>) -> Swept {
        sweep(&self.journal, &self.cases, keep, now).await.unwrap()
    }
}

fn size(path: &Path) -> u64 {
    path.metadata().unwrap().len()
}

#[tokio::test]
async fn a_finished_incident_is_forgotten_after_its_days_with_its_case_and_an_open_one_never() {
    let house = House::new().await;
    let (_, old) = house.finished("aaaaaaaaaa", day(1)).await;
    let (recent, kept) = house.finished("bbbbbbbbbb", day(20)).await;
    let (open, evidence) = house.open("cccccccccc", day(1)).await;
    for id in [&old, &kept, &evidence] {
        house.age(id, day(1));
    }
    let keep = Keep { incidents: TimeDelta::days(10), ..ALL };
    assert_eq!(house.sweep(keep, day(24)).await, Swept { incidents: 1, case_files: 1, over: 0 });
    assert_eq!(house.incidents().await, [recent, open]);
    assert_eq!([&old, &kept, &evidence].map(|id| house.has(id)), [false, true, true]);
    assert_eq!(house.sweep(keep, day(24)).await, Swept::default());
}

#[tokio::test]
async fn the_oldest_finished_case_goes_first_when_room_is_short() {
    let house = House::new().await;
    let (_, first) = house.finished("aaaaaaaaaa", day(1)).await;
    let (_, second) = house.finished("bbbbbbbbbb", day(2)).await;
    let (_, third) = house.finished("cccccccccc", day(3)).await;
    let case_files = size(&house.cases.path(&second)) + size(&house.cases.path(&third));
    assert_eq!(
        house.sweep(Keep { case_files, ..ALL }, day(24)).await,
        Swept { incidents: 0, case_files: 1, over: 0 }
    );
    assert_eq!([&first, &second, &third].map(|id| house.has(id)), [false, true, true]);
    assert_eq!(house.incidents().await.len(), 3);
}

#[tokio::test]
async fn evidence_of_an_open_incident_stays_and_what_is_over_is_told() {
    let house = House::new().await;
    let (_, id) = house.open("aaaaaaaaaa", day(1)).await;
    let bytes = size(&house.cases.path(&id));
    let swept = house.sweep(Keep { case_files: 10, ..ALL }, day(24)).await;
    assert_eq!(swept, Swept { incidents: 0, case_files: 0, over: bytes - 10 });
    assert!(house.has(&id));
}

#[tokio::test]
async fn a_case_that_no_incident_names_goes_after_an_hour() {
    let house = House::new().await;
    let id = house.cases.put(&case("dddddddddd")).await.unwrap();
    house.age(&id, day(24) - TimeDelta::minutes(59));
    assert_eq!(house.sweep(ALL, day(24)).await, Swept::default());
    house.age(&id, day(24) - TimeDelta::minutes(61));
    assert_eq!(house.sweep(ALL, day(24)).await, Swept { incidents: 0, case_files: 1, over: 0 });
}
