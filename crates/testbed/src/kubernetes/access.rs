//! Who asks, and what they may do.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};

use super::{object::text, refusal::Refusal, request::Ask};

/// A bearer token, whose it is and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What the caller sends after `Bearer`.
    pub secret: String,
    /// The user's name, such as `system:serviceaccount:rollmend:rollmend`.
    pub user: String,
    /// What the user may do; nothing when empty.
    pub rules: Vec<Rule>,
}

/// One permission, or one prohibition. `*` stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verbs: Vec<String>,
    /// Plural names, with the subresource after a slash: `pods`, `pods/log`, `rollouts`.
    pub resources: Vec<String>,
    /// Namespaces; a permission for all namespaces at once, or for what is in none, needs `*`.
    pub namespaces: Vec<String>,
}

impl Token {
    /// A token that may do everything, as `system:masters` may.
    pub fn admin(secret: impl Into<String>) -> Self {
        Token {
            secret: secret.into(),
            user: "admin".to_owned(),
            rules: vec![Rule::new(&["*"], &["*"], &["*"])],
        }
    }

    /// A token of `user` with those rules.
    pub fn limited(secret: impl Into<String>, user: impl Into<String>, rules: Vec<Rule>) -> Self {
        Token { secret: secret.into(), user: user.into(), rules }
    }
}

impl Rule {
    /// A rule over verbs, resources and namespaces.
    pub fn new(verbs: &[&str], resources: &[&str], namespaces: &[&str]) -> Self {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Rule { verbs: owned(verbs), resources: owned(resources), namespaces: owned(namespaces) }
    }

    fn covers(&self, ask: &Ask) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|known| known == "*" || known == word);
        has(&self.verbs, ask.verb)
            && has(&self.resources, &ask.resource())
            && has(&self.namespaces, ask.namespace.as_deref().unwrap_or("*"))
    }
}

/// The known tokens and the prohibitions in force.
#[derive(Debug)]
pub(crate) struct Access {
    tokens: Vec<Token>,
    forbidden: Mutex<Vec<Rule>>,
}

/// A caller: a token's user, or nobody in particular.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a str,
    rules: &'a [Rule],
}

impl Access {
    pub(crate) fn new(tokens: Vec<Token>) -> Self {
        Access { tokens, forbidden: Mutex::default() }
    }

    /// Who the caller is. Without any token it is `system:anonymous`, who may do nothing.
    ///
    /// # Errors
    /// 401 for a token that is not known.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller<'_>, Refusal> {
        let Some(given) = headers.get(AUTHORIZATION) else {
            return Ok(Caller { user: "system:anonymous", rules: &[] });
        };
        let secret = given.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let token = self.tokens.iter().find(|token| token.secret == secret);
        token.map(|token| Caller { user: &token.user, rules: &token.rules }).ok_or_else(Refusal::unauthorized)
    }

    /// Whether the caller may do it.
    ///
    /// # Errors
    /// 403 in the API server's words.
    pub(crate) fn check(&self, caller: Caller<'_>, ask: &Ask) -> Result<(), Refusal> {
        if self.allows(caller, ask) { Ok(()) } else { Err(forbidden(caller.user, ask)) }
    }

    pub(crate) fn forbid(&self, rule: Rule) {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    pub(crate) fn lift(&self) {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Answers a `SelfSubjectAccessReview`.
    pub(crate) fn review(&self, caller: Caller<'_>, mut review: Value) -> Value {
        let attributes = review.pointer("/spec/resourceAttributes").cloned().unwrap_or_default();
        let allowed = Ask::from_attributes(&attributes).is_some_and(|ask| self.allows(caller, &ask));
        let reason = if allowed { "RBAC: allowed by ClusterRoleBinding" } else { "" };
        if let Some(members) = review.as_object_mut() {
            members.insert("status".to_owned(), json!({"allowed": allowed, "reason": reason}));
        }
        review
    }

    fn allows(&self, caller: Caller<'_>, ask: &Ask) -> bool {
        let forbidden = self.forbidden.lock().unwrap_or_else(PoisonError::into_inner);
        caller.rules.iter().any(|rule| rule.covers(ask)) && !forbidden.iter().any(|rule| rule.covers(ask))
    }
}

fn forbidden(user: &str, ask: &Ask) -> Refusal {
    let qualified =
        if ask.group.is_empty() { ask.plural.clone() } else { format!("{}.{}", ask.plural, ask.group) };
    let what = match &ask.name {
        Some(name) => format!("{qualified} \"{name}\""),
        None => qualified,
    };
    let place = match &ask.namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let message = format!(
        "{what} is forbidden: User \"{user}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
        ask.verb,
        ask.resource(),
        ask.group
    );
    let mut refusal = Refusal::new(StatusCode::FORBIDDEN, "Forbidden", message);
    let mut details = json!({"kind": ask.plural});
    if let Some(members) = details.as_object_mut() {
        if let Some(name) = &ask.name {
            members.insert("name".to_owned(), name.as_str().into());
        }
        if !ask.group.is_empty() {
            members.insert("group".to_owned(), ask.group.as_str().into());
        }
    }
    refusal.details = details;
    refusal
}

impl Ask {
    fn from_attributes(attributes: &Value) -> Option<Ask> {
        let verb = ["get", "list", "watch", "create", "update", "patch", "delete"]
            .into_iter()
            .find(|verb| *verb == text(attributes, "/verb"))?;
        let some = |pointer| Some(text(attributes, pointer).to_owned()).filter(|value| !value.is_empty());
        let resource = text(attributes, "/resource");
        let (plural, subresource) = match resource.split_once('/') {
            Some((plural, subresource)) => (plural, Some(subresource.to_owned())),
            None => (resource, some("/subresource")),
        };
        Some(Ask {
            verb,
            group: text(attributes, "/group").to_owned(),
            version: String::new(),
            plural: plural.to_owned(),
            namespace: some("/namespace"),
            name: some("/name"),
            subresource,
        })
    }
}
