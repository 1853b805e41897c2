//! How changed configurations fared.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts changed configurations for `/metrics`; cheap to clone. Whoever reads the file tells it.
#[derive(Debug, Clone)]
pub struct Reloads {
    taken: Counter,
    rejected: Counter,
    current: Gauge,
}

impl Default for Reloads {
    /// The file of the start holds.
    fn default() -> Self {
        let current = Gauge::default();
        current.set(1);
        Self { taken: Counter::default(), rejected: Counter::default(), current }
    }
}

impl Reloads {
    /// A changed file holds now.
    pub fn taken(&self) {
        self.taken.inc();
        self.current.set(1);
    }

    /// A changed file was refused; the one before it holds on.
    pub fn rejected(&self) {
        self.rejected.inc();
        self.current.set(0);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let words = "Changed configurations that were taken";
        registry.register("configuration_taken", words, self.taken.clone());
        let words = "Changed configurations that were refused";
        registry.register("configuration_rejected", words, self.rejected.clone());
        let words = "1 while the file as it is holds, 0 while an earlier one does";
        registry.register("configuration_current", words, self.current.clone());
    }
}
