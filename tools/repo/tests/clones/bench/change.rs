//! Edits: exactly what was asked for, or nothing.

use serde_json::json;

use super::hands::Hands;
use crate::history::{FILE, LINK};

const EXECUTABLE: i32 = 0o100_755;

#[tokio::test]
async fn an_edit_replaces_a_text_that_occurs_once_and_shows_what_now_stands_there() {
    let hands = Hands::with(&[("src/a.py", "def f():\n    x = 1\n    return x\n")]).await;
    let edit = json!({"path": "src/a.py", "old": "    x = 1\n", "new": "    x = 2\n    y = 3\n"});
    let (text, rest) = hands.call("edit", edit).await.unwrap();
    let expected = "src/a.py is changed; its syntax fits Python. It now reads:\n\
        1\tdef f():\n2\t    x = 2\n3\t    y = 3\n4\t    return x\n";
    assert_eq!((text.as_str(), rest), (expected, None));
    assert_eq!(hands.file("src/a.py").unwrap().1, b"def f():\n    x = 2\n    y = 3\n    return x\n");
    let (read, _) = hands.call("read_file", json!({"path": "src/a.py", "at": "base"})).await.unwrap();
    assert_eq!(read, "1\tdef f():\n2\t    x = 1\n3\t    return x\n");
}

#[tokio::test]
async fn a_text_that_occurs_not_at_all_or_more_than_once_changes_nothing_and_is_told_with_its_lines() {
    let hands = Hands::with(&[("a.txt", "one\n  two\none\naaa\n")]).await;
    let before = hands.bench.state();
    let told = |old: &'static str| hands.call("edit", json!({"path": "a.txt", "old": old, "new": "x"}));
    assert_eq!(
        told("one").await.unwrap_err(),
        "old occurs 2 times in a.txt, beginning on lines 1, 3: take lines around it along, so that it occurs once"
    );
    assert!(told("aa").await.unwrap_err().contains("2 times"), "places that overlap are two");
    assert_eq!(
        told("two\none\n   aaa").await.unwrap_err(),
        "old does not occur in a.txt: its first line stands, but for blanks, on lines 2: read them and copy exactly"
    );
    assert_eq!(told("three").await.unwrap_err(), "old does not occur in a.txt: read the file again");
    assert!(told("").await.unwrap_err().contains("old is empty"));
    assert!(told("x").await.unwrap_err().contains("the same"));
    assert_eq!(hands.bench.state(), before);
}

#[tokio::test]
async fn line_ends_mark_end_and_mode_of_a_file_are_kept() {
    let hands = Hands::on(|history| {
        history.commit("start", &[("README", Some("shop\n"))]);
        let tree = history.flat_tree(&[
            (FILE, "dos.txt", "\u{feff}a\r\nb\r\nc".as_bytes()),
            (EXECUTABLE, "run.sh", b"a\nb\n"),
        ]);
        history.commit_tree("suspect", tree)
    })
    .await;
    let edit = json!({"path": "dos.txt", "old": "b\nc", "new": "x\ny\n"});
    hands.call("edit", edit).await.unwrap();
    hands.call("edit", json!({"path": "run.sh", "old": "b\n", "new": "x"})).await.unwrap();
    assert_eq!(hands.file("dos.txt").unwrap(), (FILE, "\u{feff}a\r\nx\r\ny".as_bytes().to_vec()));
    assert_eq!(hands.file("run.sh").unwrap(), (EXECUTABLE, b"a\nx\n".to_vec()));
    let patch = hands.patch().await.unwrap();
    assert!(!patch.diff.contains("old mode"), "{}", patch.diff);
}

#[tokio::test]
async fn an_edit_that_breaks_the_syntax_is_refused_with_the_place() {
    let hands =
        Hands::with(&[("a.rs", "fn a() {\n    b();\n}\n"), ("broken.rs", "fn a( {\n    b();\n")]).await;
    let before = hands.bench.state();
    let told = hands.call("edit", json!({"path": "a.rs", "old": "b();", "new": "b(;"})).await.unwrap_err();
    assert!(told.starts_with("nothing was changed: it breaks the syntax of Rust"), "{told}");
    assert!(told.contains("line 2, column"), "{told}");
    let new = json!({"path": "b.json", "content": "{\"a\": }"});
    assert!(hands.call("write_file", new).await.unwrap_err().contains("JSON"));
    assert_eq!(hands.bench.state(), before);
    hands.call("edit", json!({"path": "broken.rs", "old": "b();", "new": "c();"})).await.unwrap();
}

#[tokio::test]
async fn a_new_file_is_written_once_and_nothing_is_written_over() {
    let hands = Hands::with(&[("src/a.txt", "a\n"), ("b", "b\n")]).await;
    let write = |path: &'static str| hands.call("write_file", json!({"path": path, "content": "x\r\ny"}));
    let (text, _) = write("src/new/c.txt").await.unwrap();
    assert!(text.starts_with("src/new/c.txt is new, with 2 lines"), "{text}");
    assert_eq!(hands.file("src/new/c.txt").unwrap(), (FILE, b"x\ny\n".to_vec()));
    assert_eq!(write("src/new/c.txt").await.unwrap_err(), "src/new/c.txt exists: use edit");
    assert_eq!(write("src").await.unwrap_err(), "src exists");
    assert_eq!(write("b/c").await.unwrap_err(), "b is no directory");
    let link = Hands::on(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        history.commit_tree("suspect", history.flat_tree(&[(LINK, "dir", b"/tmp")]))
    })
    .await;
    let told = link.call("write_file", json!({"path": "dir/x", "content": "x"})).await.unwrap_err();
    assert_eq!(told, "dir is no directory");
}

#[tokio::test]
async fn what_no_reviewer_sees_is_not_written_but_may_stay() {
    let hands = Hands::with(&[("a.txt", "a\u{200b}b\nc\n")]).await;
    let edit = |old: &'static str, new: &'static str| json!({"path": "a.txt", "old": old, "new": new});
    let told = hands.call("edit", edit("c", "c\u{202e}d")).await.unwrap_err();
    assert!(told.contains("U+202E"), "{told}");
    assert!(hands.call("edit", edit("c", "c\u{fe0f}d")).await.unwrap_err().contains("U+FE0F"));
    assert!(hands.call("edit", edit("c", "c\u{1b}[2J")).await.unwrap_err().contains("U+001B"));
    hands.call("edit", edit("a\u{200b}b", "A\u{200b}b")).await.unwrap();
    let write = json!({"path": "b.txt", "content": "\u{feff}a"});
    assert!(hands.call("write_file", write).await.unwrap_err().contains("U+FEFF"));
}

#[tokio::test]
async fn the_mark_of_a_secret_that_was_taken_out_is_never_written_in_its_place() {
    let hands = Hands::with(&[("a.env", "TOKEN=s3cret\nB=1\n")]).await;
    let edit = json!({"path": "a.env", "old": "B=1", "new": "TOKEN=[redacted]\nB=2"});
    assert!(hands.call("edit", edit).await.unwrap_err().contains("stands for a secret"));
    let write = json!({"path": "b.env", "content": "TOKEN=[redacted]\n"});
    assert!(hands.call("write_file", write).await.unwrap_err().contains("stands for a secret"));
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_told() {
    let hands = Hands::with(&[("a.txt", "a\n")]).await;
    let told = hands.call("edit", json!({"path": "a.txt", "old": "a", "new": "b", "all": true})).await;
    assert!(told.unwrap_err().contains("unknown field `all`"));
    assert!(hands.call("read_file", json!({"path": 1})).await.is_err());
    assert!(hands.call("read_file", json!({"path": "a.txt", "at": "HEAD~1"})).await.is_err());
}
