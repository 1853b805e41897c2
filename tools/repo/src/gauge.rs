//! Measures trees before anything walks them: a few small objects can describe a tree with more files than there is memory.

use std::collections::HashMap;

use domain::Failure;
use git2::{ObjectType, Oid, Repository};

use crate::settings::Limits;

/// A tree's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    files: u64,
    depth: u32,
}

/// Measures trees; equal subtrees are measured once, so a tree that names the same subtree a million times costs nothing.
pub(crate) struct Gauge<'a> {
    clone: &'a Repository,
    limits: &'a Limits,
    known: HashMap<Oid, Size>,
}

/// What is too large, and the limit.
type TooLarge = (String, u64);

/// A directory whose entries are still being measured.
struct Open {
    tree: Oid,
    pending: Vec<Oid>,
    size: Size,
}

impl<'a> Gauge<'a> {
    pub(crate) fn new(clone: &'a Repository, limits: &'a Limits) -> Self {
        Self { clone, limits, known: HashMap::new() }
    }

    /// Fails where a commit's tree is over a limit.
    pub(crate) fn check(&mut self, commit: &git2::Commit<'_>) -> Result<(), Failure> {
        let id = commit.id();
        self.check_tree(commit.tree_id(), format_args!("the tree of commit {id}"))
    }

    /// Fails where a tree is over a limit; `whose` says which it is.
    pub(crate) fn check_tree(&mut self, tree: Oid, whose: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        self.measure(tree).map(drop).map_err(|(what, limit)| {
            Failure::give_up("repository-too-large", format!("read {whose}: {what}, the limit is {limit}"))
        })
    }

    fn measure(&mut self, root: Oid) -> Result<Size, TooLarge> {
        let mut path = vec![self.enter(root)?];
        loop {
            if path.len() > usize::try_from(self.limits.depth).unwrap_or(usize::MAX) {
                return Err(self.too_deep());
            }
            let Some(open) = path.last_mut() else { return Ok(Size { files: 0, depth: 0 }) };
            if let Some(child) = open.pending.pop() {
                match self.known.get(&child).copied() {
                    Some(size) => open.add(size),
                    None => path.push(self.enter(child)?),
                }
                continue;
            }
            let (tree, size) = (open.tree, open.size);
            self.accept(size)?;
            self.known.insert(tree, size);
            path.pop();
            match path.last_mut() {
                Some(parent) => parent.add(size),
                None => return Ok(size),
            }
        }
    }

    fn accept(&self, size: Size) -> Result<(), TooLarge> {
        if size.files > self.limits.files {
            return Err(("it has too many files".to_owned(), self.limits.files));
        }
        if size.depth > self.limits.depth { Err(self.too_deep()) } else { Ok(()) }
    }

    fn too_deep(&self) -> TooLarge {
        ("its directories are too deep".to_owned(), u64::from(self.limits.depth))
    }

    fn enter(&self, tree: Oid) -> Result<Open, TooLarge> {
        let unreadable =
            |error: git2::Error| (format!("tree {tree} cannot be read ({})", error.message()), 0);
        let limit = u64::try_from(self.limits.tree).unwrap_or(u64::MAX);
        let (bytes, _) =
            self.clone.odb().and_then(|objects| objects.read_header(tree)).map_err(unreadable)?;
        if bytes > self.limits.tree {
            return Err((format!("directory {tree} has {bytes} bytes"), limit));
        }
        let entries = self.clone.find_tree(tree).map_err(unreadable)?;
        let mut open = Open { tree, pending: Vec::new(), size: Size { files: 0, depth: 1 } };
        for entry in &entries {
            match entry.kind() {
                Some(ObjectType::Tree) => open.pending.push(entry.id()),
                _ => open.size.files += 1,
            }
        }
        Ok(open)
    }
}

impl Open {
    fn add(&mut self, child: Size) {
        self.size.files = self.size.files.saturating_add(child.files);
        self.size.depth = self.size.depth.max(child.depth.saturating_add(1));
    }
}
