//! The wire keeps a true record and misbehaves exactly as told.

#![cfg(test)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::{get, post};
use futures::StreamExt;
use http::Method;
use testbed::wire::{Calls, Fault, Misdeed, Port, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn serve() -> Wire {
    let router = Router::new()
        .route("/hello", get(|| async { "0123456789" }))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/stream", get(endless));
    Wire::serve("test", router, Port::Any).await.unwrap()
}

async fn endless() -> Response {
    let lines = futures::stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"first\n")) });
    Response::new(Body::from_stream(lines.chain(futures::stream::pending())))
}

/// Everything that comes back on a fresh connection, until the server closes it.
async fn raw(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is as good an end as a close.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn hello(wire: &Wire) -> String {
    raw(wire.address(), "GET /hello?a=b HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nConnection: close\r\n\r\n").await
}

fn every(does: Misdeed) -> Fault {
    Fault::every("/hello", does)
}

#[tokio::test]
async fn a_request_is_recorded_with_its_query_headers_body_and_status() {
    let wire = serve().await;
    let request = "POST /echo?q=%20 HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";
    assert!(raw(wire.address(), request).await.ends_with("\r\n\r\nbody"));
    let asked = wire.asked();
    assert_eq!(asked.len(), 1);
    let one = &asked[0];
    assert_eq!(
        (one.number, &one.method, one.path.as_str(), one.query.as_str()),
        (1, &Method::POST, "/echo", "q=%20")
    );
    assert_eq!(one.header("x-one"), Some("1"));
    assert_eq!((one.text().as_str(), one.body_length, one.status), ("body", 4, Some(200)));
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_counted_whole_and_kept_in_part() {
    let wire = serve().await;
    let body = "x".repeat(1024 * 1024 + 7);
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    raw(wire.address(), &(head + &body)).await;
    let asked = wire.wait_for(|asked| asked.status.is_some()).await;
    assert_eq!((asked.body.len(), asked.body_length), (1024 * 1024, 1024 * 1024 + 7));
}

#[tokio::test]
async fn waiting_resolves_when_the_request_comes() {
    let wire = serve().await;
    let waiting = tokio::spawn({
        let wire = wire.clone();
        async move { wire.wait_for(|asked| asked.path == "/hello" && asked.status == Some(200)).await }
    });
    hello(&wire).await;
    assert_eq!(waiting.await.unwrap().query, "a=b");
}

#[tokio::test]
async fn a_scripted_status_comes_instead_of_the_handlers_answer() {
    let wire = serve().await;
    let headers = vec![("retry-after".to_owned(), "1".to_owned())];
    wire.fault(every(Misdeed::Status { code: 429, headers, body: "slow down".into() }));
    let answer = hello(&wire).await;
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n") && answer.ends_with("\r\n\r\nslow down"), "{answer}");
    assert_eq!(wire.asked()[0].status, Some(429));
}

#[tokio::test]
async fn a_redirect_names_its_target() {
    let wire = serve().await;
    wire.fault(every(Misdeed::Redirect("http://elsewhere.example/".into())));
    let answer = hello(&wire).await;
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\nlocation: http://elsewhere.example/\r\n"), "{answer}");
}

#[tokio::test]
async fn a_cut_connection_gives_no_answer_and_spares_the_next_call() {
    let wire = serve().await;
    wire.fault(Fault { calls: Calls::Nth(1), ..every(Misdeed::Cut) });
    assert_eq!(hello(&wire).await, "");
    assert!(hello(&wire).await.ends_with("0123456789"));
    let statuses: Vec<_> = wire.asked().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [None, Some(200)]);
}

#[tokio::test]
async fn cut_after_handling_does_the_work_and_gives_no_answer() {
    let (done, mut was_done) = tokio::sync::mpsc::unbounded_channel();
    let handler = move || {
        let done = done.clone();
        async move { done.send(()).unwrap() }
    };
    let wire = Wire::serve("test", Router::new().route("/hello", get(handler)), Port::Any).await.unwrap();
    wire.fault(every(Misdeed::CutAfterHandling));
    assert_eq!(hello(&wire).await, "");
    assert_eq!(was_done.try_recv(), Ok(()));
}

#[tokio::test]
async fn a_truncated_body_promises_the_whole_and_gives_a_part() {
    let wire = serve().await;
    wire.fault(every(Misdeed::Truncate(4)));
    let answer = hello(&wire).await;
    assert!(answer.contains("content-length: 10\r\n") && answer.ends_with("\r\n\r\n0123"), "{answer}");
}

#[tokio::test]
async fn a_truncated_stream_lacks_its_last_chunk() {
    let wire = serve().await;
    wire.fault(Fault::every("/stream", Misdeed::Truncate(3)));
    let answer = raw(wire.address(), "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\n3\r\nfir\r\n"), "{answer}");
}

#[tokio::test]
async fn a_delay_holds_the_answer_back() {
    let wire = serve().await;
    wire.fault(every(Misdeed::Delay(Duration::from_millis(30))));
    let before = Instant::now();
    assert!(hello(&wire).await.ends_with("0123456789"));
    assert!(before.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_stream_passes_before_its_end() {
    let wire = serve().await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    stream.write_all(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut seen = String::new();
    while !seen.ends_with("first\n\r\n") {
        seen.push(char::from(stream.read_u8().await.unwrap()));
    }
    assert_eq!(wire.asked()[0].status, Some(200));
}

#[tokio::test]
async fn a_stop_drops_live_connections_and_a_restart_listens_on_the_same_port() {
    let wire = serve().await;
    let (url, mut live) = (wire.url(), TcpStream::connect(wire.address()).await.unwrap());
    live.write_all(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    wire.wait_for(|asked| asked.status.is_some()).await;
    wire.stop().await;
    let mut rest = Vec::new();
    let _ = live.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(wire.address()).await.is_err());
    wire.restart().await.unwrap();
    assert_eq!(wire.url(), url);
    assert!(hello(&wire).await.ends_with("0123456789"));
}

#[tokio::test]
async fn a_shut_down_server_frees_its_port() {
    let wire = serve().await;
    let port = wire.address().port();
    assert!(Wire::serve("second", Router::new(), Port::Fixed(port)).await.is_err());
    wire.shutdown().await;
    assert!(Wire::serve("second", Router::new(), Port::Fixed(port)).await.is_ok());
}

#[tokio::test]
async fn a_request_whose_client_goes_away_is_recorded_as_cut() {
    let (wire, mut follow) = {
        let wire =
            Wire::serve("test", Router::new().route("/never", get(std::future::pending::<()>)), Port::Any);
        let wire = wire.await.unwrap();
        let follow = wire.follow();
        (wire, follow)
    };
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    stream.write_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    wire.wait_for(|asked| asked.path == "/never").await;
    drop(stream);
    assert_eq!(follow.next().await.unwrap().status, None);
}
