//! The keys of a manifest as a tree, with the lines at which they stand.

use super::DEEPEST;
use crate::words;

/// Characters of one key.
const LONGEST_KEY: usize = 100;
/// Characters of all the keys that lead to a value.
const LONGEST_PATH: usize = 400;
/// What names an element of a list, the first that there is (kubernetes/api: `patchMergeKey` of the pod spec's lists).
const NAMES: [&str; 4] = ["name", "mountPath", "containerPort", "key"];

/// A key with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// From 1.
    pub(crate) line: u32,
    /// The keys that lead to it, such as `spec.containers[shop].image`; an element of a list stands by its name, or else its number.
    pub(crate) key: String,
    /// Its value, where it is one scalar on this line.
    pub(crate) value: Option<String>,
    /// Where in `key` the keys above it end, outermost first; its own end is the last.
    pub(crate) ends: Vec<usize>,
}

impl Entry {
    /// Whether it is what these keys lead to, or lies below.
    pub(crate) fn is_within(&self, key: &str) -> bool {
        self.key.starts_with(key) && self.ends.contains(&key.len())
    }

    /// The keys above it, innermost first.
    pub(crate) fn above(&self) -> impl Iterator<Item = &str> {
        self.ends.iter().rev().skip(1).filter_map(|end| self.key.get(..*end))
    }
}

/// A place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(usize);

impl Node {
    /// The whole document.
    pub(super) const ROOT: Self = Self(0);
}

struct Known {
    parent: Node,
    depth: usize,
    segment: Segment,
    elements: usize,
}

enum Segment {
    Root,
    Key(String),
    Element { at: usize, names: [Option<String>; NAMES.len()] },
}

/// The tree, as it grows line by line.
pub(super) struct Outline {
    nodes: Vec<Known>,
    lines: Vec<(u32, Node, Option<String>)>,
}

impl Outline {
    pub(super) fn new() -> Self {
        let root = Known { parent: Node::ROOT, depth: 0, segment: Segment::Root, elements: 0 };
        Self { nodes: vec![root], lines: Vec::new() }
    }

    /// A key below another; `None` where it lies too deep.
    pub(super) fn key(&mut self, parent: Node, key: &str) -> Option<Node> {
        self.grow(parent, Segment::Key(words::line(key.as_bytes(), LONGEST_KEY)))
    }

    /// The next element of a list.
    pub(super) fn element(&mut self, parent: Node) -> Option<Node> {
        let list = self.nodes.get_mut(parent.0)?;
        let at = list.elements;
        list.elements += 1;
        self.grow(parent, Segment::Element { at, names: [const { None }; NAMES.len()] })
    }

    /// Says that a node stands at a line, with its value.
    pub(super) fn put(&mut self, line: u32, node: Node, value: Option<String>) {
        if let Some(value) = &value {
            self.name_the_element(node, value);
        }
        self.lines.push((line, node, value));
    }

    /// Takes back the value of a node that goes on behind its line.
    pub(super) fn unsure(&mut self, node: Node) {
        if let Some((_, _, value)) = self.lines.iter_mut().rev().find(|(_, known, _)| *known == node) {
            *value = None;
        }
    }

    /// Names an element by itself, where its text says so.
    pub(super) fn name(&mut self, element: Node, name: &str) {
        if let Some(Known { segment: Segment::Element { names: [first, ..], .. }, .. }) =
            self.nodes.get_mut(element.0)
        {
            *first = Some(words::line(name.as_bytes(), LONGEST_KEY));
        }
    }

    /// Whether a node is the value of this key.
    pub(super) fn is_key(&self, node: Node, key: &str) -> bool {
        matches!(self.nodes.get(node.0).map(|known| &known.segment), Some(Segment::Key(known)) if known == key)
    }

    /// All lines with their keys spelled out.
    pub(super) fn entries(self) -> Vec<Entry> {
        let spell = |(line, node, value): &(u32, Node, Option<String>)| {
            let (key, ends) = self.spelled(*node);
            (key.len() <= LONGEST_PATH).then(|| Entry { line: *line, key, value: value.clone(), ends })
        };
        self.lines.iter().filter_map(spell).collect()
    }

    fn grow(&mut self, parent: Node, segment: Segment) -> Option<Node> {
        let depth = self.nodes.get(parent.0)?.depth + 1;
        if depth > DEEPEST {
            return None;
        }
        self.nodes.push(Known { parent, depth, segment, elements: 0 });
        Some(Node(self.nodes.len() - 1))
    }

    fn name_the_element(&mut self, node: Node, value: &str) {
        let Some(Known { segment: Segment::Key(key), parent, .. }) = self.nodes.get(node.0) else { return };
        let Some(which) = NAMES.iter().position(|name| name == key) else { return };
        let parent = *parent;
        if let Some(Known { segment: Segment::Element { names, .. }, .. }) = self.nodes.get_mut(parent.0)
            && let Some(name) = names.get_mut(which)
        {
            *name = Some(value.chars().take(LONGEST_KEY).collect());
        }
    }

    fn spelled(&self, node: Node) -> (String, Vec<usize>) {
        let mut way = Vec::new();
        let mut at = node;
        while let Some(known) = self.nodes.get(at.0) {
            match &known.segment {
                Segment::Root => break,
                segment => way.push(segment),
            }
            at = known.parent;
        }
        let (mut path, mut ends) = (String::new(), Vec::new());
        for segment in way.into_iter().rev() {
            match segment {
                Segment::Root => {}
                Segment::Key(key) if path.is_empty() => path.push_str(key),
                Segment::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Segment::Element { at, names } => {
                    let number = at.to_string();
                    let name = names.iter().flatten().next().unwrap_or(&number);
                    path.push('[');
                    path.push_str(name);
                    path.push(']');
                }
            }
            ends.push(path.len());
        }
        (path, ends)
    }
}
