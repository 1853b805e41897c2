//! What an order costs. All amounts are in cents.

/// The tax on what the shop sells, in percent.
const TAX: u64 = 7;

/// A price with tax.
pub fn with_tax(net: u64) -> u64 {
    net + net * TAX / 100
}

/// What is left for the customer's card once their gift card is used up.
pub fn left_to_pay(total: u64, gift_card: u64) -> u64 {
    total.saturating_sub(gift_card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_added() {
        assert_eq!(with_tax(10_000), 10_700);
    }

    #[test]
    fn a_gift_card_lowers_what_is_left_to_pay() {
        assert_eq!(left_to_pay(5_000, 2_000), 3_000);
        assert_eq!(left_to_pay(5_000, 9_000), 0);
    }
}
