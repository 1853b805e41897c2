//! One assignment on each line: `NAME=value` of an environment file, `name = value` and `name: value` of properties.

use super::outline::{Entry, Node, Outline};
use super::unquoted;

/// The lines that assign something.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut outline = Outline::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        if line.starts_with(['#', '!', ';']) {
            continue;
        }
        let Some(at) = line.find(['=', ':']) else { continue };
        let (name, value) = line.split_at(at);
        let name = name.trim_end();
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/[]".contains(c));
        if is_name && let Some(node) = outline.key(Node::ROOT, name) {
            // A line that ends in a backslash goes on; its value is not on this line alone.
            let value = value.get(1..).filter(|value| !value.ends_with('\\')).and_then(unquoted);
            outline.put(number, node, value);
        }
    }
    outline.entries()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_of_shells_and_of_properties_are_read() {
        let text = "# a comment\nexport FEATURE_X=\"on\"\nMODE = fast\nserver.port: 8080\r\n\nnot an assignment\nlong=a\\\nURL=http://h:80/a=b\n";
        let read: Vec<String> = entries(text)
            .into_iter()
            .map(|entry| format!("{} {} {}", entry.line, entry.key, entry.value.unwrap_or_default()))
            .collect();
        assert_eq!(
            read,
            ["2 FEATURE_X on", "3 MODE fast", "4 server.port 8080", "7 long ", "8 URL http://h:80/a=b"]
        );
    }
}
