//! A query with places that may vary.

use regex::Regex;

use super::{StartError, language};

/// A query that is answered.
#[derive(Debug)]
pub(super) struct Template {
    pattern: Regex,
    text: String,
}

impl Template {
    /// Reads a template: `PromQL` with `{{hash}}` and `{{window}}` in it.
    pub(super) fn new(query: &str) -> Result<Self, StartError> {
        let refuse = |problem: String| StartError::Query { query: query.to_owned(), problem };
        let text = spaced(query);
        let filled = text.replace("{{hash}}", "abc").replace("{{window}}", "1m");
        language::parse(&filled).map_err(refuse)?;
        let pattern = regex::escape(&text)
            .replace(r"\{\{hash\}\}", "[a-z0-9.|]+")
            .replace(r"\{\{window\}\}", "[0-9a-z]+");
        let pattern = Regex::new(&format!("^{pattern}$")).map_err(|error| refuse(error.to_string()))?;
        Ok(Template { pattern, text })
    }

    /// Whether the query is this one with its places filled.
    pub(super) fn fits(&self, query: &str) -> bool {
        let query = spaced(query);
        query == self.text || self.pattern.is_match(&query)
    }
}

/// The text without the spaces that do not matter between its words.
fn spaced(query: &str) -> String {
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut text = words.join(" ");
    for sign in ["(", ")", "{", "}", ",", "/", "*", "+", "=", "<", ">"] {
        text = text.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    text
}
