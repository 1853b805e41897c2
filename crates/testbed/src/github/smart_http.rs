//! Git over smart HTTP: who may fetch and push, in GitHub's words; git itself does the work.

mod cgi;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::Shared;
use super::account::{Anonymous, Caller, Rights};
use super::rest;
use super::world::{Activity, World};

/// One of git's two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Fetch and clone.
    UploadPack,
    /// Push.
    ReceivePack,
}

impl Service {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "git-upload-pack" => Some(Self::UploadPack),
            "git-receive-pack" => Some(Self::ReceivePack),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// What is asked of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Which refs there are (`GET info/refs?service=…`).
    Advertise(Service),
    /// To run the service (`POST git-…-pack`).
    Run(Service),
    /// The refs for the protocol before smart HTTP, which GitHub gave up.
    Dumb,
}

/// A request of git's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    full_name: String,
    path: String,
    ask: Ask,
}

/// Recognises a request of git's by its path; any other is the REST API's.
pub(super) fn target(path: &str, query: Option<&str>) -> Option<Target> {
    let parts: Vec<&str> = path.trim_start_matches('/').splitn(3, '/').collect();
    let [owner, name, rest] = parts.as_slice() else { return None };
    let ask = match *rest {
        "info/refs" => {
            let service = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("service="));
            service.and_then(Service::from_name).map_or(Ask::Dumb, Ask::Advertise)
        }
        other => Ask::Run(Service::from_name(other)?),
    };
    let full_name = format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name));
    Some(Target { full_name, path: format!("/{rest}"), ask })
}

/// Answers a request of git's.
pub(super) async fn serve(shared: Arc<Shared>, target: Target, request: Request) -> Response {
    let service = match target.ask {
        Ask::Advertise(service) | Ask::Run(service) => service,
        Ask::Dumb => return Denied::Forbidden("Please upgrade your git client.").into_response(),
    };
    let admitted = {
        let mut world = shared.world();
        let admitted = admitted(&world, request.headers(), &target, service);
        // A push may delete a branch and the next may make it again: pull requests must see both.
        if admitted.is_ok() && target.ask == Ask::Run(Service::ReceivePack) {
            let _ = world.fresh(&target.full_name);
        }
        admitted
    };
    match admitted {
        Ok(admitted) => cgi::run(&admitted, service, &target.path, request).await,
        Err(denied) => denied.into_response(),
    }
}

/// A caller that may do what it asks.
pub(super) struct Admitted {
    pub(super) repository: std::path::PathBuf,
    pub(super) login: String,
}

/// A caller that may not, or must ask elsewhere.
#[derive(Debug)]
enum Denied {
    /// It must say who it is.
    Unauthorized(&'static str),
    /// It may not.
    Forbidden(&'static str),
    /// There is no such repository, as far as it may know.
    NotFound,
    /// The repository has another name.
    Moved(String),
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        match self {
            Self::Forbidden(why) => refused(StatusCode::FORBIDDEN, why),
            Self::NotFound => refused(StatusCode::NOT_FOUND, "Repository not found."),
            Self::Moved(to) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response(),
            Self::Unauthorized(why) => {
                let mut response = refused(StatusCode::UNAUTHORIZED, why);
                let challenge = http::HeaderValue::from_static("Basic realm=\"GitHub\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                response
            }
        }
    }
}

/// Git shows a plain text's lines as what the remote said.
fn refused(status: StatusCode, why: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], format!("{why}\n")).into_response()
}

fn admitted(
    world: &World,
    headers: &HeaderMap,
    target: &Target,
    service: Service,
) -> Result<Admitted, Denied> {
    let caller = Caller::of(headers, &world.tokens);
    authenticated(world, &caller, service)?;
    let Some(repository) = world.find(&target.full_name) else {
        let renamed = world.renamed(&target.full_name).ok_or(Denied::NotFound)?;
        let to = format!("/{}.git{}?service={}", renamed.full_name(), target.path, service.name());
        return Err(Denied::Moved(to));
    };
    let rights = rest::rights(world, &target.full_name, &caller).map_err(|_| match caller {
        // Whether there is such a repository is told to nobody who is not known.
        Caller::Nobody => Denied::Unauthorized("Repository not found."),
        Caller::Known(_) | Caller::Unknown => Denied::NotFound,
    })?;
    if service == Service::ReceivePack {
        if rights < Rights::Write {
            return Err(Denied::Forbidden("Write access to repository not granted."));
        }
        if repository.activity == Activity::Archived {
            return Err(Denied::Forbidden("ERROR: This repository was archived so it is read-only."));
        }
    }
    let login = caller.login().unwrap_or("anonymous").to_owned();
    Ok(Admitted { repository: repository.path.clone(), login })
}

fn authenticated(world: &World, caller: &Caller, service: Service) -> Result<(), Denied> {
    match caller {
        Caller::Known(_) => Ok(()),
        Caller::Unknown => Err(Denied::Unauthorized(
            "Invalid username or token. Password authentication is not supported for Git operations.",
        )),
        Caller::Nobody if service == Service::UploadPack && world.anonymous == Anonymous::MayReadPublic => {
            Ok(())
        }
        Caller::Nobody => Err(Denied::Unauthorized("No anonymous access.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_told_from_the_rest_api_by_the_path() {
        let seen = |path: &str, query: Option<&str>| {
            target(path, query).map(|target| (target.full_name, target.ask))
        };
        let acme = || "acme/shop".to_owned();
        let upload = Service::UploadPack;
        assert_eq!(
            seen("/acme/shop.git/info/refs", Some("service=git-upload-pack")),
            Some((acme(), Ask::Advertise(upload)))
        );
        assert_eq!(seen("/acme/shop/git-receive-pack", None), Some((acme(), Ask::Run(Service::ReceivePack))));
        assert_eq!(seen("/acme/shop/info/refs", Some("service=git-shell")), Some((acme(), Ask::Dumb)));
        assert_eq!(seen("/repos/acme/shop/pulls", None), None);
        assert_eq!(seen("/user", None), None);
    }
}
