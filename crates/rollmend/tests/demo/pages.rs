//! The pages in `docs/` that show what came out of a demo, and how what comes out now is held to them.

use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;

/// How the pages call the demo's folder.
pub(crate) const FOLDER: &str = "~/rollmend-demo";

/// What differs from run to run, and what stands for it in a comparison.
const REPLACED: [(&str, &str); 23] = [
    // How often it is measured before the first kill, and before the daemon has told of it, depends on the machine's pace.
    (r"[·✗] analysis restarts is [01]\.\d+: result\[0\] < 1 (?:holds|does not hold) ", ""),
    (r"\brestarted (once|\d+ times)\b", "restarted N times"),
    (r"\b1\.[01]\d+\b", "ABOUT-ONE"),
    // Said where the canary's pod was last seen running, not where it was last seen ending.
    (r"crashes and OOM kills, since no container of 1 pod was restarted \(E\d+\); ", ""),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\d\d:\d\d:\d\d", "TIME"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"shop-checkout-[0-9a-f]{8}", "INCIDENT"),
    (r"cases/[0-9a-f]{2}/[0-9a-f]{64}", "cases/CASE"),
    (r"\b(?:[0-9a-f]{40}|[0-9a-f]{12}|[0-9a-f]{7})\b", "SHA"),
    (r"canary SHA \([0-9a-z]{6,10}\)", "canary SHA (HASH)"),
    (r"Canary [0-9a-z]{6,10} of", "Canary HASH of"),
    (r"worker-\d' \(\d+\)", "worker-N' (ID)"),
    (r"[\d,]+ in [\d,]+ lines", "N in N lines"),
    (r"\d+ log lines of the canary, \d+ of", "N log lines of the canary, N of"),
    (r"\(\d+ times", "(N times"),
    (r"\d+ (answered|orders in all|requests|lines|exhibits|µs)", "N $1"),
    (r"\b0\.\d{3,}\b", "RATIO"),
    (r"confidence \d+\. Canary", "confidence N. Canary"),
    (r"\b\d+ s quiet", "T s quiet"),
    // When a pod is gone, and when the one in its place has a log, depends on the machine's pace.
    (r", though the canary's pod is gone", ""),
    (r"\bE\d+\b", "E#"),
    (r"\b\d stable pods?", "N stable pods"),
];

/// Compares what came out with the page, word by word: where lines break depends on the figures.
pub(crate) fn compare(page: &str, command: &str, told: &str) {
    let told = format!("$ {command} --keep {FOLDER}\n{told}");
    hold(page, &told);
}

/// Compares the pull request of an incident with its page.
pub(crate) fn compare_pull_request(page: &str, shown: &Value) {
    let history = shown["history"].as_array().unwrap();
    let mut proposals = history.iter().filter_map(|recorded| recorded.pointer("/event/proposal"));
    let proposal = proposals.next().unwrap();
    let text = |member: &str| proposal[member].as_str().unwrap().to_owned();
    hold(page, &format!("# {}\n\n{}", text("title"), text("body")));
}

fn hold(page: &str, told: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    if std::env::var_os("ROLLMEND_BLESS").is_some() {
        std::fs::write(&path, told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let (kept, told) = (words(&kept), words(told));
    let same = kept.iter().zip(&told).take_while(|(kept, told)| kept == told).count();
    let around = |words: &[String]| {
        let shown: Vec<&str> =
            words.iter().skip(same.saturating_sub(12)).take(24).map(String::as_str).collect();
        shown.join(" ")
    };
    assert!(
        kept == told,
        "docs/{page} is not what came out; take it again with ROLLMEND_BLESS=1\n the page: … {} …\n came out: … {} …",
        around(&kept),
        around(&told)
    );
}

fn words(text: &str) -> Vec<String> {
    let time = Regex::new(r"(?m) +\d+\.\d s$").unwrap();
    let mut text = time.replace_all(text, "").split_whitespace().collect::<Vec<_>>().join(" ");
    for (pattern, name) in REPLACED {
        text = Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
    }
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn figures_are_replaced_and_words_are_not() {
    let told = "✗ rollout at 127.0.0.1:4711 by 0ec7cc2, 208 log lines of the canary,\n 186 of 2 stable pods   8.2 s\n";
    assert_eq!(
        words(told).join(" "),
        "✗ rollout at 127.0.0.1:PORT by SHA, N log lines of the canary, N of N stable pods"
    );
    assert_eq!(
        words("result[0] < 0.05 at src/prices.rs:24").join(" "),
        "result[0] < 0.05 at src/prices.rs:24"
    );
}
