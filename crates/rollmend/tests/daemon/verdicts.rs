//! What the shop's metrics say: a server that answers the analysis' web metric and Prometheus' scrapes as it was told to.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the canary fares by the metric. Stable always fares well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fares {
    Well,
    Badly,
}

/// The server; it ends with its handle.
pub(crate) struct Verdicts {
    url: String,
    says: Arc<watch::Sender<Fares>>,
    task: JoinHandle<()>,
}

impl Verdicts {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(watch::Sender::new(Fares::Well));
        let task = tokio::spawn(serve(listener, Arc::clone(&says)));
        Self { url, says, task }
    }

    /// Without a slash at the end; `/` is for the web metric, `/metrics/canary` and `/metrics/stable` for scrapes.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn say(&self, fares: Fares) {
        self.says.send_replace(fares);
    }
}

impl Drop for Verdicts {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, says: Arc<watch::Sender<Fares>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let fares = *says.borrow();
        tokio::spawn(answer(stream, fares));
    }
}

/// Answers the one request of a connection.
async fn answer(mut stream: TcpStream, fares: Fares) -> std::io::Result<()> {
    let mut head = [0; 4096];
    let length = stream.read(&mut head).await?;
    let asked = String::from_utf8_lossy(&head[..length]).into_owned();
    let (kind, body) = match asked.split(' ').nth(1) {
        Some("/metrics/canary") if fares == Fares::Badly => ("text/plain", exposition("0.4")),
        Some(path) if path.starts_with("/metrics") => ("text/plain", exposition("0")),
        _ => ("application/json", format!("{{\"good\":{}}}", fares == Fares::Well)),
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await
}

fn exposition(errors: &str) -> String {
    format!(
        "# TYPE shop_error_ratio gauge\nshop_error_ratio {errors}\n# TYPE shop_requests gauge\nshop_requests 500\n"
    )
}
