//! `rollmend-testbed prometheus`.

use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};

use anyhow::Context as _;
use testbed::{
    kubernetes::Clock,
    prometheus::{Prometheus, PrometheusOptions, Target},
    wire::Port,
};

/// What `prometheus` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to scrape, with labels for its series.
    #[arg(long = "target", value_name = "URL[,LABEL=VALUE]…", required = true)]
    targets: Vec<Scraping>,
    /// A query that is answered: `PromQL` in which `{{hash}}` and `{{window}}` may vary.
    #[arg(long = "query", value_name = "QUERY", required = true)]
    queries: Vec<String>,
    /// The seconds between two scrapes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// A bearer token that callers must send.
    #[arg(long)]
    token: Option<String>,
    /// The port; any free one when absent.
    #[arg(long)]
    port: Option<u16>,
}

/// One `--target`.
#[derive(Clone)]
struct Scraping(Target);

impl FromStr for Scraping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',');
        let url =
            parts.next().filter(|url| url.starts_with("http://")).ok_or("the URL must begin with http://")?;
        let labels = parts.map(|part| match part.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!("'{part}' is no LABEL=VALUE")),
        });
        Ok(Self(Target { url: url.to_owned(), labels: labels.collect::<Result<BTreeMap<_, _>, _>>()? }))
    }
}

/// Starts the double and shows what it is asked, until it is interrupted.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let targets: Vec<Target> = arguments.targets.into_iter().map(|target| target.0).collect();
    let prometheus = Prometheus::start(PrometheusOptions {
        port: arguments.port.map_or(Port::Any, Port::Fixed),
        token: arguments.token,
        targets: Arc::new(move || targets.clone()),
        every: Duration::from_secs(arguments.every),
        queries: arguments.queries,
        clock: Clock::system(),
    })
    .await
    .context("failed to start")?;
    super::show(prometheus.wire(), "prometheus").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_url_with_labels_after_commas() {
        let target = |text: &str| text.parse::<Scraping>().map(|target| target.0);
        let labels =
            BTreeMap::from([("hash".to_owned(), "abc".to_owned()), ("pod".to_owned(), "p".to_owned())]);
        let url = "http://127.0.0.1:1/metrics".to_owned();
        assert_eq!(target("http://127.0.0.1:1/metrics,hash=abc,pod=p"), Ok(Target { url, labels }));
        assert!(target("127.0.0.1:1").is_err());
        assert!(target("http://x,hash").is_err());
    }
}
