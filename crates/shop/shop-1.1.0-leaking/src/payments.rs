//! Charges cards. The provider is a stand-in until the contract is signed; as the real one, it is sometimes slow.

/// Every so many orders the provider does not answer in time.
const SLOW_EVERY: u64 = 25;

/// So many cents are charged at once, whatever the limit.
const SMALL: u64 = 10_000;

/// Charges `cents` for an order. One that the provider does not confirm in time is settled at night.
pub fn charge(order: u64, cents: u64) {
    if cents > SMALL && cents > limit() {
        println!("INFO order {order} is charged in parts");
    }
    if cents > 0 && order.is_multiple_of(SLOW_EVERY) {
        println!("WARN payment provider timed out for order {order}, it is settled at night");
    }
}

/// The most cents that a card is charged at once: `CARD_LIMIT`.
fn limit() -> u64 {
    let limit = std::env::var("CARD_LIMIT").unwrap_or_else(|_| "50000".to_owned());
    limit.parse().expect("CARD_LIMIT is not a number of cents")
}
