//! `docs/configuration.md` is made of what the reading asks for. With `ROLLMEND_BLESS=1` it is written anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::document::chapters;
use super::key::{Chapter, Row, Taken};

const BEFORE: &str = "\
# agents.toml

<!-- Made by a test from what the program reads; take it again with ROLLMEND_BLESS=1 cargo test -p rollmend reference -->

One file says what rollmend watches, how far it goes, and where it may open pull requests. `rollmend init` writes a commented one,
`rollmend check` reports every problem of it at once, with its line and what to do. Unknown keys are problems.

Secrets are never in it, only the names of what holds them: `{ env = \"NAME\" }` or `{ file = \"/path\" }`. Durations are written `\"90s\"`,
`\"20m\"`, `\"1h\"`, `\"90d\"`, sizes `\"64KiB\"`, `\"16MiB\"`, `\"5GiB\"`, money in US dollars.

## While the daemon runs

The file is read every two seconds, and a changed one is taken within a few. A bad one changes nothing: the one before it holds, the log has all
problems once, `rollmend_configuration_rejected_total` counts it, and `rollmend_configuration_current` is 0 until the file is mended.

Keys marked *at once* hold from the next decision on, also for incidents that are open: a lower mode or a shorter list keeps a
pull request from being opened that was on its way. The others hold from the next start on, and the log names those that have changed.
`mode = \"propose\"` waits for a start where there was no `[github]`, and so does a `[[repository]]` of another GitHub than the running one's.
Secrets are read at the start, and a model's key whenever a changed file is taken; a file whose key cannot be read is refused. A new value in the
same variable or file needs a restart, or for a model's key any change of the file.
";

fn page() -> String {
    let mut page = BEFORE.to_owned();
    for Chapter { title, means, rows } in chapters() {
        write!(page, "\n## `{title}`\n\n{means}\n\n| key | value | when absent | changes hold | meaning |\n|---|---|---|---|---|\n").unwrap();
        for Row { key, kind, absent, means, taken } in rows {
            let taken = match taken {
                Taken::AtOnce => "at once",
                Taken::AtStart => "at a start",
            };
            writeln!(page, "| `{key}` | {kind} | {absent} | {taken} | {means} |").unwrap();
        }
    }
    page
}

#[test]
fn reference_the_page_says_what_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = page();
    if std::env::var_os("ROLLMEND_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/configuration.md is stale; take it again with ROLLMEND_BLESS=1");
}

#[test]
fn reference_every_key_has_a_meaning_and_one_row() {
    for chapter in chapters() {
        assert!(!chapter.means.is_empty() && !chapter.rows.is_empty(), "{}", chapter.title);
        let keys: BTreeSet<&str> = chapter.rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys.len(), chapter.rows.len(), "{}", chapter.title);
        for row in &chapter.rows {
            assert!(row.means.ends_with('.') && !row.kind.is_empty(), "{row:?}");
            assert!(
                ![&row.kind, &row.absent, &row.means.to_owned()].iter().any(|cell| cell.contains('|')),
                "{row:?}"
            );
        }
    }
}
