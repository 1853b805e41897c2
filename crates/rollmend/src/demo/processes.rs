//! The shop's process, as the stand-in for the kubelet starts it: this program again.

use std::os::unix::process::parent_id;
use std::time::Duration;

use miette::{Context, IntoDiagnostic};

use super::options::ShopOptions;
use crate::console::Ending;

/// How often the process looks whether the demo is still there.
const LOOK: Duration = Duration::from_millis(250);

/// Opens the shop until it is told to close; it also closes when the demo is gone, however that ended.
pub(crate) fn keep_shop(options: &ShopOptions) -> miette::Result<Ending> {
    let demo = parent_id();
    std::thread::spawn(move || {
        while parent_id() == demo {
            std::thread::sleep(LOOK);
        }
        std::process::exit(0);
    });
    options
        .release
        .serve(options.port)
        .into_diagnostic()
        .wrap_err_with(|| format!("failed to open the shop on port {}", options.port))?;
    Ok(Ending::Done)
}
