//! What is bounded: bodies, heads, connections, and the end.

use std::time::Duration;

use rollmend_server::{Auth, LARGEST_BODY, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{held, house};

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_and_without_a_declared_length() {
    let house = house(Auth::Open, Limits::default(), Some(Ok(held()))).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", LARGEST_BODY + 1);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");

    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    stream
        .write_all(b"POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let (mut reader, mut writer) = stream.split();
    let send = async {
        for _ in 0..5 {
            if writer.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    let receive = async { reader.read_exact(&mut answer).await.unwrap() };
    tokio::join!(send, receive);
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let limits = Limits { body: Duration::from_millis(20), ..Limits::default() };
    let house = house(Auth::Open, limits, Some(Ok(held()))).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
}

#[tokio::test]
async fn attack_41_a_head_that_does_not_arrive_is_not_waited_for() {
    let limits = Limits { head: Duration::from_millis(20), ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    for sent in [&b""[..], b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: "] {
        let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        // Closed, with or without an answer.
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "{sent:?}");
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    }
}

#[tokio::test]
async fn attack_41_a_connection_that_is_not_used_makes_room_for_the_next() {
    let limits = Limits { connections: 2, head: Duration::from_millis(50), ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    let address = house.url.trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    let alive = tokio::time::timeout(Duration::from_secs(20), house.get("/healthz", None)).await;
    assert_eq!(alive.unwrap().0, 200);
}

#[tokio::test]
async fn attack_41_no_more_connections_than_allowed_are_served_at_once() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    let address = house.url.trim_start_matches("http://").to_owned();
    let mut first = TcpStream::connect(&address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 15];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 200 OK");
    let mut second = TcpStream::connect(&address).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(50), second.read_exact(&mut answer)).await;
    assert!(early.is_err(), "served beside the first");
    drop(first);
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let house = house(Auth::Open, Limits::default(), None).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(128 << 10));
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 431");
}

#[tokio::test]
async fn the_end_waits_for_answers_in_work_but_not_for_ever() {
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let mut house = house(Auth::Open, limits, None).await;
    let mut stream = TcpStream::connect(house.url.trim_start_matches("http://")).await.unwrap();
    // The gate never answers.
    let body = crate::house::plugin_request().to_string();
    let request =
        format!("POST /a2a/analyze HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let asked = async {
        while house.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
    house.cancel.cancel();
    tokio::time::timeout(Duration::from_secs(10), &mut house.serving).await.unwrap().unwrap().unwrap();
}
