//! Who acts: the Lease over real sockets, with several who want it.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::kubernetes::{Kind, KubernetesOptions, Rule, Token};
use testbed::wire::{Calls, Fault, Misdeed};
use tokio::sync::watch;
use tool_kubernetes::{Held, LEASE, Lease, LeasePace, LeaseSettings, Lost};

use crate::support::*;

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/rollmend/leases";
const PACE: LeasePace = LeasePace {
    term: Duration::from_secs(1),
    renew_within: Duration::from_millis(600),
    retry: Duration::from_millis(10),
};

/// A candidate, and who it says has the Lease.
async fn candidate(place: &Place, holder: &str) -> (Lease, watch::Sender<Option<String>>) {
    place.store().ensure_namespace("rollmend");
    let settings =
        LeaseSettings { namespace: "rollmend".parse().unwrap(), holder: holder.to_owned(), pace: PACE };
    (Lease::new(place.client("admin").await, settings), watch::Sender::new(None))
}

async fn holder(place: &Place, name: &str) -> Held {
    let (lease, told) = candidate(place, name).await;
    soon(lease.acquire(&told)).await
}

fn written(place: &Place) -> Value {
    place.store().get(Kind::Lease, "rollmend", LEASE).unwrap()["spec"].clone()
}

/// The methods of all requests about the Lease.
fn methods(place: &Place) -> Vec<String> {
    let asked = place.api.wire().asked().into_iter().filter(|asked| asked.path.starts_with(LEASES));
    asked.map(|asked| asked.method.to_string()).collect()
}

#[tokio::test]
async fn the_first_one_has_it_and_says_so_in_the_words_of_kubernetes() {
    let place = Place::start().await;
    holder(&place, "first").await;
    let spec = written(&place);
    let fixed = (&spec["holderIdentity"], &spec["leaseDurationSeconds"], &spec["leaseTransitions"]);
    assert_eq!(fixed, (&json!("first"), &json!(1), &json!(0)));
    assert_eq!(spec["acquireTime"], spec["renewTime"]);
    assert!(chrono::DateTime::parse_from_rfc3339(spec["renewTime"].as_str().unwrap()).is_ok());
    assert_eq!(methods(&place), ["GET", "POST"]);
}

#[tokio::test]
async fn a_second_one_waits_and_names_the_first_as_long_as_it_is_renewed() {
    let place = Place::start().await;
    let mut first = holder(&place, "first").await;
    let (second, told) = candidate(&place, "second").await;
    let mut named = told.subscribe();
    let renewals = async {
        // Three terms, in renewals: were they not counted as signs of life, the second would have it by then.
        let lasted = tokio::time::timeout(PACE.term * 3, first.keep()).await;
        assert!(lasted.is_err(), "{lasted:?}");
    };
    tokio::select! {
        _ = second.acquire(&told) => panic!("two have it"),
        () = renewals => {}
    }
    assert_eq!(*named.borrow_and_update(), Some("first".to_owned()));
    assert_eq!(written(&place)["holderIdentity"], "first");
}

#[tokio::test]
async fn a_holder_that_died_is_followed_after_its_term_and_not_before() {
    let place = Place::start().await;
    drop(holder(&place, "first").await);
    let (second, told) = candidate(&place, "second").await;
    let begun = tokio::time::Instant::now();
    soon(second.acquire(&told)).await;
    assert!(begun.elapsed() >= PACE.term, "{:?}", begun.elapsed());
    let spec = written(&place);
    assert_eq!(
        (&spec["holderIdentity"], &spec["leaseTransitions"]),
        (&json!("second"), &json!(1)),
        "{spec:#}"
    );
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_taken_at_once() {
    let place = Place::start().await;
    holder(&place, "first").await.release().await;
    assert_eq!(written(&place)["holderIdentity"], "");
    let (second, told) = candidate(&place, "second").await;
    soon(second.acquire(&told)).await;
    assert_eq!(*told.borrow(), None, "nobody was waited for");
}

#[tokio::test]
async fn the_same_pod_goes_on_at_once_after_its_container_was_killed() {
    let place = Place::start().await;
    drop(holder(&place, "pod").await);
    let before = written(&place);
    holder(&place, "pod").await;
    let after = written(&place);
    assert_eq!((&after["acquireTime"], &after["leaseTransitions"]), (&before["acquireTime"], &json!(0)));
    assert_ne!(after["renewTime"], before["renewTime"]);
}

#[tokio::test]
async fn of_two_who_write_at_once_the_api_server_refuses_one() {
    let place = Place::start().await;
    holder(&place, "gone").await.release().await;
    let (one, told_one) = candidate(&place, "one").await;
    let (two, told_two) = candidate(&place, "two").await;
    // Both have read the same version before either writes.
    let slow = Misdeed::Delay(Duration::from_millis(50));
    let put = Fault { method: Some(http::Method::PUT), path: LEASES.into(), calls: Calls::Every, does: slow };
    place.api.wire().fault(put);
    let winner = tokio::select! {
        _ = one.acquire(&told_one) => "one",
        _ = two.acquire(&told_two) => "two",
    };
    assert_eq!(written(&place)["holderIdentity"], winner);
    let refused = place.api.wire().wait_for(|asked| asked.method == "PUT" && asked.status == Some(409));
    soon(refused).await;
}

#[tokio::test]
async fn whoever_finds_another_in_it_has_lost_it() {
    let place = Place::start().await;
    let mut first = holder(&place, "first").await;
    let usurper = json!({"spec": {"holderIdentity": "second"}});
    place.store().merge(Kind::Lease, "rollmend", LEASE, &usurper).unwrap();
    assert_eq!(soon(first.keep()).await, Lost::Taken("second".into()));
}

#[tokio::test]
async fn whoever_cannot_renew_in_time_has_lost_it_before_anybody_else_may_take_it() {
    for misdeed in [Misdeed::Cut, Misdeed::Delay(Duration::from_secs(60))] {
        let place = Place::start().await;
        let mut first = holder(&place, "first").await;
        place.api.wire().fault(Fault::every(LEASES, misdeed));
        let begun = tokio::time::Instant::now();
        assert_eq!(soon(first.keep()).await, Lost::Silent(PACE.renew_within));
        assert!(begun.elapsed() < PACE.term, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_renewal_whose_answer_was_cut_is_no_loss() {
    let place = Place::start().await;
    let mut first = holder(&place, "first").await;
    place.api.wire().fault(Fault::nth(http::Method::PUT, LEASES, 1, Misdeed::CutAfterHandling));
    let mut ended = place.api.wire().follow();
    let renewed = async {
        let mut renewals = 0;
        while renewals < 4 {
            let asked = ended.next().await.unwrap();
            renewals += usize::from(asked.method == "PUT" && asked.status == Some(200));
        }
    };
    soon(first.keep_during(renewed)).await.unwrap();
    assert_eq!(written(&place)["leaseTransitions"], 0);
}

#[tokio::test]
async fn without_the_right_it_waits_and_the_log_names_the_right_once() {
    let (logged, _guard) = Logged::start();
    let place = Place::with(KubernetesOptions {
        tokens: vec![
            Token::admin("admin"),
            Token::limited("poor", "poor", vec![Rule::new(&["get"], &["pods"], &["*"])]),
        ],
        ..KubernetesOptions::default()
    })
    .await;
    let settings =
        LeaseSettings { namespace: "rollmend".parse().unwrap(), holder: "poor".into(), pace: PACE };
    let lease = Lease::new(place.client("poor").await, settings);
    let told = watch::Sender::new(None);
    let mut ended = place.api.wire().follow();
    let thrice = async {
        for _ in 0..3 {
            assert_eq!(ended.next().await.unwrap().status, Some(403));
        }
    };
    tokio::select! {
        _ = lease.acquire(&told) => panic!("it cannot have it"),
        () = soon(thrice) => {}
    }
    let lines = logged.at("WARN");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let advice = "the right to get leases in the namespace rollmend, as deploy/rbac-lease.yaml does";
    assert!(lines[0].contains(advice), "{lines:#?}");
}
