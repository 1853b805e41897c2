//! Case files on a real disk.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use chrono::DateTime;
use domain::ports::CaseStore;
use domain::{
    AttemptNumber, CaseBuilder, CaseFile, CaseHeader, IncidentIdentity, NamedRepository, Redactor,
    RepositoryStanding, RolloutRef, Stage,
};
use rollmend_store::CaseFolder;

fn case(words: &str) -> CaseFile {
    let redactor = Redactor::default();
    let identity = IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    };
    let mut builder = CaseBuilder::new(&redactor, None);
    builder.missing("events", words);
    let moment = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let header = CaseHeader {
        incident: identity.id(),
        identity,
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtTrouble,
        follows: None,
        from: moment,
        frozen_at: moment,
        troubles: vec![],
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    };
    builder.freeze(header, None)
}

#[tokio::test]
async fn a_case_is_read_back_as_it_was_put_and_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseFolder::open(folder.path()).unwrap();
    let id = cases.put(&case("none")).await.unwrap();
    assert_eq!(cases.put(&case("none")).await.unwrap(), id);
    assert_eq!(cases.get(&id).await.unwrap(), case("none"));
    assert_ne!(cases.put(&case("other")).await.unwrap(), id);
}

#[tokio::test]
async fn a_case_whose_content_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseFolder::open(folder.path()).unwrap();
    let (one, other) = (cases.put(&case("one")).await.unwrap(), cases.put(&case("other")).await.unwrap());
    std::fs::copy(cases.path(&one), cases.path(&other)).unwrap();
    let failure = cases.get(&other).await.unwrap_err();
    assert_eq!(failure.kind, "case-damaged");
    assert!(failure.what.contains("does not have the digest of its name"), "{}", failure.what);
}

#[tokio::test]
async fn a_case_that_is_cut_anywhere_is_refused_and_never_half_read() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseFolder::open(folder.path()).unwrap();
    let id = cases.put(&case("none")).await.unwrap();
    let whole = std::fs::read(cases.path(&id)).unwrap();
    for length in 0..whole.len() {
        std::fs::write(cases.path(&id), &whole[..length]).unwrap();
        assert!(cases.get(&id).await.is_err(), "cut at {length} of {}", whole.len());
    }
}

#[tokio::test]
async fn a_missing_case_says_where_it_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseFolder::open(folder.path()).unwrap();
    let failure = cases.get(&"ab".repeat(32).parse().unwrap()).await.unwrap_err();
    assert!(failure.what.contains("there is no such file"), "{}", failure.what);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_fails_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseFolder::open(folder.path()).unwrap();
    std::fs::remove_dir(folder.path()).unwrap();
    std::fs::write(folder.path(), "a file where the folder was").unwrap();
    let failure = cases.put(&case("none")).await.unwrap_err();
    assert!(failure.what.contains(&folder.path().display().to_string()), "{}", failure.what);
    std::fs::remove_file(folder.path()).unwrap();
    std::fs::create_dir(folder.path()).unwrap();
}
