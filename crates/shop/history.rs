//! The history of the shop's sources, from release to release.

use crate::Release;

/// Which way the history took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// One of the commits brought the bug.
    Faulty,
    /// That commit was never made.
    Sound,
    /// One commit keeps a page of memory per order; those beside it change documentation.
    Leaking,
    /// One commit changes, beside code, a value of the manifest into one that the shop cannot read.
    Misconfigured,
}

/// A commit of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Who wrote it.
    pub author: &'static str,
    /// Their address.
    pub email: &'static str,
    /// How many hours before now it was made.
    pub hours_ago: u32,
    /// The whole message.
    pub message: &'static str,
    /// What it does to the tree before it.
    pub edit: Edit,
    /// The tag that it gets.
    pub tag: Option<&'static str>,
}

/// What a commit does to the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// It brings the whole tree of that release.
    Tree(Release),
    /// A unified diff, as git prints it.
    Diff(&'static str),
}

/// The commits, oldest first. The first is release 1.0.0, the last 1.1.0; in between, one is to blame where the plot has it.
pub fn history(plot: Plot) -> Vec<Commit> {
    let commits: &[Commit] = match plot {
        Plot::Faulty => &[
            FIRST_RELEASE,
            TUNE_THE_WORKERS,
            ROUND_TAXES,
            SPLIT_PAYMENTS,
            RETRY_PAYMENTS,
            LOG_DURATIONS,
            DESCRIBE_GIFT_CARDS,
            RELEASE,
        ],
        Plot::Sound => &[
            FIRST_RELEASE,
            TUNE_THE_WORKERS,
            ROUND_TAXES,
            RETRY_PAYMENTS,
            LOG_DURATIONS,
            DESCRIBE_GIFT_CARDS,
            RELEASE,
        ],
        Plot::Leaking => &[FIRST_RELEASE, DESCRIBE_GIFT_CARDS, KEEP_RECEIPTS, DESCRIBE_RECEIPTS],
        Plot::Misconfigured => &[
            FIRST_RELEASE,
            TUNE_THE_SHOP,
            ROUND_TAXES,
            RETRY_PAYMENTS,
            LOG_DURATIONS,
            DESCRIBE_GIFT_CARDS,
            RELEASE,
        ],
    };
    commits.to_vec()
}

impl Plot {
    /// The release whose code is at the end of the history.
    pub fn last_release(self) -> Release {
        match self {
            Plot::Faulty => Release::Faulty,
            Plot::Sound | Plot::Misconfigured => Release::Sound,
            Plot::Leaking => Release::Leaking,
        }
    }
}

const FIRST_RELEASE: Commit = Commit {
    author: "Ines Duarte",
    email: "ines@acme.example",
    hours_ago: 14 * 24,
    message: "Open the shop\n",
    edit: Edit::Tree(Release::First),
    tag: Some("v1.0.0"),
};
const TUNE_THE_WORKERS: Commit = Commit {
    author: "Kofi Mensah",
    email: "kofi@acme.example",
    hours_ago: 75,
    message: "Tune the number of workers\n\nFour were busy all the time in the evening.\n",
    edit: Edit::Diff(include_str!("history/tune-the-workers.diff")),
    tag: None,
};
const TUNE_THE_SHOP: Commit = Commit {
    author: "Kofi Mensah",
    email: "kofi@acme.example",
    hours_ago: 75,
    message: "Tune the shop for the season\n\nSix workers for the evening, and cards are charged up to 1000.00 at once.\n",
    edit: Edit::Diff(include_str!("history/tune-the-shop.diff")),
    tag: None,
};
const KEEP_RECEIPTS: Commit = Commit {
    author: "Yuki Tanaka",
    email: "yuki@acme.example",
    hours_ago: 20,
    message: "Keep receipts, so that one can be printed again\n\nThe page is kept as the printer takes it. This makes 1.1.0.\n",
    edit: Edit::Diff(include_str!("history/keep-receipts.diff")),
    tag: None,
};
const DESCRIBE_RECEIPTS: Commit = Commit {
    author: "Ines Duarte",
    email: "ines@acme.example",
    hours_ago: 2,
    message: "Describe how a receipt is printed again\n",
    edit: Edit::Diff(include_str!("history/describe-receipts.diff")),
    tag: Some("v1.1.0"),
};
const ROUND_TAXES: Commit = Commit {
    author: "Tomasz Nowak",
    email: "tomasz@acme.example",
    hours_ago: 70,
    message: "Round taxes half up\n\nThe accountants round so; we were a cent short on some orders.\n",
    edit: Edit::Diff(include_str!("history/round-taxes-half-up.diff")),
    tag: None,
};
const SPLIT_PAYMENTS: Commit = Commit {
    author: "Mira Lindqvist",
    email: "mira@acme.example",
    hours_ago: 52,
    message: "Split payments between gift card and card\n\nThe receipt names what was paid by which, and how the two relate.\n",
    edit: Edit::Diff(include_str!("history/split-payments.diff")),
    tag: None,
};
const RETRY_PAYMENTS: Commit = Commit {
    author: "Kofi Mensah",
    email: "kofi@acme.example",
    hours_ago: 48,
    message: "Try a slow payment a second time\n\nHalf of those that the provider does not confirm in time pass at once on the second try.\n",
    edit: Edit::Diff(include_str!("history/retry-payments.diff")),
    tag: None,
};
const LOG_DURATIONS: Commit = Commit {
    author: "Yuki Tanaka",
    email: "yuki@acme.example",
    hours_ago: 27,
    message: "Log how long a request took\n",
    edit: Edit::Diff(include_str!("history/log-durations.diff")),
    tag: None,
};
const DESCRIBE_GIFT_CARDS: Commit = Commit {
    author: "Ines Duarte",
    email: "ines@acme.example",
    hours_ago: 25,
    message: "Describe what a gift card pays\n",
    edit: Edit::Diff(include_str!("history/describe-gift-cards.diff")),
    tag: None,
};
const RELEASE: Commit = Commit {
    author: "Ines Duarte",
    email: "ines@acme.example",
    hours_ago: 2,
    message: "Release 1.1.0\n",
    edit: Edit::Diff(include_str!("history/release-1.1.0.diff")),
    tag: Some("v1.1.0"),
};
