//! Charges cards. The provider is a stand-in until the contract is signed; as the real one, it is sometimes slow.

/// Every so many orders the provider does not answer in time.
const SLOW_EVERY: u64 = 25;

/// Charges `cents` for an order. One that the provider does not confirm in time is settled at night.
pub fn charge(order: u64, cents: u64) {
    if cents > 0 && order.is_multiple_of(SLOW_EVERY) {
        println!("WARN payment provider timed out for order {order}, it is settled at night");
    }
}
