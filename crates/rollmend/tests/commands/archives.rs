//! `export` and `replay`.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::desk::{Desk, Said};
use crate::kept;

/// An incident, and the archive of it.
async fn exported(desk: &Desk) -> (String, String) {
    desk.write("agents.toml", kept::configuration(desk.folder()));
    let id = kept::incident(desk.folder()).await;
    let said = desk.run(&["export", "shop/checkout"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let file = format!("{id}.rollmend.gz");
    assert!(said.line(&file).contains("2 case files, 6 events"), "{said:?}");
    (id, file)
}

pub(crate) fn unpacked(desk: &Desk, file: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(desk.path(file)).unwrap()).read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The archive with another manifest, so that the digests fit what was changed.
pub(crate) fn with_digests(text: &str) -> String {
    let mut lines = text.lines();
    let mut manifest: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let documents: Vec<&str> = lines.collect();
    for (place, document) in documents.iter().enumerate() {
        manifest["documents"][place]["bytes"] = document.len().into();
        manifest["documents"][place]["sha256"] =
            domain::CaseFile::id_of(document.as_bytes()).to_string().into();
    }
    format!("{manifest}\n{}\n", documents.join("\n"))
}

async fn replayed(desk: &Desk, text: &str) -> Said {
    desk.write("changed.gz", packed(text.as_bytes()));
    desk.run(&["replay", "changed.gz"]).await
}

#[tokio::test]
async fn an_exported_incident_is_judged_again_elsewhere_with_the_same_digest_and_verdict() {
    let (here, elsewhere) = (Desk::new(), Desk::new());
    let (id, file) = exported(&here).await;
    std::fs::copy(here.path(&file), elsewhere.path("taken.gz")).unwrap();
    let said = elsewhere.run(&["replay", "taken.gz"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    for stage in ["at the trouble", "at the end"] {
        assert!(said.line(stage).ends_with("same digest, same verdict"), "{said:?}");
    }
    assert!(said.out.contains("NullPointerException") && said.out.contains("confidence"), "{said:?}");
    assert_eq!(elsewhere.names(), ["taken.gz"], "replay writes nothing");

    let json = elsewhere.run(&["replay", "--json", "taken.gz"]).await.json();
    assert_eq!((&json["incident"], &json["same"]), (&id.into(), &true.into()));
    let shown = here.run(&["show", "--json", "shop/checkout"]).await.json();
    assert_eq!(json["verdict"], shown["incident"]["verdict"], "the daemon's own verdict");
}

#[tokio::test]
async fn an_archive_holds_what_was_kept_and_no_secret() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let text = unpacked(&desk, &file);
    assert!(!text.contains(kept::SECRET), "redacted as it was stored");
    let shown = desk.run(&["show", "--json", "shop/checkout"]).await.json();
    let documents: Vec<Value> =
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&documents[0], &documents[1]), (&shown["incident"], &shown["history"]));
    assert_eq!(documents[3], shown["case"]);
}

#[tokio::test]
async fn an_export_never_overwrites_a_file() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let before = std::fs::read(desk.path(&file)).unwrap();
    let again = desk.run(&["export", "shop/checkout"]).await;
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already") && again.err.contains("--output"), "{again:?}");
    assert_eq!(std::fs::read(desk.path(&file)).unwrap(), before);
    assert_eq!(desk.run(&["export", "shop/checkout", "--output", "b.gz"]).await.code, 0);
    assert!(desk.run(&["export", "nothing"]).await.err.contains("there is no incident nothing"));
}

#[tokio::test]
async fn a_case_file_that_is_gone_is_named_and_the_rest_is_exported() {
    let desk = Desk::new();
    desk.write("agents.toml", kept::configuration(desk.folder()));
    kept::incident(desk.folder()).await;
    let shown = desk.run(&["show", "--json", "shop/checkout"]).await.json();
    let first = shown["incident"]["first_case"].as_str().unwrap().to_owned();
    std::fs::remove_file(desk.path("cases").join(&first[..2]).join(format!("{first}.json.gz"))).unwrap();
    let said = desk.run(&["export", "shop/checkout", "--output", "a.gz"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("not in it").contains(&first[..12]), "{said:?}");
    assert_eq!(desk.run(&["replay", "a.gz"]).await.code, 0);
}

#[tokio::test]
async fn evidence_that_was_changed_is_noticed_by_its_digest() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let text = unpacked(&desk, &file);
    let changed = replayed(&desk, &text.replace("Users.java:42", "Users.java:43")).await;
    assert_eq!(changed.code, 1);
    assert!(changed.err.contains("does not have the digest of the manifest"), "{changed:?}");
    assert_eq!(changed.out, "", "nothing of it is believed");
    let cut = replayed(&desk, &text[..text.len() - 100]).await;
    assert!(cut.err.contains("ends early"), "{cut:?}");
    let longer = replayed(&desk, &format!("{text}more")).await;
    assert!(longer.err.contains("more in it than its manifest lists"), "{longer:?}");
}

#[tokio::test]
async fn a_verdict_that_the_evidence_does_not_give_is_told_with_what_differs() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let text = unpacked(&desk, &file);
    let confidence = desk.run(&["replay", "--json", &file]).await.json()["verdict"]["confidence"].to_string();
    let (was, is) = (format!("\"confidence\":{confidence},"), "\"confidence\":99,");
    assert!(text.contains(&was), "the verdict's confidence is in it");
    let said = replayed(&desk, &with_digests(&text.replace(&was, is))).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.line("at the end").starts_with("✗"), "{said:?}");
    assert!(said.out.contains(&format!("verdict: confidence was 99, is {confidence}")), "{said:?}");

    // The rules' judgement is as it was; what the daemon is said to have reached is not.
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let history = lines[2].replace(&was, is);
    let forged = [&lines[..2], &[history], &lines[3..]].concat().join("\n");
    let said = replayed(&desk, &with_digests(&forged)).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("verdict of the daemon: confidence was 99"), "{said:?}");
}

#[tokio::test]
async fn hostile_files_are_refused_in_words_and_bounds() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let text = unpacked(&desk, &file);
    let (manifest, rest) = text.split_once('\n').unwrap();
    let manifest: Value = serde_json::from_str(manifest).unwrap();
    let with = |change: fn(&mut Value)| {
        let mut changed = manifest.clone();
        change(&mut changed);
        format!("{changed}\n{rest}")
    };
    let lie = with(|manifest| manifest["documents"][0]["bytes"] = (1_u64 << 40).into());
    let newer = with(|manifest| manifest["version"] = 2.into());
    let other = with(|manifest| manifest["format"] = "tar".into());
    let path = with(|manifest| manifest["documents"][0]["part"] = "../../etc/passwd".into());
    let twice = with_digests(&with(|manifest| manifest["documents"][1]["part"] = "incident".into()));
    let foreign = with(|manifest| manifest["incident"] = "shop-checkout-00000000".into());
    for (hostile, words) in [
        (lie.as_str(), "holds more than 128 MiB"),
        (&newer, "archive of version 2: this rollmend reads version 1"),
        (&other, "names another format"),
        (&path, "its manifest is odd"),
        (&twice, "is there twice"),
        (&foreign, "of different incidents"),
        ("{}\n", "does not begin with a manifest"),
        ("", "does not begin with a manifest"),
    ] {
        let said = replayed(&desk, hostile).await;
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{words}");
        assert!(said.err.contains(words), "{words}: {said:?}");
    }
    desk.write("plain.gz", &text);
    assert!(desk.run(&["replay", "plain.gz"]).await.err.contains("it is no gzip file"));
    assert!(desk.run(&["replay", "."]).await.err.contains("it is no file"));
    assert!(desk.run(&["replay", "absent"]).await.err.contains("failed to read absent"));
}

#[tokio::test]
async fn a_file_that_unpacks_to_much_more_is_not_read_to_its_end() {
    let desk = Desk::new();
    let (_, file) = exported(&desk).await;
    let text = unpacked(&desk, &file);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(b' ').take(1 << 26), &mut encoder).unwrap();
    desk.write("bomb.gz", encoder.finish().unwrap());
    let said = desk.run(&["replay", "bomb.gz"]).await;
    assert_eq!(said.code, 1);
    assert!(said.err.contains("more in it than its manifest lists"), "{said:?}");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut std::io::repeat(b'{').take(1 << 21), &mut encoder).unwrap();
    desk.write("no-line.gz", encoder.finish().unwrap());
    assert!(desk.run(&["replay", "no-line.gz"]).await.err.contains("does not begin with a manifest"));
}
