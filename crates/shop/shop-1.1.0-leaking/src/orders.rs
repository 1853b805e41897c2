//! Orders, from the form to the receipt.

use std::sync::atomic::{AtomicU64, Ordering};

use super::http::{Request, Response};
use super::metrics::Metrics;
use super::payments;
use super::prices;
use super::receipts::Receipts;

/// What lives as long as the shop is open.
#[derive(Default)]
pub struct Shop {
    pub metrics: Metrics,
    orders: AtomicU64,
    receipts: Receipts,
}

/// What a customer sends. Cents.
struct Order {
    net: u64,
    gift_card: u64,
}

impl Shop {
    pub fn handle(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/orders") => self.place(&request.body),
            ("GET", "/receipts/last") => self.print_again(),
            ("GET", "/metrics") => Response { status: 200, body: self.metrics.exposition() },
            ("GET", "/healthz") => Response { status: 200, body: "open\n".to_owned() },
            _ => Response { status: 404, body: "there is no such page\n".to_owned() },
        }
    }

    fn place(&self, form: &str) -> Response {
        let Some(order) = Order::read(form) else {
            return Response { status: 400, body: "an order needs net=CENTS\n".to_owned() };
        };
        let number = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        let total = prices::with_tax(order.net);
        let by_card = prices::left_to_pay(total, order.gift_card);
        payments::charge(number, by_card);
        let receipt = format!("order {number}: {total} cents, {by_card} by card\n");
        self.receipts.keep(&receipt);
        Response { status: 201, body: receipt }
    }

    fn print_again(&self) -> Response {
        match self.receipts.last() {
            Some(receipt) => Response { status: 200, body: format!("{receipt}\n") },
            None => Response { status: 404, body: "nothing was ordered yet\n".to_owned() },
        }
    }
}

impl Order {
    fn read(form: &str) -> Option<Order> {
        let cents = |name: &str| {
            let mut fields = form.trim().split('&').filter_map(|field| field.split_once('='));
            fields.find(|(known, _)| *known == name).map(|(_, value)| value.parse().ok())
        };
        Some(Order { net: cents("net")??, gift_card: cents("gift_card").unwrap_or(Some(0))? })
    }
}
