//! The grammars: tree-sitter's where it is a programming language, a parser that is there anyway where it is data.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::IgnoredAny;
use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser, TreeCursor};

use super::Misfit;
use super::ordinary::{Growth, Statements, is_ordinary};
use crate::patience::Patience;

/// Misfits that are counted.
const MOST: usize = 1_000;
/// Characters of the file that are told with a place.
const QUOTE: usize = 60;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    Rust,
    Java,
    Python,
    Go,
    JavaScript,
    Json,
    Toml,
    Yaml,
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            other => return write!(f, "{other:?}"),
        })
    }
}

impl Grammar {
    /// By the ending of its name. A template of Helm or the like is not yet the language that it will become.
    pub(super) fn of(path: &str, text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (_, ending) = name.rsplit_once('.')?;
        let grammar = match ending {
            "rs" => Self::Rust,
            "java" => Self::Java,
            "py" | "pyi" => Self::Python,
            "go" => Self::Go,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            // Those two are JSON with comments.
            "json" if !name.starts_with("tsconfig") && !name.starts_with("jsconfig") => Self::Json,
            "toml" => Self::Toml,
            "yaml" | "yml" if !text.contains("{{") => Self::Yaml,
            _ => return None,
        };
        Some(grammar)
    }

    /// The places that do not fit; none where the text is not such as people write, or reading takes too long or too much.
    pub(super) fn misfits(self, text: &str, patience: &Patience) -> Option<Vec<Misfit>> {
        let language: Language = match self {
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::Json => return Some(json(text)),
            Self::Toml => return Some(toml(text)),
            Self::Yaml => return Some(yaml(text)),
        };
        let statements = match self {
            Self::Python => Statements::EndWithTheLine,
            _ => Statements::EndAnywhere,
        };
        if is_ordinary(text, statements) { by_tree(&language, text, patience) } else { None }
    }
}

fn json(text: &str) -> Vec<Misfit> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Vec::new(),
        Err(error) => vec![Misfit { line: error.line(), column: error.column(), what: error.to_string() }],
    }
}

fn toml(text: &str) -> Vec<Misfit> {
    match toml::from_str::<toml::Table>(text) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = place(text, at);
            vec![Misfit { line, column, what: one_line(error.message()) }]
        }
    }
}

fn yaml(text: &str) -> Vec<Misfit> {
    match serde_saphyr::from_multiple::<IgnoredAny>(text) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let (line, column) =
                error.location().map_or((1, 1), |place| (at(place.line()), at(place.column())));
            vec![Misfit { line, column, what: one_line(&error.to_string()) }]
        }
    }
}

fn by_tree(language: &Language, text: &str, patience: &Patience) -> Option<Vec<Misfit>> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let bytes = text.as_bytes();
    let growth = Growth::from_now();
    let mut go_on = |_: &ParseState| match patience.left() {
        Ok(_) if growth.is_bounded() => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let mut from = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut from, None, Some(options))?;
    let mut misfits = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            misfits.push(misfit(&node, text));
        }
        if misfits.len() >= MOST || !next(&mut cursor) {
            return Some(misfits);
        }
    }
}

/// The next node in the order of the text, past all that holds no misfit.
fn next(cursor: &mut TreeCursor<'_>) -> bool {
    if cursor.node().has_error() && cursor.goto_first_child() {
        return true;
    }
    loop {
        if cursor.goto_next_sibling() {
            return true;
        }
        if !cursor.goto_parent() {
            return false;
        }
    }
}

fn misfit(node: &Node<'_>, text: &str) -> Misfit {
    let (line, column) = place(text, node.start_byte());
    let what = if node.is_missing() {
        format!("{} is missing", node.kind())
    } else {
        format!("unexpected {:?}", one_line(text.get(node.byte_range()).unwrap_or_default()))
    };
    Misfit { line, column, what }
}

/// Line and column, from 1, of an offset.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn one_line(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    crate::words::line(text.as_bytes(), QUOTE)
}
