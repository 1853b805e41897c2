//! The trees that are compiled are the trees of the history.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use git2::{Diff, Repository, Signature, Tree};
use shop::{Edit, Plot, Release, history};

/// Commits the history into a fresh bare repository, and gives every tagged tree by its tag.
fn tagged_trees(plot: Plot) -> BTreeMap<String, BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::init_bare(folder.path()).unwrap();
    let author = Signature::now("x", "x@acme.example").unwrap();
    let mut tagged = BTreeMap::new();
    let mut parent: Option<git2::Commit<'_>> = None;
    for commit in history(plot) {
        let tree = match commit.edit {
            Edit::Tree(release) => {
                let mut index = git2::Index::new().unwrap();
                for file in release.files() {
                    let id = repository.blob(file.text.as_bytes()).unwrap();
                    index.add(&entry(file.path, id)).unwrap();
                }
                index.write_tree_to(&repository).unwrap()
            }
            Edit::Diff(diff) => {
                let diff = Diff::from_buffer(diff.as_bytes()).unwrap();
                let before = parent.as_ref().unwrap().tree().unwrap();
                let mut index = repository.apply_to_tree(&before, &diff, None).unwrap();
                index.write_tree_to(&repository).unwrap()
            }
        };
        let tree = repository.find_tree(tree).unwrap();
        if let Some(tag) = commit.tag {
            tagged.insert(tag.to_owned(), texts(&repository, &tree));
        }
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let id = repository.commit(None, &author, &author, commit.message, &tree, &parents).unwrap();
        parent = Some(repository.find_commit(id).unwrap());
    }
    tagged
}

fn entry(path: &str, id: git2::Oid) -> git2::IndexEntry {
    let never = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.into(),
    }
}

fn texts(repository: &Repository, tree: &Tree<'_>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        if let Some(blob) = entry.to_object(repository).unwrap().as_blob() {
            let path = format!("{folder}{}", entry.name().unwrap());
            texts.insert(path, String::from_utf8(blob.content().to_vec()).unwrap());
        }
        git2::TreeWalkResult::Ok
    })
    .unwrap();
    texts
}

fn compiled(release: Release) -> BTreeMap<String, String> {
    release.files().iter().map(|file| (file.path.to_owned(), file.text.to_owned())).collect()
}

#[test]
fn each_tagged_tree_is_byte_for_byte_the_one_that_is_compiled() {
    for plot in [Plot::Faulty, Plot::Sound, Plot::Leaking] {
        let expected = BTreeMap::from([
            ("v1.0.0".to_owned(), compiled(Release::First)),
            ("v1.1.0".to_owned(), compiled(plot.last_release())),
        ]);
        assert_eq!(tagged_trees(plot), expected, "{plot:?}");
    }
}

#[test]
fn a_misconfigured_shop_is_the_sound_one_but_for_a_value_of_its_manifest() {
    let mut expected = compiled(Release::Sound);
    let manifest = expected.get_mut("deploy/rollout.yaml").unwrap();
    assert_eq!(manifest.matches("value: \"50000\"").count(), 1);
    *manifest = manifest.replace("value: \"50000\"", "value: \"1000.00\"");
    assert_eq!(tagged_trees(Plot::Misconfigured)["v1.1.0"], expected);
}

#[test]
fn no_file_of_a_tree_is_left_out() {
    for (folder, release) in [
        ("shop-1.0.0", Release::First),
        ("shop-1.1.0", Release::Faulty),
        ("shop-1.1.0-sound", Release::Sound),
        ("shop-1.1.0-leaking", Release::Leaking),
    ] {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut found: Vec<String> = ["", "deploy", "src"]
            .iter()
            .flat_map(|part| std::fs::read_dir(root.join(part)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort();
        let listed: Vec<&str> = release.files().iter().map(|file| file.path).collect();
        assert_eq!(found, listed, "{folder}");
    }
}
