//! Receipts, as the till prints them.

use std::sync::{Mutex, PoisonError};

/// The bytes of a page as the printer takes it: 640 by 800 dots.
const PAGE: usize = 640 * 800;

/// Every receipt since the shop opened.
#[derive(Default)]
pub struct Receipts {
    pages: Mutex<Vec<Vec<u8>>>,
}

impl Receipts {
    /// Keeps a receipt; what is not printed of its page is blank.
    pub fn keep(&self, receipt: &str) {
        let mut page = receipt.as_bytes().to_vec();
        page.resize(PAGE, b' ');
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
    }

    /// The newest receipt once more.
    pub fn last(&self) -> Option<String> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.last().map(|page| String::from_utf8_lossy(page).trim_end().to_owned())
    }
}
