//! `GET /a2a/events` and its stream.

use std::time::Duration;

use rollmend_server::{Auth, Limits};
use serde_json::{Value, json};

use crate::house::{House, house};

const STREAM: &str = "/a2a/events/stream";

fn event(id: u64) -> Value {
    json!({
        "id": id, "timestamp": "2026-11-24T02:30:00.000Z", "type": "verdict-reached",
        "message": "shop-checkout-14238ed3: cause: code, confidence 90; leads to a patch (handed off)", "details": null
    })
}

/// Reads the stream until it has so many events.
async fn read(response: &mut reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(10), response.chunk()).await;
        let chunk = chunk.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    blocks.map(|block| (field(block, "id:"), serde_json::from_str(&field(block, "data:")).unwrap())).collect()
}

async fn listen(house: &House, path: &str, last: Option<&str>) -> reqwest::Response {
    let mut request = house.client.get(format!("{}{path}", house.url));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_poll_gets_what_came_after_the_last_id() {
    let house = house(Auth::Open, Limits::default(), None).await;
    assert_eq!(house.get("/a2a/events", None).await, (200, json!([])));
    for id in [7, 8, 9] {
        house.insight.tell(id);
    }
    assert_eq!(house.get("/a2a/events", None).await, (200, json!([event(7), event(8), event(9)])));
    assert_eq!(house.get("/a2a/events?since=8", None).await, (200, json!([event(9)])));
    assert_eq!(house.get("/a2a/events?since=9", None).await, (200, json!([])));
}

#[tokio::test]
async fn the_stream_sends_the_same_objects_and_goes_on() {
    let house = house(Auth::Open, Limits::default(), None).await;
    house.insight.tell(7);
    let mut response = listen(&house, STREAM, None).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(read(&mut response, 1).await, [("7".to_owned(), event(7))]);
    house.insight.tell(8);
    assert_eq!(read(&mut response, 1).await, [("8".to_owned(), event(8))]);
}

#[tokio::test]
async fn a_reader_that_reconnects_goes_on_after_its_last_event() {
    let house = house(Auth::Open, Limits::default(), None).await;
    for id in [7, 8, 9] {
        house.insight.tell(id);
    }
    let mut response = listen(&house, &format!("{STREAM}?since=7"), None).await;
    assert_eq!(read(&mut response, 2).await, [("8".to_owned(), event(8)), ("9".to_owned(), event(9))]);
    let mut response = listen(&house, &format!("{STREAM}?since=0"), Some("8")).await;
    assert_eq!(read(&mut response, 1).await, [("9".to_owned(), event(9))]);
}

#[tokio::test]
async fn numbers_that_are_none_are_refused() {
    let house = house(Auth::Open, Limits::default(), None).await;
    for path in
        ["/a2a/events?since=x", "/a2a/events?since=-1", "/a2a/events/stream?since=99999999999999999999"]
    {
        let (status, body) = house.get(path, None).await;
        assert_eq!(status, 422, "{path}: {body}");
    }
    assert_eq!(listen(&house, STREAM, Some("https://github.com/mallory/x")).await.status().as_u16(), 422);
}

#[tokio::test]
async fn only_so_many_may_listen_and_a_place_is_free_again_when_one_leaves() {
    let limits = Limits { listeners: 1, ..Limits::default() };
    let house = house(Auth::Open, limits, None).await;
    let first = listen(&house, STREAM, None).await;
    assert_eq!(first.status().as_u16(), 200);
    let second = listen(&house, STREAM, None).await;
    assert_eq!((second.status().as_u16(), second.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    assert_eq!(house.get("/a2a/events", None).await.0, 200, "polling goes on");
    drop(first);
    let free = async {
        while listen(&house, STREAM, None).await.status().as_u16() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free).await.unwrap();
}

#[tokio::test]
async fn streams_end_when_the_daemon_stops() {
    let mut house = house(Auth::Open, Limits::default(), None).await;
    let mut response = listen(&house, STREAM, None).await;
    house.cancel.cancel();
    assert_eq!(response.chunk().await.unwrap(), None);
    tokio::time::timeout(Duration::from_secs(5), &mut house.serving).await.unwrap().unwrap().unwrap();
}
