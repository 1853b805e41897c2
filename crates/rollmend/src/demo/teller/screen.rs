//! Standard output with a line at its end that shows, on a terminal, what is waited for.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::words::WIDTH;
use crate::console::print;

/// The time between two pictures.
const PICTURE: Duration = Duration::from_millis(100);
/// What takes less is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);
/// Fewer columns than these hold no table.
const NARROWEST: usize = 60;
const WHEEL: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Back to the line's beginning, and empty it (ECMA-48).
const CLEAR: &str = "\r\x1b[2K";

/// Standard output; on a terminal a task keeps the progress line moving until this is dropped.
pub(super) struct Screen {
    waiting: Arc<Mutex<Waiting>>,
    width: usize,
    task: Option<JoinHandle<()>>,
}

/// What is waited for, and whether the line is shown.
#[derive(Debug)]
struct Waiting {
    what: Option<String>,
    since: Instant,
    shown: bool,
}

impl Screen {
    pub(super) fn start() -> Self {
        let waiting = Arc::new(Mutex::new(Waiting { what: None, since: Instant::now(), shown: false }));
        let is_simple = std::env::var_os("TERM").is_none_or(|kind| kind == "dumb");
        let is_terminal = io::stdout().is_terminal();
        let task = (is_terminal && !is_simple).then(|| tokio::spawn(draw(waiting.clone())));
        Self { waiting, width: width(), task }
    }

    /// How many columns there are to fill.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Prints lines above the progress line, and forgets what was waited for.
    pub(super) fn print(&self, lines: Vec<String>) -> miette::Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.clear();
        waiting.since = Instant::now();
        print(lines)
    }

    pub(super) fn wait_for(&self, what: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.clear();
        *waiting = Waiting { what: Some(what.to_owned()), since: Instant::now(), shown: false };
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Waiting {
    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            show(CLEAR);
        }
    }

    fn picture(&mut self, number: usize) {
        let waited = self.since.elapsed();
        let Some(what) = self.what.as_ref().filter(|_| waited >= PATIENCE) else { return };
        let wheel = WHEEL.get(number % WHEEL.len()).copied().unwrap_or(' ');
        show(&format!("{CLEAR}{wheel} waiting for {what} … {} s", waited.as_secs()));
        self.shown = true;
    }
}

/// As wide as the terminal within reason, and as the pages in the documentation where there is none.
fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    columns.map_or(WIDTH, |columns| columns.clamp(NARROWEST, WIDTH))
}

async fn draw(waiting: Arc<Mutex<Waiting>>) {
    let mut pictures = tokio::time::interval(PICTURE);
    for number in 0.. {
        pictures.tick().await;
        waiting.lock().unwrap_or_else(PoisonError::into_inner).picture(number);
    }
}

fn show(text: &str) {
    let mut out = io::stdout().lock();
    // A terminal that is gone is noticed by the next line that matters.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
