//! Git over the wire: what real git and libgit2 see of the GitHub double.

use std::path::Path;
use std::process::{Output, Stdio};

use crate::caller::{SHOP, TOKEN, commit, shop, shop_with};
use http::Method;
use testbed::github::{Activity, GitHub, GitHubOptions, Rights, Source, Token};
use testbed::wire::{Fault, Misdeed};

/// Runs git in `at`, far from this user's configuration.
async fn git(at: &Path, arguments: &[&str]) -> Output {
    tokio::process::Command::new("git")
        .current_dir(at)
        .args(["-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "protocol.version=2"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("http_proxy")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The clone URL with a token in it.
fn url(github: &GitHub, token: &str) -> String {
    github.clone_url(SHOP).replace("http://", &format!("http://x-access-token:{token}@"))
}

/// A clone with one new commit.
async fn clone_with_commit(github: &GitHub, token: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let cloned = git(directory.path(), &["clone", "-q", &url(github, token), "."]).await;
    assert!(cloned.status.success(), "{}", said(&cloned));
    std::fs::write(directory.path().join("new.txt"), "new\n").unwrap();
    git(directory.path(), &["add", "."]).await;
    git(directory.path(), &["commit", "-q", "-m", "Add new.txt"]).await;
    directory
}

#[tokio::test]
async fn git_clones_and_pushes_a_branch() {
    let github = shop().await;
    let clone = clone_with_commit(&github, TOKEN).await;
    let pushed = git(clone.path(), &["push", "-q", "origin", "HEAD:refs/heads/rollmend/main/abc"]).await;
    assert!(pushed.status.success(), "{}", said(&pushed));
    let head = git(clone.path(), &["rev-parse", "HEAD"]).await;
    let head = String::from_utf8(head.stdout).unwrap();
    assert_eq!(github.refs(SHOP).unwrap()["refs/heads/rollmend/main/abc"], head.trim());
}

#[tokio::test]
async fn a_push_to_a_protected_branch_is_refused_in_githubs_words_and_the_rest_goes_through() {
    let github = shop().await;
    github.protect(SHOP, "main").unwrap();
    let before = github.refs(SHOP).unwrap()["refs/heads/main"].clone();
    let clone = clone_with_commit(&github, TOKEN).await;
    let pushed = git(clone.path(), &["push", "origin", "HEAD:main", "HEAD:side"]).await;
    let said = said(&pushed);
    assert!(!pushed.status.success());
    assert!(
        said.contains("remote: error: GH006: Protected branch update failed for refs/heads/main."),
        "{said}"
    );
    assert!(said.contains("! [remote rejected] HEAD -> main (protected branch hook declined)"), "{said}");
    let refs = github.refs(SHOP).unwrap();
    assert_eq!((&refs["refs/heads/main"], refs.contains_key("refs/heads/side")), (&before, true));
}

#[tokio::test]
async fn a_protected_branch_is_not_deleted_and_hidden_refs_are_not_written() {
    let github = shop().await;
    github.protect(SHOP, "fix").unwrap();
    let clone = clone_with_commit(&github, TOKEN).await;
    let deleted = git(clone.path(), &["push", "origin", ":fix"]).await;
    assert!(said(&deleted).contains("(protected branch hook declined)"), "{}", said(&deleted));
    let hidden = git(clone.path(), &["push", "origin", "HEAD:refs/pull/9/head"]).await;
    assert!(said(&hidden).contains("(deny updating a hidden ref)"), "{}", said(&hidden));
    let names: Vec<_> = github.refs(SHOP).unwrap().into_keys().collect();
    assert_eq!(names, ["refs/heads/fix", "refs/heads/main"]);
}

#[tokio::test]
async fn a_clone_is_refused_without_a_token_with_a_wrong_one_and_of_what_is_not_there() {
    let github = shop().await;
    let directory = tempfile::tempdir().unwrap();
    let clone = async |url: String| said(&git(directory.path(), &["clone", "-q", &url, "x"]).await);
    let missing = clone(github.clone_url(SHOP)).await;
    assert!(missing.contains("could not read Username"), "{missing}");
    let wrong = clone(url(&github, "wrong")).await;
    assert!(
        wrong.contains("remote: Invalid username or token.") && wrong.contains("Authentication failed"),
        "{wrong}"
    );
    let gone = clone(url(&github, TOKEN).replace("shop", "gone")).await;
    assert!(gone.contains("remote: Repository not found."), "{gone}");
    let challenge = reqwest_get(&github, "/acme/shop.git/info/refs?service=git-upload-pack").await;
    assert_eq!(challenge, (401, "Basic realm=\"GitHub\"".to_owned()));
    assert_eq!(reqwest_get(&github, "/acme/shop.git/info/refs").await, (403, String::new()));
}

async fn reqwest_get(github: &GitHub, path: &str) -> (u16, String) {
    let answer = crate::caller::Caller::new(github, None).get(path).await;
    (answer.status, answer.header("www-authenticate").to_owned())
}

#[tokio::test]
async fn a_push_is_refused_to_a_read_token_and_by_an_archived_repository() {
    let tokens =
        vec![Token::new("reads", "reader", Rights::Read), Token::new(TOKEN, "rollmend", Rights::Write)];
    let github = shop_with(GitHubOptions { tokens, ..GitHubOptions::default() }).await;
    let clone = clone_with_commit(&github, "reads").await;
    let pushed = said(&git(clone.path(), &["push", "-q", "origin", "HEAD:side"]).await);
    assert!(pushed.contains("remote: Write access to repository not granted."), "{pushed}");
    github.set_activity(SHOP, Activity::Archived).unwrap();
    let pushed = said(&git(clone.path(), &["push", "-q", &url(&github, TOKEN), "HEAD:side"]).await);
    assert!(pushed.contains("This repository was archived so it is read-only."), "{pushed}");
}

#[tokio::test]
async fn a_renamed_repository_is_still_cloned_by_its_former_name() {
    let github = shop().await;
    github.rename(SHOP, "store").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let cloned = git(directory.path(), &["clone", "-q", &url(&github, TOKEN), "x"]).await;
    assert!(cloned.status.success(), "{}", said(&cloned));
}

#[tokio::test]
async fn any_reachable_commit_can_be_fetched_by_its_sha() {
    let github = shop().await;
    let older = commit(&github, "fix", "price.txt", "three\n");
    commit(&github, "fix", "price.txt", "four\n");
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "-q"]).await;
    // The second version of the protocol allows it whatever a server is set to, and libgit2 does not speak it.
    let fetch = ["-c", "protocol.version=0", "fetch", "-q", "--depth=1", &url(&github, TOKEN), &older];
    let fetched = git(directory.path(), &fetch).await;
    assert!(fetched.status.success(), "{}", said(&fetched));
}

#[tokio::test]
async fn a_bundle_is_served_with_its_branches() {
    let source = shop().await;
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("shop.bundle");
    let path = source.path(SHOP).unwrap();
    let made = git(&path, &["bundle", "create", "-q", bundle.to_str().unwrap(), "--branches"]).await;
    assert!(made.status.success(), "{}", said(&made));
    let github = GitHub::start(GitHubOptions::with_token(TOKEN, "rollmend")).await.unwrap();
    github.create_repository(SHOP, Source::Bundle(bundle)).await.unwrap();
    assert_eq!(github.refs(SHOP).unwrap(), source.refs(SHOP).unwrap());
    let clone = clone_with_commit(&github, TOKEN).await;
    let branch = git(clone.path(), &["branch", "--show-current"]).await;
    assert_eq!(String::from_utf8(branch.stdout).unwrap(), "main\n");
}

#[tokio::test]
async fn a_push_whose_answer_is_cut_off_has_happened() {
    let github = shop().await;
    let clone = clone_with_commit(&github, TOKEN).await;
    github.wire().fault(Fault::nth(
        Method::POST,
        "/acme/shop.git/git-receive-pack",
        1,
        Misdeed::CutAfterHandling,
    ));
    let pushed = git(clone.path(), &["push", "-q", "origin", "HEAD:side"]).await;
    assert!(!pushed.status.success());
    assert!(github.refs(SHOP).unwrap().contains_key("refs/heads/side"));
}

#[tokio::test]
async fn a_truncated_pack_fails_the_clone() {
    let github = shop().await;
    github.wire().fault(Fault::every("/acme/shop.git/git-upload-pack", Misdeed::Truncate(100)));
    let directory = tempfile::tempdir().unwrap();
    let cloned = git(directory.path(), &["clone", "-q", &url(&github, TOKEN), "x"]).await;
    assert!(!cloned.status.success());
}

fn credentials() -> git2::RemoteCallbacks<'static> {
    let mut callbacks = git2::RemoteCallbacks::new();
    callbacks.credentials(|_, _, _| git2::Cred::userpass_plaintext("x-access-token", TOKEN));
    callbacks
}

/// Pushes HEAD with libgit2 and returns the remote's word for the ref, if it refused.
fn push(repository: &git2::Repository, to: &str) -> Option<String> {
    let mut refused = None;
    let mut callbacks = credentials();
    callbacks.push_update_reference(|_, status| {
        refused = status.map(str::to_owned);
        Ok(())
    });
    let mut options = git2::PushOptions::new();
    options.remote_callbacks(callbacks);
    let spec = format!("refs/heads/main:refs/heads/{to}");
    repository.find_remote("origin").unwrap().push(&[spec], Some(&mut options)).unwrap();
    drop(options);
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn libgit2_clones_pushes_and_hears_why_a_push_is_refused() {
    let github = shop().await;
    github.protect(SHOP, "main").unwrap();
    let (address, directory) = (github.clone_url(SHOP), tempfile::tempdir().unwrap());
    let pushes = tokio::task::spawn_blocking(move || {
        let mut fetch = git2::FetchOptions::new();
        fetch.remote_callbacks(credentials());
        let mut builder = git2::build::RepoBuilder::new();
        let repository = builder.bare(true).fetch_options(fetch).clone(&address, directory.path()).unwrap();
        let tip = repository.head().unwrap().peel_to_commit().unwrap();
        let who = git2::Signature::now("tests", "tests@example.com").unwrap();
        let tree = tip.tree().unwrap();
        repository.commit(Some("refs/heads/main"), &who, &who, "Empty", &tree, &[&tip]).unwrap();
        [push(&repository, "side"), push(&repository, "main")]
    });
    assert_eq!(pushes.await.unwrap(), [None, Some("protected branch hook declined".to_owned())]);
    assert!(github.refs(SHOP).unwrap().contains_key("refs/heads/side"));
}
