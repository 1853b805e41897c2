//! The shop: its repository with one commit that breaks it, and what its containers say.

use testbed::github::{Change, GitHub};

/// The repository.
pub(crate) const REPOSITORY: &str = "acme/shop";

const PRICING: &str = "\"\"\"Prices of orders, in cents.\"\"\"\n\n\ndef line_total(order, quantity):\n    \"\"\"The price of one line.\"\"\"\n    price = order.get(\"price\", 0)\n    return price * quantity\n";
const SERVER: &str = "\"\"\"The shop's door.\"\"\"\n\nfrom shop.pricing import line_total\n\n\ndef handle(order, quantity):\n    \"\"\"Answers one request.\"\"\"\n    if quantity < 1:\n        raise ValueError(quantity)\n    return line_total(order, quantity)\n";
const README: &str = "# shop\n\nSells things.\n";

/// What the culprit makes of a line of `shop/pricing.py`.
const SOUND: &str = "    price = order.get(\"price\", 0)";
const BROKEN: &str = "    price = order[\"cost\"][\"cents\"]";

/// The commits that matter.
#[derive(Debug, Clone)]
pub(crate) struct Revisions {
    /// What stable runs.
    pub(crate) stable: String,
    /// What broke it.
    pub(crate) culprit: String,
    /// What the canary runs.
    pub(crate) canary: String,
}

/// `shop/pricing.py` as the culprit left it.
pub(crate) fn broken_pricing() -> String {
    PRICING.replace(SOUND, BROKEN)
}

/// `shop/pricing.py` as it was before.
pub(crate) fn sound_pricing() -> String {
    PRICING.to_owned()
}

/// One culprit between two innocent commits.
pub(crate) fn history(github: &GitHub) -> Revisions {
    history_with(github, "Read the cost of each order", "Round no prices")
}

/// The same with the subjects of the culprit and of the commit after it.
pub(crate) fn history_with(github: &GitHub, culprit: &str, after: &str) -> Revisions {
    let stable = push(
        github,
        "Sell things",
        &[("README.md", README), ("shop/pricing.py", PRICING), ("shop/server.py", SERVER)],
    );
    push(github, "Describe gift cards", &[("README.md", "# shop\n\nSells things and gift cards.\n")]);
    let culprit = push(github, culprit, &[("shop/pricing.py", broken_pricing().as_str())]);
    let server = SERVER.replace("raise ValueError(quantity)", "raise ValueError(f\"quantity {quantity}\")");
    let canary = push(github, after, &[("shop/server.py", server.as_str())]);
    Revisions { stable, culprit, canary }
}

/// Pushes to `main` as a person.
pub(crate) fn push(github: &GitHub, message: &str, files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, Option<&str>)> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
    github.human("ada").push(REPOSITORY, "main", &Change { message, files: &files }).unwrap()
}

/// Forty lines of a shop that works.
pub(crate) fn quiet_lines() -> String {
    use std::fmt::Write;
    let mut lines = String::new();
    for number in 0..40 {
        writeln!(lines, "INFO order {number} served in {} ms", 3 + number % 7).unwrap();
    }
    lines
}

/// What the broken line says, a dozen times.
pub(crate) fn traces() -> String {
    "ERROR request failed\n\
     Traceback (most recent call last):\n\
     \x20 File \"/app/shop/server.py\", line 10, in handle\n\
     \x20   return line_total(order, quantity)\n\
     \x20 File \"/app/shop/pricing.py\", line 6, in line_total\n\
     \x20   price = order[\"cost\"][\"cents\"]\n\
     KeyError: 'cost'\n"
        .repeat(12)
}
