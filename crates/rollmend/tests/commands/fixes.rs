//! `fix`.

use std::path::PathBuf;

use serde_json::{Value, json};
use testbed::github::{Change, PullState};

use crate::archives::{packed, unpacked, with_digests};
use crate::desk::Desk;
use crate::kept;
use crate::outside::{BROKEN, GITHUB_TOKEN, Outside, REPOSITORY, SOUND};

const FILE: &str = "shop/pricing.py";

/// A clone of the shop's repository as a person has one.
fn clone(outside: &Outside) -> (git2::Repository, PathBuf) {
    let path = outside.desk.path("clone");
    let served = outside.github.path(REPOSITORY).unwrap();
    (git2::Repository::clone(served.to_str().unwrap(), &path).unwrap(), path)
}

fn branch(outside: &Outside) -> String {
    format!("rollmend/main/{}", &outside.culprit[..12])
}

fn content(repository: &git2::Repository, tree: &git2::Tree<'_>) -> String {
    let blob = tree.get_path(FILE.as_ref()).unwrap().to_object(repository).unwrap();
    String::from_utf8(blob.as_blob().unwrap().content().to_vec()).unwrap()
}

#[tokio::test]
async fn a_patch_is_shown_and_nothing_is_changed() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let before = outside.kubernetes.store().version();
    let said = outside.run(&["fix", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let heads: Vec<&str> =
        said.out.lines().filter_map(|line| line.strip_prefix("✓ ")?.split(' ').next()).collect();
    assert_eq!(heads, ["rollout", "evidence", "digest", "cause", "patch"], "{said:?}");
    let row = format!("undoes {} on main: shop/pricing.py +1 −1", &outside.culprit[..7]);
    assert!(said.line("✓ patch").contains(&row), "{said:?}");
    for line in BROKEN.lines().filter(|line| !SOUND.contains(line)) {
        assert!(said.out.contains(&format!("\n-{line}\n")), "{said:?}");
    }
    assert!(said.out.contains("\n+    price = order.get(\"price\", 0)\n"), "{said:?}");
    assert!(said.line("Nothing was changed").contains(&branch(&outside)), "{said:?}");

    assert_eq!(outside.writes(), Vec::<String>::new());
    assert_eq!(outside.kubernetes.store().version(), before);
    let refs = outside.github.refs(REPOSITORY).unwrap();
    assert_eq!(refs.keys().filter(|name| name.contains("rollmend")).count(), 0);
    assert_eq!(outside.github.pulls(REPOSITORY).unwrap(), []);
    assert_eq!(outside.desk.names(), ["agents.toml", "kubeconfig"], "no journal, no case, no clone");
}

#[tokio::test]
async fn a_patch_alone_is_what_git_applies() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let bare = outside.run(&["fix", "shop/shop", "--output", "-"]).await;
    assert_eq!((bare.code, bare.err.as_str()), (0, ""), "{bare:?}");
    let written = outside.run(&["fix", "shop/shop", "--output", "mend.patch"]).await;
    assert!(written.line("✓ written").contains("git apply"), "{written:?}");
    assert_eq!(std::fs::read_to_string(outside.desk.path("mend.patch")).unwrap(), bare.out);
    let (repository, _) = clone(&outside);
    let base = repository.head().unwrap().peel_to_tree().unwrap();
    assert_eq!(content(&repository, &base), BROKEN);
    let diff = git2::Diff::from_buffer(bare.out.as_bytes()).unwrap();
    let mut index = repository.apply_to_tree(&base, &diff, None).unwrap();
    let mended = repository.find_tree(index.write_tree_to(&repository).unwrap()).unwrap();
    assert_eq!(content(&repository, &mended), SOUND);
    let again = outside.run(&["fix", "shop/shop", "--output", "mend.patch"]).await;
    assert_eq!((again.code, again.err.contains("mend.patch is there already")), (1, true), "{again:?}");
}

#[tokio::test]
async fn a_branch_is_made_in_a_clone_of_ones_own_once_and_nothing_is_checked_out_or_pushed() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let (repository, path) = clone(&outside);
    let head = repository.head().unwrap().target();
    let said = outside.run(&["fix", "shop/shop", "--into", "clone"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("✓ branch").contains(&format!("{} is new", branch(&outside))), "{said:?}");
    let made = repository.find_branch(&branch(&outside), git2::BranchType::Local).unwrap().into_reference();
    let commit = made.peel_to_commit().unwrap();
    assert_eq!(content(&repository, &commit.tree().unwrap()), SOUND);
    assert_eq!(commit.parent_id(0).ok(), head);
    assert_eq!(repository.head().unwrap().target(), head);
    assert_eq!(std::fs::read_to_string(path.join(FILE)).unwrap(), BROKEN);
    assert!(repository.statuses(None).unwrap().is_empty());

    let again = outside.run(&["fix", "--json", "shop/shop", "--into", "clone"]).await;
    assert_eq!(again.json()["done"], json!({"kind": "branch", "into": "clone", "new": false}));
    repository.reference(&format!("refs/heads/{}", branch(&outside)), head.unwrap(), true, "").unwrap();
    let taken = outside.run(&["fix", "shop/shop", "--into", "clone"]).await;
    assert_eq!((taken.code, taken.err.contains("it is there with commit")), (1, true), "{taken:?}");
    let tip = repository.refname_to_id(&format!("refs/heads/{}", branch(&outside))).ok();
    assert_eq!(tip, head, "a branch of another is left alone");
    let refs = outside.github.refs(REPOSITORY).unwrap();
    assert_eq!(refs.keys().filter(|name| name.contains("rollmend")).count(), 0);
}

#[tokio::test]
async fn a_clone_that_is_behind_or_none_is_told_what_to_do() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    clone(&outside);
    let later = Change { message: "Go on", files: &[("README", Some("more\n"))] };
    outside.github.human("ada").push(REPOSITORY, "main", &later).unwrap();
    let behind = outside.run(&["fix", "shop/shop", "--into", "clone"]).await;
    assert_eq!((behind.code, behind.err.contains("git -C clone fetch")), (1, true), "{behind:?}");
    std::fs::create_dir(outside.desk.path("empty")).unwrap();
    let none = outside.run(&["fix", "shop/shop", "--into", "empty"]).await;
    assert!(none.err.contains("name the top of a clone"), "{none:?}");
    let absent = outside.run(&["fix", "shop/shop", "--into", "absent"]).await;
    assert_eq!((absent.code, absent.out.as_str()), (1, ""), "nobody works for nothing: {absent:?}");
}

#[tokio::test]
async fn a_pull_request_is_opened_once_by_consent_and_a_closed_one_is_not_opened_again() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let file = std::fs::read_to_string(outside.desk.path("agents.toml")).unwrap();
    outside.desk.write("agents.toml", file.replace("mode = \"propose\"", "mode = \"observe\""));
    let _kubelet = outside.break_shop().await;
    let opened = outside.run(&["fix", "shop/shop", "--open"]).await;
    assert_eq!(opened.code, 0, "{opened:?}");
    assert!(opened.line("✓ offered").contains("is open, as a draft"), "{opened:?}");
    let pulls = outside.github.pulls(REPOSITORY).unwrap();
    let [pull] = pulls.as_slice() else { panic!("{pulls:?}") };
    assert_eq!((pull.head.as_str(), &pull.state), (branch(&outside).as_str(), &PullState::Open));
    let joined = outside.run(&["fix", "--json", "shop/shop", "--open"]).await;
    assert_eq!(
        (joined.code, &joined.json()["done"]["kind"]),
        (0, &Value::from("already-open")),
        "{joined:?}"
    );
    outside.github.human("ada").close_pull(REPOSITORY, pull.number).unwrap();
    let declined = outside.run(&["fix", "shop/shop", "--open"]).await;
    assert_eq!(declined.code, 1, "{declined:?}");
    assert!(declined.line("✗ offered").contains("closed unmerged"), "{declined:?}");
    assert_eq!(outside.github.pulls(REPOSITORY).unwrap().len(), 1);
    assert_eq!(outside.writes(), Vec::<String>::new(), "nothing is written to the cluster");
}

#[tokio::test]
async fn without_a_token_no_pull_request_is_begun() {
    let outside = Outside::new().await;
    outside.configure("", "");
    let _kubelet = outside.break_shop().await;
    let said = outside.desk.run(&["fix", "shop/shop", "--open", "--kubeconfig", "kubeconfig"]).await;
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    assert!(said.err.contains("there is no token for GitHub"), "{said:?}");
    assert!(outside.kubernetes.wire().asked().is_empty());
}

#[tokio::test]
async fn nothing_to_mend_and_no_patch_end_with_different_codes() {
    let outside = Outside::new().await;
    outside.configure("", "");
    outside.open_shop();
    let calm = outside.run(&["fix", "shop/shop"]).await;
    assert_eq!(calm.code, 0, "{calm:?}");
    assert!(calm.out.contains("Nothing to mend: shop/shop has no canary."), "{calm:?}");
    let json = outside.run(&["fix", "shop/shop", "--json"]).await.json();
    assert_eq!((&json["patch"], &json["done"]), (&Value::Null, &Value::Null));

    let outside = Outside::new().await;
    let _kubelet = outside.break_shop().await;
    let said = outside.run(&["fix", "shop/shop"]).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.line("✗ no patch").contains("is not listed in agents.toml"), "{said:?}");
    assert!(outside.github.wire().asked().is_empty(), "no repository is read that nobody listed");
    let bare = outside.run(&["fix", "shop/shop", "--output", "-"]).await;
    assert_eq!((bare.code, bare.out.as_str()), (1, ""), "{bare:?}");
    assert!(bare.err.contains("there is no patch"), "{bare:?}");
}

#[tokio::test]
async fn an_incident_of_the_journal_and_its_archive_are_mended_alike() {
    let here = Desk::new();
    here.write("agents.toml", kept::configuration(here.folder()));
    let id = kept::incident(here.folder()).await;
    here.run(&["export", &id, "--output", "a.gz"]).await;
    let journal = here.run(&["fix", &id]).await;
    assert_eq!(journal.code, 1, "{journal:?}");
    assert!(journal.line("✓ incident").contains(&id), "{journal:?}");
    assert!(journal.line("✗ no patch").contains("nothing names the repository"), "{journal:?}");
    let archive = here.run(&["fix", "--case", "a.gz"]).await;
    assert_eq!((archive.code, archive.line("✗ no patch")), (1, journal.line("✗ no patch")));
    let unknown = here.run(&["fix", "nobody"]).await;
    assert!(unknown.err.contains("there is no incident nobody"), "{unknown:?}");
    assert_eq!(here.run(&["fix"]).await.code, 2);
    assert_eq!(here.run(&["fix", "a/b", "--into", "x", "--open"]).await.code, 2);
}

/// The archive with case files that name the repository and hold it for allowed, and every mention of them changed with them.
fn allowing(text: &str, page: &str) -> String {
    let repository = json!({"url": page, "base": "main", "paths": [], "labels": []});
    let allowed = format!("\"repository\":{}", json!({"standing": "allowed", "repository": repository}));
    let named = format!("\"named\":{{\"annotation\":\"{page}\"");
    let id = |line: &str| domain::CaseFile::id_of(line.as_bytes()).to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let before: Vec<String> = lines.iter().map(|line| id(line)).collect();
    for (place, old) in before.iter().enumerate() {
        if !lines[place].contains("\"exhibits\":[") {
            continue;
        }
        let evil = lines[place]
            .replace("\"repository\":{\"standing\":\"not-named\"}", &allowed)
            .replace("\"named\":{\"annotation\":null", &named);
        let new = id(&evil);
        lines[place] = evil;
        for line in &mut lines {
            *line = line.replace(old.as_str(), &new);
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn attack_7_an_archive_cannot_allow_a_repository() {
    let outside = Outside::new().await;
    let desk = Desk::new();
    desk.write("agents.toml", kept::configuration(desk.folder()));
    let id = kept::incident(desk.folder()).await;
    desk.run(&["export", &id, "--output", "a.gz"]).await;
    let text = unpacked(&desk, "a.gz");
    let evil = allowing(&text, &outside.page());
    assert_ne!(evil, text);
    desk.write("evil.gz", packed(with_digests(&evil).as_bytes()));
    let said =
        desk.run_with(&["fix", "--case", "evil.gz", "--open"], &[("GITHUB_TOKEN", GITHUB_TOKEN)]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let said = desk.run(&["fix", "--case", "evil.gz"]).await;
    assert!(said.line("✗ no patch").contains("is not listed in agents.toml"), "{said:?}");
    assert!(outside.github.wire().asked().is_empty());
}
