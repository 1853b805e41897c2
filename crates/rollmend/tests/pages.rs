//! The pages are held to the source: what they quote is said, what is said is on them, what they link to is there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap or index fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|known| known == ending) {
            found.push(path);
        }
    }
    found
}

/// The product's source, file by file, without comments and tests.
fn sources() -> Vec<String> {
    let is_of_the_product = |path: &Path| {
        let path = path.to_string_lossy();
        path.contains("/src/")
            && !["/testbed/", "/shop/", "/demo/", "tests"].iter().any(|part| path.contains(part))
    };
    let all = ["crates", "tools"].iter().flat_map(|room| files(&root().join(room), "rs"));
    all.filter(|path| is_of_the_product(path))
        .map(|path| without_tests(&std::fs::read_to_string(path).unwrap()))
        .collect()
}

fn without_tests(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// A text between quotes; a character between single quotes may be a double one.
static LITERAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)'(?:\\.|[^'\\])'|"((?:[^"\\]|\\.)*)""#).unwrap());
/// A text that goes on in the next line.
static CONTINUED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\n\s*").unwrap());

/// What stands between quotes, as it is said.
fn literals(source: &str) -> Vec<String> {
    let text = LITERAL.captures_iter(source).filter_map(|found| found.get(1));
    text.map(|text| CONTINUED.replace_all(text.as_str(), "").replace("\\\"", "\"")).collect()
}

/// A quoted message, `…` for whatever is said in its place.
struct Message {
    quoted: String,
}

impl Message {
    fn new(quoted: &str) -> Self {
        Self { quoted: quoted.to_owned() }
    }

    fn is_said_in(&self, literal: &str) -> bool {
        let mut rest = Some(literal);
        for part in self.quoted.split('…') {
            rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
        }
        rest.is_some()
    }

    /// The words that are the same each time.
    fn fixed(&self) -> usize {
        self.quoted.chars().filter(|c| c.is_alphabetic()).count()
    }
}

/// The code spans of the column that is headed so, in every table of a page.
fn quoted(page: &str, heading: &str) -> Vec<Message> {
    let span = Regex::new("`([^`]+)`").unwrap();
    let mut place = None;
    let mut found = Vec::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        if !line.starts_with('|') {
            place = None;
        } else if let Some(at) = cells.iter().position(|cell| *cell == heading) {
            place = Some(at);
        } else if let Some(cell) = place.and_then(|at| cells.get(at)) {
            found.extend(span.captures_iter(cell).map(|found| Message::new(&found[1])));
        }
    }
    found
}

/// The messages of the page of troubles.
fn messages() -> Vec<Message> {
    quoted(&page("docs/troubleshooting.md"), "message")
}

#[test]
fn every_message_that_the_page_of_troubles_quotes_is_in_the_source() {
    let said: Vec<String> = sources().iter().flat_map(|source| literals(source)).collect();
    let messages = messages();
    assert!(messages.len() > 130, "{} messages", messages.len());
    let absent: Vec<&str> = messages
        .iter()
        .filter(|message| !said.iter().any(|literal| message.is_said_in(literal)))
        .map(|message| message.quoted.as_str())
        .collect();
    assert_eq!(absent, [""; 0]);
}

#[test]
fn every_reason_of_an_event_is_explained_and_none_that_there_is_not() {
    let source = page("crates/agents/src/voice/event.rs");
    let reason = Regex::new(r"^[A-Z][a-z]+[A-Z][A-Za-z]+$").unwrap();
    let said: BTreeSet<String> =
        literals(&without_tests(&source)).into_iter().filter(|literal| reason.is_match(literal)).collect();
    let page = page("docs/troubleshooting.md");
    let told: BTreeSet<String> = quoted(&page, "reason").into_iter().map(|reason| reason.quoted).collect();
    assert_eq!(told, said);
}

/// The kinds of reason that a person is told in whole sentences, each in its file.
#[test]
fn every_reason_for_no_patch_no_answer_and_no_model_is_on_the_page() {
    let messages = messages();
    let errors = Regex::new(r#"(?s)#\[error\(\s*("(?:[^"\\]|\\.)*")"#).unwrap();
    let mut missing = Vec::new();
    for file in [
        "crates/domain/src/patch.rs",
        "crates/domain/src/handoff.rs",
        "crates/domain/src/gate.rs",
        "crates/domain/src/cost.rs",
        "crates/agents/src/driver/stopped.rs",
        "crates/server/src/refusal.rs",
        "tools/kubernetes/src/lease.rs",
        "tools/kubernetes/src/connection.rs",
    ] {
        let source = without_tests(&page(file));
        let said = errors.captures_iter(&source).flat_map(|found| literals(&found[1]));
        missing.extend(said.filter(|literal| !is_told(&messages, literal)).map(|literal| (file, literal)));
    }
    assert_eq!(missing, []);
}

#[test]
fn every_line_of_the_log_that_warns_is_on_the_page() {
    let messages = messages();
    let call = Regex::new(r"(?s)tracing::(?:warn|error)!\((.*?)\);?\n").unwrap();
    let mut missing = BTreeSet::new();
    for source in sources() {
        for found in call.captures_iter(&source) {
            let sentence = literals(&found[1]).into_iter().max_by_key(String::len).unwrap_or_default();
            if !is_told(&messages, &sentence) {
                missing.insert(sentence);
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn every_finding_of_doctor_that_is_not_good_is_on_the_page() {
    let messages = messages();
    let finding = Regex::new(r"(?s)findings\s*\.(?:bad|note)\(.*?\)[?;,]").unwrap();
    let mut missing = BTreeSet::new();
    for path in files(&root().join("crates/rollmend/src/commands/doctor"), "rs") {
        let source = without_tests(&std::fs::read_to_string(path).unwrap());
        let said = finding.find_iter(&source).flat_map(|found| literals(found.as_str()));
        missing.extend(said.filter(|literal| literal.contains(' ') && !is_told(&messages, literal)));
    }
    assert_eq!(missing, BTreeSet::new());
}

/// Around a sentence that is on the page by itself.
const FRAMES: [&str; 2] = ["open a pull request: {reason}", "failed to {error}: {}"];

/// Whether the page has it; what is mostly placeholders is another's sentence.
fn is_told(messages: &[Message], literal: &str) -> bool {
    let placeholder = Regex::new(r"\{[^}]*\}").unwrap();
    let own = placeholder.replace_all(literal, "").chars().filter(|c| c.is_alphabetic()).count();
    own < 8
        || FRAMES.contains(&literal)
        || messages.iter().any(|message| message.fixed() >= 8 && message.is_said_in(literal))
}

#[test]
fn every_test_that_the_page_of_what_is_sent_where_names_exists() {
    let page = page("docs/sent-where.md");
    let name = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){4,})`").unwrap();
    let named: BTreeSet<&str> =
        name.captures_iter(&page).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(named.len() > 25, "{named:#?}");
    let all = ["crates", "tools"].iter().flat_map(|room| files(&root().join(room), "rs"));
    let sources: String = all.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let absent: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert_eq!(absent, Vec::<&&str>::new());
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s:]*)\)").unwrap();
    let mut pages = files(&root().join("docs"), "md");
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let mut broken = Vec::new();
    for from in pages {
        let text = std::fs::read_to_string(&from).unwrap();
        for found in link.captures_iter(&text) {
            let (file, anchor) = found[1].split_once('#').unwrap_or((&found[1], ""));
            let to = if file.is_empty() { from.clone() } else { from.parent().unwrap().join(file) };
            let is_there = if anchor.is_empty() { to.exists() } else { headings(&to).contains(anchor) };
            if !is_there {
                broken.push(format!("{}: {}", from.file_name().unwrap().display(), &found[1]));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

/// A page's headings as GitHub makes anchors of them.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}
