//! What an order costs. All amounts are in cents.

/// The tax on what the shop sells, in percent.
const TAX: u64 = 7;

/// A price with tax, which is rounded half up.
pub fn with_tax(net: u64) -> u64 {
    net + (net * TAX + 50) / 100
}

/// How a payment is divided between a customer's gift card and their card.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    pub by_gift_card: u64,
    pub by_card: u64,
    /// Cents by gift card for each 100 by card: the receipt names both.
    pub ratio: u64,
}

/// Uses up the gift card first.
pub fn split(total: u64, gift_card: u64) -> Split {
    let by_gift_card = total.min(gift_card);
    let by_card = total - by_gift_card;
    let ratio = 100 * by_gift_card / by_card;
    Split { by_gift_card, by_card, ratio }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_added() {
        assert_eq!(with_tax(10_000), 10_700);
        assert_eq!(with_tax(150), 161);
    }

    #[test]
    fn a_gift_card_is_used_up_first() {
        assert_eq!(split(5_000, 2_000), Split { by_gift_card: 2_000, by_card: 3_000, ratio: 66 });
        assert_eq!(split(5_000, 0), Split { by_gift_card: 0, by_card: 5_000, ratio: 0 });
    }
}
