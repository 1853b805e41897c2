//! GitHub's REST API, version 3: who may ask what, and the answers.
//!
//! Requests come as values and answers go as values; sockets are the wire's. Reachable at the root, as on
//! api.github.com, and below `/api/v3`, as on GitHub Enterprise.

mod about;
mod answer;
mod git;
mod issues;
mod limit;
mod paging;
mod pulls;
mod write_pulls;

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Method, header};
use serde_json::Value;

use self::answer::{Outcome, Refusal};
pub(super) use self::limit::Meter;
pub use self::limit::{LimitStatus, RateLimit};
pub(super) use self::write_pulls::{NewPull, next_number, open};
use super::account::{Anonymous, Caller, Rights, Token};
use super::shape::Urls;
use super::world::{Activity, Repository, Visibility, World};

/// How large a request's body may be, in bytes.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// The base path of the API on GitHub Enterprise.
const ENTERPRISE: &str = "/api/v3";

/// A request, read whole.
pub(super) struct Call {
    pub(super) method: Method,
    /// The path as sent.
    pub(super) path: String,
    /// The query as sent.
    pub(super) query: String,
    /// Query parameters, decoded.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// A query parameter, if it is there and not empty.
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The body as a JSON object.
    fn object(&self) -> Result<Value, Refusal> {
        match serde_json::from_slice(&self.body) {
            Ok(object @ Value::Object(_)) => Ok(object),
            Ok(_) => Err(Refusal::new(400, "Body should be a JSON object")),
            Err(_) => Err(Refusal::new(400, "Problems parsing JSON")),
        }
    }

    fn accepts(&self, media: &str) -> bool {
        let accept = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains(media))
    }
}

/// What every handler gets: the request and where it came in.
struct Asking<'a> {
    call: &'a Call,
    urls: Urls,
    caller: Caller,
    /// The path below the repository, or the whole, in decoded segments.
    path: &'a [String],
}

/// Answers one request. `base` is the server's own address.
pub(super) fn answer(
    world: &Mutex<World>,
    meter: &Mutex<Meter>,
    base: &str,
    call: &Call,
) -> http::Response<Vec<u8>> {
    let (api, path) = match call.path.strip_prefix(ENTERPRISE) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => (format!("{base}{ENTERPRISE}"), rest),
        _ => (base.to_owned(), call.path.as_str()),
    };
    let urls = Urls { api, html: base.to_owned() };
    let segments: Vec<String> =
        path.split('/').skip(1).filter(|part| !part.is_empty()).map(decoded).collect();
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let mut meter = meter.lock().unwrap_or_else(PoisonError::into_inner);
    let now = world.now();
    let outcome = admitted(&world, &mut meter, call).and_then(|caller| {
        let asking = Asking { call, urls, caller, path: &segments };
        route(&mut world, &asking)
    });
    let answer = outcome.unwrap_or_else(Refusal::into_answer);
    answer.into_response(&meter, now)
}

/// Whether the caller gets in at all.
fn admitted(world: &World, meter: &mut Meter, call: &Call) -> Result<Caller, Refusal> {
    if !call.headers.contains_key(header::USER_AGENT) {
        return Err(Refusal::no_user_agent());
    }
    let caller = Caller::of(&call.headers, &world.tokens);
    match (&caller, world.anonymous) {
        (Caller::Unknown, _) => return Err(Refusal::bad_credentials()),
        (Caller::Nobody, Anonymous::Refused) => return Err(Refusal::requires_authentication()),
        (Caller::Nobody, Anonymous::MayReadPublic) | (Caller::Known(_), _) => {}
    }
    meter.count(world.now())?;
    Ok(caller)
}

fn route(world: &mut World, asking: &Asking<'_>) -> Outcome {
    let segments: Vec<&str> = asking.path.iter().map(String::as_str).collect();
    match (&asking.call.method, segments.as_slice()) {
        (&Method::GET, ["user"]) => about::user(asking),
        (_, ["repos", owner, name, ..]) => {
            let full_name = format!("{owner}/{name}");
            let rest = asking.path.get(3..).unwrap_or_default();
            in_repository(world, &full_name, &Asking { path: rest, ..asking.again() })
        }
        (_, ["repositories", id, ..]) => {
            let found = world.repositories.iter().find(|repository| repository.id.to_string() == *id);
            let full_name = found.map(Repository::full_name).ok_or_else(Refusal::not_found)?;
            let rest = asking.path.get(2..).unwrap_or_default();
            in_repository(world, &full_name, &Asking { path: rest, ..asking.again() })
        }
        _ => Err(Refusal::not_found()),
    }
}

impl Asking<'_> {
    fn again(&self) -> Self {
        Self { call: self.call, urls: self.urls.clone(), caller: self.caller.clone(), path: self.path }
    }
}

fn in_repository(world: &mut World, full_name: &str, asking: &Asking<'_>) -> Outcome {
    if world.find(full_name).is_none() {
        let renamed = world.renamed(full_name).ok_or_else(Refusal::not_found)?;
        let rest: String = asking.path.iter().fold(String::new(), |path, part| path + "/" + part);
        return Err(Refusal::moved(&asking.urls, renamed, &rest, &asking.call.query));
    }
    let rights = rights(world, full_name, &asking.caller)?;
    if asking.call.method != Method::GET {
        may_write(world, full_name, rights)?;
    }
    let path: Vec<&str> = asking.path.iter().map(String::as_str).collect();
    match (&asking.call.method, path.as_slice()) {
        (&Method::GET, []) => Ok(about::repository(world.fresh(full_name)?, asking, rights)),
        (&Method::GET, ["git", "ref", name @ ..]) => {
            git::reference(world.fresh(full_name)?, asking, &name.join("/"))
        }
        (&Method::GET, ["git", "matching-refs", name @ ..]) => {
            git::matching(world.fresh(full_name)?, asking, &name.join("/"))
        }
        (&Method::POST, ["git", "refs"]) => git::create(world.fresh(full_name)?, asking),
        (&Method::DELETE, ["git", "refs", name @ ..]) => {
            git::delete(world.fresh(full_name)?, &name.join("/"))
        }
        (&Method::GET, ["branches", name @ ..]) => {
            git::branch(world.fresh(full_name)?, asking, &name.join("/"))
        }
        (&Method::GET, ["commits"]) => git::commits(world.fresh(full_name)?, asking),
        (&Method::GET, ["commits", name @ ..]) => {
            git::commit(world.fresh(full_name)?, asking, &name.join("/"))
        }
        (method, ["pulls", rest @ ..]) => pulls::route(world, full_name, asking, method, rest),
        (method, ["issues", number, rest @ ..]) => {
            issues::route(world, full_name, asking, method, number, rest)
        }
        _ => Err(Refusal::not_found()),
    }
}

/// What the caller may do in this repository; not even knowing of it is an answer.
pub(super) fn rights(world: &World, full_name: &str, caller: &Caller) -> Result<Rights, Refusal> {
    let repository = world.find(full_name).ok_or_else(Refusal::not_found)?;
    match caller {
        Caller::Known(token) if token.reaches(&repository.full_name()) => Ok(token.rights),
        _ if repository.visibility == Visibility::Public => Ok(Rights::Read),
        _ => Err(Refusal::not_found()),
    }
}

fn may_write(world: &World, full_name: &str, rights: Rights) -> Result<(), Refusal> {
    if rights < Rights::Write {
        return Err(Refusal::not_accessible());
    }
    match world.find(full_name).map(|repository| repository.activity) {
        Some(Activity::Archived) => Err(Refusal::archived()),
        Some(Activity::Active) | None => Ok(()),
    }
}

/// The caller's login; writes have one, since nobody anonymous may write.
fn login(asking: &Asking<'_>) -> Result<String, Refusal> {
    match &asking.caller {
        Caller::Known(Token { login, .. }) => Ok(login.clone()),
        Caller::Nobody | Caller::Unknown => Err(Refusal::requires_authentication()),
    }
}

/// A path segment without its percent-encoding.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
