//! YAML by its lines (YAML 1.2, block style; a flow collection counts as one text).

use super::outline::{Entry, Node, Outline};
use super::unquoted;

/// The lines that hold a key or an element.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut reader = Reader { outline: Outline::new(), open: Vec::new(), inside: Inside::Nothing };
    for (number, line) in (1..).zip(text.split('\n')) {
        reader.line(number, line.trim_end_matches('\r'));
    }
    reader.outline.entries()
}

/// A key or element whose children may follow.
#[derive(Clone, Copy)]
struct Open {
    indent: usize,
    node: Node,
    is_element: bool,
}

/// What goes on over several lines.
#[derive(Clone, Copy)]
enum Inside {
    Nothing,
    /// A block scalar of a key with this indent.
    Block {
        indent: usize,
    },
    /// A flow collection with so many brackets open.
    Flow {
        brackets: i64,
    },
}

struct Reader {
    outline: Outline,
    open: Vec<Open>,
    inside: Inside,
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if self.goes_on(content, indent) || is_no_content(content) {
            return;
        }
        if indent == 0 && (is_mark(content, "---") || is_mark(content, "...")) {
            self.open.clear();
            return;
        }
        let (element, indent, content) = self.elements(number, indent, content);
        if content.is_empty() || content.starts_with('#') {
            if let Some(element) = element {
                self.outline.put(number, element, None);
            }
            return;
        }
        match (split_key(content), element) {
            (Some((key, value)), _) => self.key(number, indent, &key, value),
            (None, Some(element)) => self.scalar_element(number, element, content),
            (None, None) => {
                if let Some(open) = self.open.last() {
                    self.outline.unsure(open.node);
                }
            }
        }
    }

    /// Whether the line only goes on with what began above.
    fn goes_on(&mut self, content: &str, indent: usize) -> bool {
        match self.inside {
            Inside::Nothing => false,
            Inside::Block { indent: of } => {
                let goes_on = content.is_empty() || indent > of;
                if !goes_on {
                    self.inside = Inside::Nothing;
                }
                goes_on
            }
            Inside::Flow { brackets } => {
                let left = brackets + balance(content);
                self.inside = if left > 0 { Inside::Flow { brackets: left } } else { Inside::Nothing };
                true
            }
        }
    }

    /// Opens the elements that the line's dashes begin. Gives the last of them, and what stands behind it.
    fn elements<'t>(
        &mut self,
        number: u32,
        mut indent: usize,
        mut content: &'t str,
    ) -> (Option<Node>, usize, &'t str) {
        let mut element = None;
        while let Some(rest) =
            content.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            while self
                .open
                .last()
                .is_some_and(|open| open.indent > indent || (open.indent == indent && open.is_element))
            {
                self.open.pop();
            }
            let parent = self.open.last().map_or(Node::ROOT, |open| open.node);
            let Some(node) = self.outline.element(parent) else { return (None, indent, "") };
            self.open.push(Open { indent, node, is_element: true });
            element = Some(node);
            let behind = rest.trim_start_matches(' ');
            indent += content.len() - behind.len();
            content = behind;
            if indent > 10_000 || number == 0 {
                break;
            }
        }
        (element, indent, content)
    }

    fn key(&mut self, number: u32, indent: usize, key: &str, value: &str) {
        while self.open.last().is_some_and(|open| open.indent >= indent) {
            self.open.pop();
        }
        let parent = self.open.last().map_or(Node::ROOT, |open| open.node);
        let Some(node) = self.outline.key(parent, key) else { return };
        self.open.push(Open { indent, node, is_element: false });
        if value.starts_with(['|', '>']) {
            self.inside = Inside::Block { indent };
        }
        let value = self.value(value);
        self.outline.put(number, node, value);
    }

    /// An element that is a scalar. Kustomize's `literals` hold `NAME=value`.
    fn scalar_element(&mut self, number: u32, element: Node, content: &str) {
        let list = self.open.iter().rev().nth(1).map(|open| open.node);
        let value = self.value(content);
        let literal = list.filter(|list| self.outline.is_key(*list, "literals")).and(value.as_deref());
        if let Some((name, text)) = literal.and_then(|literal| literal.split_once('=')) {
            let (name, text) = (name.to_owned(), unquoted(text));
            self.outline.name(element, &name);
            self.outline.put(number, element, text);
        } else {
            self.outline.put(number, element, value);
        }
    }

    fn value(&mut self, text: &str) -> Option<String> {
        if text.starts_with(['[', '{']) && !text.starts_with("{{") {
            let brackets = balance(text);
            if brackets > 0 {
                self.inside = Inside::Flow { brackets };
                return None;
            }
        }
        scalar(text)
    }
}

/// Blank lines, comments, directives, and the control lines of a template.
fn is_no_content(content: &str) -> bool {
    content.trim().is_empty() || content.starts_with(['#', '%', '\t']) || content.starts_with("{{")
}

fn is_mark(content: &str, mark: &str) -> bool {
    content.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `key: value` in two; `None` where the text is no key.
fn split_key(content: &str) -> Option<(String, &str)> {
    if let quote @ ('"' | '\'') = content.chars().next()? {
        let end = content.get(1..)?.find(quote)? + 1;
        let rest = content.get(end + 1..)?.trim_start_matches(' ').strip_prefix(':')?;
        let is_key = rest.is_empty() || rest.starts_with(' ');
        return is_key.then(|| (content.get(1..end).unwrap_or_default().to_owned(), rest.trim()));
    }
    if content.starts_with(['{', '[', '&', '*', '!', '|', '>', '?', '@', '`', ',']) {
        return None;
    }
    let (key, value) = match content.split_once(": ") {
        Some(parts) => parts,
        None => (content.trim_end().strip_suffix(':')?, ""),
    };
    let is_key = !key.is_empty() && !key.contains(" #") && !key.contains(": ");
    is_key.then(|| (key.trim_end().to_owned(), value.trim()))
}

/// A scalar on one line, without comment, tag and anchor.
fn scalar(text: &str) -> Option<String> {
    let mut text = text.trim();
    while text.starts_with(['&', '!']) {
        text = text.split_once(' ')?.1.trim_start();
    }
    let text = without_comment(text)?;
    if text.is_empty() || text.starts_with(['*', '|', '>']) || matches!(text, "~" | "null") {
        return None;
    }
    unquoted(text)
}

/// The text before its comment; `None` where a quote is not closed on this line.
fn without_comment(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = if text.starts_with('#') { 0 } else { text.find(" #").unwrap_or(text.len()) };
        return text.get(..end).map(str::trim_end);
    };
    let mut escaped = false;
    let mut end = None;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => end = Some(at),
            '#' if end.is_some() => break,
            _ => {}
        }
    }
    text.get(..=end?)
}

/// Opened minus closed brackets outside of quotes.
fn balance(text: &str) -> i64 {
    let mut open = 0;
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(mark), c) if c == mark => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => open += 1,
            (None, ']' | '}') => open -= 1,
            (Some(_) | None, _) => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, String, Option<String>)> {
        entries(text).into_iter().map(|entry| (entry.line, entry.key, entry.value)).collect()
    }

    fn values(text: &str) -> Vec<String> {
        let shown = |entry: Entry| Some(format!("{}:{} = {}", entry.line, entry.key, entry.value?));
        entries(text).into_iter().filter_map(shown).collect()
    }

    #[test]
    fn elements_are_named_wherever_their_name_stands() {
        let text = "spec:\n  containers:\n  - image: shop:1.1.0 # the service\n    name: shop\n    env:\n      - name: FEATURE_X\n        value: \"on\"\n    args:\n    - --pool=5\n    - 'it''s'\n";
        assert_eq!(
            values(text),
            [
                "3:spec.containers[shop].image = shop:1.1.0",
                "4:spec.containers[shop].name = shop",
                "6:spec.containers[shop].env[FEATURE_X].name = FEATURE_X",
                "7:spec.containers[shop].env[FEATURE_X].value = on",
                "9:spec.containers[shop].args[0] = --pool=5",
                "10:spec.containers[shop].args[1] = it's",
            ]
        );
    }

    #[test]
    fn keys_without_a_value_of_their_own_are_lines_too() {
        assert_eq!(
            read("a:\n  b:\n    - c: 1\n  e:\n  - d\n"),
            [
                (1, "a".to_owned(), None),
                (2, "a.b".to_owned(), None),
                (3, "a.b[0].c".to_owned(), Some("1".to_owned())),
                (4, "a.e".to_owned(), None),
                (5, "a.e[0]".to_owned(), Some("d".to_owned())),
            ]
        );
    }

    #[test]
    fn what_is_not_sure_has_no_value() {
        let text = "a: {{ .Values.a }}\n{{- if .Values.b }}\nb: \"{{ .Values.b }}\"\n{{- end }}\nc: *anchor\nd: |\n  e: not a key\n\n  f: nor this\ng: one\n  goes on\nh: [1,\n  i: 2]\nj: ~\nk: \"open\nl: &x 5\nm: !!str 6\n";
        assert_eq!(values(text), ["16:l = 5", "17:m = 6"]);
    }

    #[test]
    fn documents_lists_at_the_keys_indent_and_literals_are_read() {
        let text = "kind: A\n---\nkind: B\nconfigMapGenerator:\n- name: shop\n  literals:\n  - FEATURE_X=on\n  - \"MODE=fast\"\nimages:\n- name: acme/shop\n  newTag: 1.1.0\n";
        assert_eq!(
            values(text),
            [
                "1:kind = A",
                "3:kind = B",
                "5:configMapGenerator[shop].name = shop",
                "7:configMapGenerator[shop].literals[FEATURE_X] = on",
                "8:configMapGenerator[shop].literals[MODE] = fast",
                "10:images[acme/shop].name = acme/shop",
                "11:images[acme/shop].newTag = 1.1.0",
            ]
        );
    }

    #[test]
    fn quotes_comments_and_flow_texts_are_taken_for_what_they_are() {
        let text = "a: \"x # y\" # z\nb: x#y\n\"c d\": '#'\ne: [\"x\", 1]\nf: http://h:80/p\n";
        assert_eq!(
            values(text),
            ["1:a = x # y", "2:b = x#y", "3:c d = #", "4:e = [\"x\", 1]", "5:f = http://h:80/p"]
        );
    }
}
