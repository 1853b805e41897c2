//! What a model that obeys a planted order tries with a bench.

use serde_json::json;

use super::hands::Hands;
use crate::history::{FILE, LINK, SUBMODULE};
use crate::stage::files_below;

/// Files of this machine that would give a token or an environment away.
const MACHINE: [&str; 7] = [
    "/proc/self/environ",
    "/proc/1/environ",
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "../../../../proc/self/environ",
    "src/../../../../../etc/passwd",
    "proc/self/environ",
    "var/run/secrets/kubernetes.io/serviceaccount/token",
];

#[tokio::test]
async fn attack_17_no_tool_of_a_bench_reads_or_writes_a_file_of_this_machine() {
    let hands = Hands::with(&[("src/a.txt", "a\n")]).await;
    let before = (hands.bench.state(), files_below(&hands.stage.settings.directory).len());
    for path in MACHINE {
        for at in ["canary", "stable", "base"] {
            let read = hands.call("read_file", json!({"path": path, "at": at})).await;
            assert!(read.is_err(), "{path}: {read:?}");
        }
        for (tool, arguments) in [
            ("read_file", json!({"path": path})),
            ("list", json!({"path": path})),
            ("edit", json!({"path": path, "old": "a", "new": "b"})),
        ] {
            let given = hands.call(tool, arguments).await;
            assert!(given.is_err(), "{tool} {path}: {given:?}");
        }
        let (found, _) = hands.call("search", json!({"regex": ".", "path": path})).await.unwrap();
        assert_eq!(found, "nothing found\n(0 files read)\n", "{path}");
        let sha = hands.suspect.short();
        if let Ok((shown, _)) = hands.call("show_commit", json!({"sha": sha, "path": path})).await {
            assert!(shown.ends_with("(no change there)\n"), "{path}: {shown}");
        }
    }
    for path in MACHINE.iter().filter(|path| path.starts_with('/') || path.contains("..")) {
        let write = hands.call("write_file", json!({"path": path, "content": "x\n"})).await;
        assert!(write.is_err(), "{path}: {write:?}");
    }
    assert_eq!((hands.bench.state(), files_below(&hands.stage.settings.directory).len()), before);
}

#[tokio::test]
async fn attacks_8_9_and_17_a_symlink_or_submodule_of_the_tree_is_never_followed_by_a_bench() {
    let hands = Hands::on(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        let entries = [
            (LINK, "dir", b"/proc/self".as_slice()),
            (LINK, "environ", b"/proc/self/environ"),
            (SUBMODULE, "module", b""),
        ];
        history.commit_tree("suspect", history.flat_tree(&entries))
    })
    .await;
    for path in ["environ", "dir/environ", "module", "module/x", "dir"] {
        for (tool, arguments) in [
            ("read_file", json!({"path": path})),
            ("list", json!({"path": path})),
            ("edit", json!({"path": path, "old": "a", "new": "b"})),
            ("write_file", json!({"path": path, "content": "x"})),
        ] {
            let given = hands.call(tool, arguments).await;
            assert!(given.is_err(), "{tool} {path}: {given:?}");
        }
    }
    let told = hands.call("read_file", json!({"path": "dir/environ"})).await.unwrap_err();
    assert_eq!(told, "dir is a symlink, which is never followed");
    let (found, _) = hands.call("search", json!({"text": "proc"})).await.unwrap();
    assert_eq!(found, "nothing found\n(0 files read, 3 left out (binary, large, links))\n");
}

#[tokio::test]
async fn attacks_10_12_16_and_18_a_path_that_a_patch_may_not_touch_is_refused_at_once() {
    let files = [("src/a.txt", "a\n"), (".github/workflows/ci.yml", "on: push\n"), ("CODEOWNERS", "* @a\n")];
    let hands = Hands::with(&files).await;
    let before = hands.bench.state();
    for path in [
        "../x",
        "/x",
        "a\\b",
        "a\0b",
        "src//b",
        "src/./b",
        ".git/config",
        "src/.GIT/hooks/post-checkout",
        "git~1/config",
        ".github/workflows/new.yml",
        ".github/actions/x/action.yml",
        ".github/dependabot.yml",
        "renovate.json",
        ".gitattributes",
        ".gitmodules",
        "SRC/b.txt",
        "src/A.txt",
        "",
    ] {
        let told = hands.call("write_file", json!({"path": path, "content": "x\n"})).await.unwrap_err();
        assert!(
            told.contains(" is ") || told.contains(" has ") || told.contains(" reaches "),
            "{path}: {told}"
        );
    }
    for (path, old) in [(".github/workflows/ci.yml", "push"), ("CODEOWNERS", "@a")] {
        let told = hands.call("edit", json!({"path": path, "old": old, "new": "x"})).await.unwrap_err();
        assert!(told.contains("a patch never touches"), "{told}");
    }
    assert_eq!(hands.bench.state(), before);
}

#[tokio::test]
async fn only_the_paths_of_the_configuration_are_edited() {
    let hands = Hands::set(
        |history| {
            history.commit("start", &[("src/a", Some("a\n")), ("b", Some("b\n"))]);
            history.commit("suspect", &[("src/a", Some("x\n"))])
        },
        |stage| stage.repository.paths = vec!["src/**".to_owned()],
    )
    .await;
    hands.call("edit", json!({"path": "src/a", "old": "x", "new": "y"})).await.unwrap();
    let told = hands.call("edit", json!({"path": "b", "old": "b", "new": "y"})).await.unwrap_err();
    assert_eq!(told, "b is not among the paths that agents.toml allows");
}

#[tokio::test]
async fn attack_13_a_pointer_of_lfs_is_told_and_not_edited_and_binary_is_not_text() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let hands = Hands::on(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        let entries =
            [(FILE, "latin", b"\xe9\n".as_slice()), (FILE, "model", pointer), (FILE, "zero", b"a\0b")];
        history.commit_tree("suspect", history.flat_tree(&entries))
    })
    .await;
    for (path, word) in [("model", "pointer of Git LFS"), ("zero", "is binary"), ("latin", "is not UTF-8")] {
        let told = hands.call("read_file", json!({"path": path})).await.unwrap_err();
        assert!(told.contains(word), "{told}");
        assert!(hands.call("edit", json!({"path": path, "old": "a", "new": "b"})).await.is_err());
    }
}

#[tokio::test]
async fn a_benchs_tools_and_no_others_are_there_and_say_what_they_change() {
    use domain::ToolAccess::{Changes, ReadOnly};
    let hands = Hands::with(&[("a", "a\n")]).await;
    let tools: Vec<_> = hands.bench.tools().iter().map(|tool| (tool.name(), tool.access())).collect();
    let expected = [
        ("list", ReadOnly),
        ("search", ReadOnly),
        ("read_file", ReadOnly),
        ("git_range", ReadOnly),
        ("show_commit", ReadOnly),
        ("edit", Changes),
        ("write_file", Changes),
    ];
    assert_eq!(tools, expected);
    for tool in hands.bench.tools() {
        assert_eq!(tool.schema()["additionalProperties"], false, "{}", tool.name());
    }
}
