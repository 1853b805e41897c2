//! Runs `git http-backend` (git-http-backend(1)) as a CGI program and streams both ways.

use std::process::Stdio;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio_util::task::AbortOnDropHandle;

use super::{Admitted, Service};
use crate::github::bare;

/// How long git may be silent before it is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// How much a push may send, in bytes.
const MAX_PUSH: u64 = 512 * 1024 * 1024;

/// The longest head of a CGI answer, in lines and in bytes of one line.
const MAX_HEAD_LINES: usize = 32;
const MAX_HEAD_LINE: usize = 4096;

/// Lets git answer. `path` is the one below the repository.
pub(super) async fn run(admitted: &Admitted, service: Service, path: &str, request: Request) -> Response {
    match answered(admitted, service, path, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(%error, "git http-backend gave no answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn answered(
    admitted: &Admitted,
    service: Service,
    path: &str,
    request: Request,
) -> std::io::Result<Response> {
    let (head, body) = request.into_parts();
    let mut child = spawn(admitted, service, path, &head)?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::Error::other("its pipes are missing"));
    };
    let feeding = AbortOnDropHandle::new(tokio::spawn(feed(stdin, body)));
    let mut stdout = BufReader::new(stdout);
    let mut response = patiently(read_head(&mut stdout)).await?;
    *response.body_mut() = streamed(Running { stdout, _child: child, _feeding: feeding });
    Ok(response)
}

fn spawn(admitted: &Admitted, service: Service, path: &str, head: &Parts) -> std::io::Result<Child> {
    let text =
        |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut command = bare::git();
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &admitted.repository)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", format!("service={}", service.name()))
        .env("REQUEST_METHOD", head.method.as_str())
        .env("CONTENT_TYPE", text(header::CONTENT_TYPE))
        .env("HTTP_CONTENT_ENCODING", text(header::CONTENT_ENCODING))
        .env("GIT_PROTOCOL", text(HeaderName::from_static("git-protocol")))
        .env("REMOTE_USER", &admitted.login)
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let length = text(header::CONTENT_LENGTH);
    if !length.is_empty() {
        command.env("CONTENT_LENGTH", length);
    }
    command.spawn()
}

/// Passes the request's body on. A git that ends early closes its side, and its answer says why.
async fn feed(mut stdin: ChildStdin, body: Body) {
    let (mut pieces, mut sent) = (body.into_data_stream(), 0);
    while let Some(Ok(piece)) = pieces.next().await {
        sent += piece.len() as u64;
        if sent > MAX_PUSH || stdin.write_all(&piece).await.is_err() {
            return;
        }
    }
}

async fn patiently<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    match tokio::time::timeout(SILENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "git was silent for too long")),
    }
}

/// Reads the head of the CGI answer: headers, `Status` among them, up to an empty line.
async fn read_head(stdout: &mut BufReader<ChildStdout>) -> std::io::Result<Response> {
    let mut response = Response::new(Body::empty());
    for _ in 0..MAX_HEAD_LINES {
        let mut line = String::new();
        stdout.read_line(&mut line).await?;
        if line.len() > MAX_HEAD_LINE {
            break;
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(response);
        }
        let Some((name, value)) = line.split_once(": ") else { break };
        if name == "Status" {
            let code = value.split(' ').next().and_then(|code| code.parse().ok());
            *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    Err(std::io::Error::other("its head is none"))
}

/// A git at work; it is killed when the client goes away.
struct Running {
    stdout: BufReader<ChildStdout>,
    _child: Child,
    _feeding: AbortOnDropHandle<()>,
}

fn streamed(running: Running) -> Body {
    Body::from_stream(stream::try_unfold(running, |mut running| async move {
        let piece = patiently(async { Ok(Bytes::copy_from_slice(running.stdout.fill_buf().await?)) }).await?;
        running.stdout.consume(piece.len());
        Ok::<_, std::io::Error>((!piece.is_empty()).then_some((piece, running)))
    }))
}
