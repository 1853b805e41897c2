//! Two replicas on one journal: one acts, the other stands by; who loses the Lease stops at once.

use std::net::SocketAddr;

use serde_json::{Value, json};
use testbed::kubernetes::Kind;

use crate::house::{House, NAMESPACE};
use crate::plan::Plan;
use crate::service::Service;
use crate::shop;

/// A daemon that runs as the pod of that name.
fn replica(house: &House, pod: &str) -> Service {
    let name = format!("POD_NAME={pod}");
    house.files.spawn_as(&["env", "POD_NAMESPACE=rollmend", &name])
}

/// Waits until it stands by, and gives the address of its door.
async fn standing_by(service: &Service) -> SocketAddr {
    let line = service.said("standing by", |line| line.contains("\"message\":\"standing by\"")).await;
    let line: Value = serde_json::from_str(&line).unwrap();
    line["address"].as_str().unwrap().parse().unwrap()
}

async fn shop_with_two_replicas() -> (House, Service, Service) {
    let house = House::build(Plan::default()).await;
    house.store().ensure_namespace("rollmend");
    house.open_shop().await;
    let first = replica(&house, "first");
    first.address().await;
    let second = replica(&house, "second");
    second.said("who acts", |line| line.contains("another replica holds the lease")).await;
    (house, first, second)
}

fn holder(house: &House) -> Value {
    house.store().get(Kind::Lease, "rollmend", "rollmend").unwrap()["spec"]["holderIdentity"].clone()
}

#[tokio::test]
async fn a_second_replica_stands_by_says_who_acts_and_takes_over_where_the_first_ended() {
    let (house, first, second) = shop_with_two_replicas().await;
    let door = standing_by(&second).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str| {
        let answer = client.get(format!("http://{door}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(ask("/healthz").await, (200, json!({"status": "alive"})));
    let waits = "the lease: passive, first holds it";
    assert_eq!(ask("/readyz").await, (503, json!({"status": "not ready", "waitsFor": waits})));
    let (status, body) = ask("/v1/verdict/shop/checkout").await;
    assert_eq!(status, 503, "{body}");
    assert!(body["error"].as_str().unwrap().contains("this replica is passive"), "{body}");

    let (ended, _) = first.terminate().await;
    assert!(ended.success());
    second.address().await;
    assert_eq!(holder(&house), "second");
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&canary).await;
    house.files.incident("proposed").await;
    assert_eq!(house.pulls().len(), 1);
    assert!(house.store().list(Kind::Event, Some(NAMESPACE)).len() > 1);
}

#[tokio::test]
async fn a_replica_that_stands_by_ends_at_once_when_told_to() {
    let (house, _first, second) = shop_with_two_replicas().await;
    let (ended, lines) = second.terminate().await;
    assert!(ended.success());
    assert!(lines.iter().any(|line| line.contains("nothing had been begun")), "{lines:#?}");
    assert_eq!(holder(&house), "first");
}

#[tokio::test]
async fn who_finds_another_in_its_lease_stops_at_once_and_says_why() {
    let house = House::build(Plan::default()).await;
    house.store().ensure_namespace("rollmend");
    let service = replica(&house, "first");
    service.address().await;
    let usurper = json!({"spec": {"holderIdentity": "second"}});
    house.store().merge(Kind::Lease, "rollmend", "rollmend", &usurper).unwrap();
    let (ended, lines) = service.end().await;
    assert_eq!(ended.code(), Some(1));
    let said = "failed to keep the lease: second has it now: stopping at once";
    assert!(lines.iter().any(|line| line.contains(said)), "{lines:#?}");
    assert_eq!(holder(&house), "second", "it gives back nothing that is not its own");
}
