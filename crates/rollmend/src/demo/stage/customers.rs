//! The customers: real requests to every pod in turn.

use std::sync::Arc;
use std::time::Duration;

use miette::{Context, IntoDiagnostic};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use super::pods::Pods;

/// The time between two orders, over all pods.
const EVERY: Duration = Duration::from_millis(10);
/// How long a customer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many wait at once.
const AT_ONCE: usize = 64;
/// How often a customer sends an order until it is answered by less than 500: at once again, on the same way in.
const TRIES: usize = 5;
/// What is ordered, again and again: the price without tax and what is on the gift card, in cents. A gift card pays all of one
/// order in ten.
const ORDERS: [(u32, u32); 10] = [
    (4200, 0),
    (1250, 0),
    (7600, 2500),
    (990, 250),
    (3100, 0),
    (15_900, 0),
    (2480, 1000),
    (640, 0),
    (1800, 5000),
    (8800, 0),
];

/// The customers of the shop; they go when this is dropped.
#[derive(Debug, Default)]
pub(in super::super) struct Customers {
    task: Option<JoinHandle<()>>,
    tally: watch::Sender<Tally>,
}

/// How the customers fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Tally {
    /// Answers, of any kind.
    pub(in super::super) answers: u64,
    /// Those of 500 and more.
    pub(in super::super) failures: u64,
}

impl Customers {
    /// Lets them in.
    pub(super) fn come(pods: Pods) -> miette::Result<Self> {
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
        let client = client.into_diagnostic().wrap_err("failed to make an HTTP client")?;
        let tally = watch::Sender::default();
        let task = tokio::spawn(order(client, pods, tally.clone()));
        Ok(Self { task: Some(task), tally })
    }

    /// How they fared so far.
    pub(in super::super) fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Resolves when so many more orders were answered.
    pub(super) async fn served(&self, more: u64) {
        let until = self.tally().answers + more;
        // The sender is ours, so that this cannot fail.
        let _ = self.tally.subscribe().wait_for(|tally| tally.answers >= until).await;
    }

    /// Sends them home.
    pub(super) fn go(self) {
        drop(self);
    }
}

impl Drop for Customers {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn order(client: reqwest::Client, pods: Pods, tally: watch::Sender<Tally>) {
    let mut pace = tokio::time::interval(EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    for (turn, (net, gift_card)) in ORDERS.into_iter().cycle().enumerate() {
        pace.tick().await;
        while under_way.try_join_next().is_some() {}
        let serving = pods.serving();
        // The turn is mixed with the round, so that every pod gets every kind of order.
        let place = turn + turn / ORDERS.len();
        let Some(pod) = serving.get(place % serving.len().max(1)) else { continue };
        let Ok(permit) = places.clone().try_acquire_owned() else { continue };
        let customer = Customer {
            client: client.clone(),
            page: format!("http://{}/orders", pod.address),
            order: format!("net={net}&gift_card={gift_card}"),
            tally: tally.clone(),
        };
        under_way.spawn(async move {
            customer.order().await;
            drop(permit);
        });
    }
}

/// One who wants something.
struct Customer {
    client: reqwest::Client,
    page: String,
    order: String,
    tally: watch::Sender<Tally>,
}

impl Customer {
    async fn order(self) {
        for _ in 0..TRIES {
            let request = self.client.post(&self.page).body(self.order.clone());
            // A pod that goes takes its last connections with it; that is no answer.
            let Ok(answer) = request.send().await else { return };
            let failed = answer.status().is_server_error();
            self.tally.send_modify(|tally| {
                tally.answers += 1;
                tally.failures += u64::from(failed);
            });
            if !failed {
                return;
            }
        }
    }
}
