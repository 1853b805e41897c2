//! A small shop. It listens on `PORT` (8080 when absent), on loopback.

mod http;
mod metrics;
mod orders;
mod payments;
mod prices;
mod receipts;

use std::net::TcpListener;
use std::sync::Arc;
use std::{io, thread};

/// How many requests are answered at once.
const WORKERS: usize = 4;

pub fn main() -> io::Result<()> {
    serve(std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080))
}

/// Opens the shop; returns only when it cannot go on.
pub fn serve(port: u16) -> io::Result<()> {
    let listener = Arc::new(TcpListener::bind(("127.0.0.1", port))?);
    let shop = Arc::new(orders::Shop::default());
    println!("INFO the shop is open on port {port}");
    let mut workers = Vec::new();
    for number in 1..=WORKERS {
        let (listener, shop) = (listener.clone(), shop.clone());
        let work = move || {
            for stream in listener.incoming().flatten() {
                // A customer who hangs up takes nobody else with them.
                let _ = http::answer(&stream, &shop);
            }
        };
        workers.push(thread::Builder::new().name(format!("worker-{number}")).spawn(work)?);
    }
    for worker in workers {
        worker.join().map_err(|_| io::Error::other("a worker died"))?;
    }
    Ok(())
}
