//! JSON token by token (RFC 8259), for the line of each value. What is no JSON ends the reading.

use super::outline::{Entry, Node, Outline};
use super::{DEEPEST, unquoted};

/// The keys and elements with their lines.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut reader = Reader { outline: Outline::new(), rest: text, line: 1, open: Vec::new(), key: None };
    while reader.step().is_some() {}
    reader.outline.entries()
}

#[derive(Clone, Copy)]
struct Open {
    node: Node,
    is_list: bool,
}

struct Reader<'t> {
    outline: Outline,
    rest: &'t str,
    line: u32,
    open: Vec<Open>,
    key: Option<String>,
}

impl<'t> Reader<'t> {
    /// Reads the next token; `None` at the end, or at what is no JSON.
    fn step(&mut self) -> Option<()> {
        match self.rest.chars().next()? {
            '\n' => {
                self.line = self.line.checked_add(1)?;
                self.take(1)?;
            }
            ' ' | '\t' | '\r' | ',' | ':' => {
                self.take(1)?;
            }
            bracket @ ('{' | '[') => {
                let (line, node) = (self.line, self.place()?);
                self.outline.put(line, node, None);
                if self.open.len() >= DEEPEST {
                    return None;
                }
                self.open.push(Open { node, is_list: bracket == '[' });
                self.take(1)?;
            }
            '}' | ']' => {
                self.open.pop()?;
                self.take(1)?;
            }
            '"' => self.string()?,
            _ => {
                let end = self.rest.find(|c: char| c.is_whitespace() || ",]}".contains(c));
                let text = self.take(end.unwrap_or(self.rest.len()))?;
                self.value(if text == "null" { None } else { unquoted(text) })?;
            }
        }
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = !escaped && *c == '"';
            escaped = !escaped && *c == '\\';
            ends
        })?;
        let text = self.take(end.0 + 1)?;
        let is_key = self.open.last().is_some_and(|open| !open.is_list) && self.key.is_none();
        if is_key {
            self.key = Some(serde_json::from_str(text).ok()?);
            return Some(());
        }
        self.value(unquoted(text))
    }

    fn value(&mut self, value: Option<String>) -> Option<()> {
        let (line, node) = (self.line, self.place()?);
        self.outline.put(line, node, value);
        Some(())
    }

    /// The node of the value that begins here.
    fn place(&mut self) -> Option<Node> {
        match self.open.last().copied() {
            None => Some(Node::ROOT),
            Some(Open { node, is_list: true }) => self.outline.element(node),
            Some(Open { node, is_list: false }) => {
                let key = self.key.take()?;
                self.outline.key(node, &key)
            }
        }
    }

    fn take(&mut self, bytes: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_at_their_lines_and_elements_at_their_names() {
        let text = "{\n \"spec\": {\"containers\": [\n  {\"image\": \"shop:1\",\n   \"name\": \"shop\", \"n\": 5, \"z\": null}\n ]}\n}";
        let read: Vec<String> = entries(text)
            .into_iter()
            .filter_map(|entry| Some(format!("{} {} {}", entry.line, entry.key, entry.value?)))
            .collect();
        assert_eq!(
            read,
            [
                "3 spec.containers[shop].image shop:1",
                "4 spec.containers[shop].name shop",
                "4 spec.containers[shop].n 5"
            ]
        );
    }

    #[test]
    fn what_is_no_json_or_too_deep_ends_the_reading() {
        for text in ["", "{]", "{\"a\"", "\"", "]", &"[".repeat(100_000), "{\"a\": tru\u{e4}"] {
            let _ = entries(text);
        }
    }
}
