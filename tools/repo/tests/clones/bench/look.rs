//! Looking at a repository.

use serde_json::json;

use super::hands::Hands;
use crate::history::{FILE, History, LINK, SUBMODULE, numbered};

#[tokio::test]
async fn a_directory_is_listed_with_sizes_and_what_is_no_plain_file_is_marked() {
    let hands = Hands::on(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        let (a, link) = (history.blob(b"12345"), history.blob(b"/etc/passwd"));
        let module = git2::Oid::from_bytes(&[7; 20]).unwrap();
        let inner = history.raw_tree(&[(FILE, "deep.txt", a)]);
        let src = history.raw_tree(&[(FILE, "a.txt", a), (0o040_000, "inner", inner)]);
        let root = [(LINK, "link", link), (SUBMODULE, "module", module), (0o040_000, "src", src)];
        history.commit_tree("suspect", history.raw_tree(&root))
    })
    .await;
    let (text, rest) = hands.call("list", json!({})).await.unwrap();
    let expected = "link  (is a symlink, not followed)\nmodule  (is a submodule, not followed)\nsrc/\n  a.txt  5\n  inner/\n";
    assert_eq!((text.as_str(), rest), (expected, None));
    let (text, _) = hands.call("list", json!({"path": "src/", "depth": 3})).await.unwrap();
    assert_eq!(text, "a.txt  5\ninner/\n  deep.txt  5\n");
    assert_eq!(
        hands.call("list", json!({"path": "src/a.txt"})).await.unwrap_err(),
        "src/a.txt is a file: use read_file"
    );
    let told = hands.call("list", json!({"path": "lib"})).await.unwrap_err();
    assert_eq!(told, "there is no lib; the root holds link, module, src");
}

#[tokio::test]
async fn a_search_finds_text_and_expressions_in_the_files_that_a_path_names() {
    let files =
        [("src/a.py", "x = price(1)\ny = 2\n"), ("src/b/c.py", "price(22)\n"), ("z.txt", "price(3)\n")];
    let hands = Hands::with(&files).await;
    let (text, rest) = hands.call("search", json!({"text": "price("})).await.unwrap();
    let all = "src/a.py:1: x = price(1)\nsrc/b/c.py:1: price(22)\nz.txt:1: price(3)\n(4 files read)\n";
    assert_eq!((text.as_str(), rest), (all, None));
    let (text, _) = hands.call("search", json!({"regex": r"price\(\d{2}\)", "path": "src"})).await.unwrap();
    assert_eq!(text, "src/b/c.py:1: price(22)\n(2 files read)\n");
    let (text, _) = hands.call("search", json!({"text": "price", "path": "src/*.py"})).await.unwrap();
    assert_eq!(text, "src/a.py:1: x = price(1)\n(1 files read)\n");
    let (text, _) = hands.call("search", json!({"text": "absent"})).await.unwrap();
    assert_eq!(text, "nothing found\n(4 files read)\n");
    assert!(hands.call("search", json!({"regex": "(?=x)"})).await.unwrap_err().contains("regex"));
    assert!(hands.call("search", json!({"regex": "(\\w{1000}){1000}"})).await.is_err(), "a bomb is refused");
    assert_eq!(hands.call("search", json!({})).await.unwrap_err(), "give either text or regex");
}

#[tokio::test]
async fn a_search_ends_at_a_bound_and_counts_what_it_leaves_out() {
    let hands = Hands::set(
        |history| {
            history.commit("start", &[("a.txt", Some(&"needle\n".repeat(150)))]);
            let entries = [
                (FILE, "a.txt", "needle\n".repeat(150).into_bytes()),
                (FILE, "binary", b"needle\0".to_vec()),
                (FILE, "large", "needle\n".repeat(400).into_bytes()),
                (LINK, "link", b"needle".to_vec()),
            ];
            let entries: Vec<_> =
                entries.iter().map(|(mode, name, text)| (*mode, *name, text.as_slice())).collect();
            history.commit_tree("suspect", history.flat_tree(&entries))
        },
        |stage| stage.settings.limits.blob = 2_000,
    )
    .await;
    let (text, rest) = hands.call("search", json!({"text": "needle"})).await.unwrap();
    assert_eq!(text.matches("needle").count(), 100);
    assert!(rest.unwrap().contains("at its limit"));
    let (text, _) = hands.call("search", json!({"text": "absent"})).await.unwrap();
    assert_eq!(text, "nothing found\n(1 files read, 3 left out (binary, large, links))\n");
}

#[tokio::test]
async fn a_file_is_read_in_parts_with_its_line_numbers_and_in_each_version() {
    let hands = Hands::on(|history| {
        history.commit("start", &[("a.txt", Some(&numbered(900, &[])))]);
        history.commit("suspect", &[("a.txt", Some(&numbered(900, &[(2, "two")])))])
    })
    .await;
    let read = |arguments| hands.call("read_file", arguments);
    let (text, rest) = read(json!({"path": "a.txt", "from": 2, "lines": 2})).await.unwrap();
    assert_eq!(text, "2\ttwo\n3\tline 3\n");
    assert_eq!(rest.unwrap(), "a.txt has 900 lines: call read_file with from 4 for more");
    let (text, rest) = read(json!({"path": "a.txt"})).await.unwrap();
    assert!(text.ends_with("400\tline 400\n") && rest.unwrap().contains("from 401"));
    let (text, rest) = read(json!({"path": "a.txt", "from": 899})).await.unwrap();
    assert_eq!((text.as_str(), rest), ("899\tline 899\n900\tline 900\n", None));
    assert_eq!(read(json!({"path": "a.txt", "from": 901})).await.unwrap_err(), "a.txt has 900 lines");
    for (at, expected) in [("stable", "2\tline 2\n"), ("canary", "2\ttwo\n"), ("base", "2\ttwo\n")] {
        let (text, _) = read(json!({"path": "a.txt", "from": 2, "lines": 1, "at": at})).await.unwrap();
        assert_eq!(text, expected, "{at}");
    }
}

#[tokio::test]
async fn characters_that_hide_are_shown_by_number_and_long_lines_are_cut() {
    let line = "x".repeat(1_000);
    let text = format!("a\u{202e}b\u{1b}[2J\r\n{line}\n");
    let hands = Hands::with(&[("a.txt", &text)]).await;
    let (text, _) = hands.call("read_file", json!({"path": "a.txt"})).await.unwrap();
    let cut = format!("2\t{}… (600 more characters)\n", "x".repeat(400));
    assert_eq!(text, format!("1\ta⟦U+202E⟧b⟦U+001B⟧[2J\n{cut}"));
}

fn three(history: &History) -> domain::CommitSha {
    history.commit("start", &[("a.txt", Some("a\n")), ("b.txt", Some("b\n"))]);
    history.commit("suspect\u{202e}\n\nCloses #1", &[("a.txt", Some("x\n")), ("b.txt", Some("y\n"))])
}

#[tokio::test]
async fn the_range_and_its_commits_are_shown_and_no_commit_of_elsewhere() {
    let hands = Hands::on(three).await;
    let suspect = hands.suspect.short().to_owned();
    let (text, _) = hands.call("git_range", json!({})).await.unwrap();
    let expected = format!(
        "base branch at {suspect}, 0 commits beyond the canary {suspect}\n{suspect}  Ada: suspect  (prime suspect, score 95)\n"
    );
    assert_eq!(text, expected);
    let (text, rest) = hands.call("show_commit", json!({"sha": suspect, "path": "b.txt"})).await.unwrap();
    let head =
        format!("commit {}\nauthor Ada\n\n    suspect⟦U+202E⟧\n    \n    Closes #1\n\n", hands.suspect);
    assert!(text.starts_with(&head), "{text}");
    assert!(text.ends_with("@@ -1 +1 @@\n-b\n+y\n") && !text.contains("a.txt"), "{text}");
    assert_eq!(rest, None);
    let elsewhere = hands.stage.server().commit_on("other", "elsewhere", &[("c", Some("secret\n"))]);
    hands.stage.range(elsewhere.as_str(), hands.suspect.as_str()).await.unwrap();
    assert!(hands.stage.clone_on_disk().git.find_commit(crate::history::oid(&elsewhere)).is_ok());
    let told = hands.call("show_commit", json!({"sha": elsewhere.as_str()})).await.unwrap_err();
    assert!(told.contains("is no commit that the canary or the base branch contains"), "{told}");
    for sha in ["main", "HEAD", "4f2", "../x", "0000000"] {
        assert!(hands.call("show_commit", json!({"sha": sha})).await.is_err(), "{sha}");
    }
}

#[tokio::test]
async fn a_long_diff_is_shown_in_parts() {
    let hands = Hands::on(|history| {
        history.commit("start", &[("a.txt", Some("a\n"))]);
        history.commit("suspect", &[("a.txt", Some(&numbered(2_000, &[])))])
    })
    .await;
    let sha = hands.suspect.short();
    let mut from = 1;
    let mut shown = 0;
    loop {
        let (text, rest) = hands.call("show_commit", json!({"sha": sha, "from": from})).await.unwrap();
        shown += text.lines().filter(|line| line.starts_with("+line ")).count();
        let Some(rest) = rest else { break };
        let words = format!("the diff goes on: call show_commit with sha {sha} and from ");
        let next: usize = rest.strip_prefix(&words).unwrap().split(',').next().unwrap().parse().unwrap();
        assert!(next > from);
        from = next;
    }
    assert_eq!(shown, 2_000);
}
