//! What holds for any input.

use domain::ports::Digest;
use domain::*;
use proptest::prelude::*;
use rollmend_evidence::Evidence;

use crate::scene::*;

fn lines() -> impl Strategy<Value = Vec<String>> {
    let words = prop_oneof![
        Just(JAVA_TRACE.to_owned()),
        Just("ERROR a b c".to_owned()),
        Just("thread 'main' panicked at src/a.rs:42:9:".to_owned()),
        Just("Traceback (most recent call last):".to_owned()),
        Just("  File \"/app/x.py\", line 3, in f".to_owned()),
        Just("Caused by: java.io.IOException: \u{0}".to_owned()),
        Just("\t... 99999 more".to_owned()),
        Just("{\"level\":\"error\",\"msg\":\"x\",\"stack\":\"\\n\\n\"}".to_owned()),
        "ERROR [a-c]{1,2} [a-c]{1,2} [0-9a-f]{1,8}",
        "level=error msg=\"?[a-z \\\\\"]{0,9}",
        "\\PC{0,40}",
        ".{0,40}",
    ];
    proptest::collection::vec(words, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_log_are_digested_within_the_budget(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let raw = LogExcerpt { head: text.clone(), tail: text, ..log(Side::Canary, "shop-86686d4656-a", [""]) };
        let _suspicion = Evidence::default().suspicion(std::slice::from_ref(&raw));
        let brief = Scene::healthy().log(raw).brief();
        prop_assert!(serde_json::to_vec(&brief).unwrap().len() <= 16_000);
    }

    #[test]
    fn the_same_case_gives_the_same_brief(lines in lines()) {
        let scene = Scene::canary_says(lines);
        prop_assert_eq!(scene.brief(), scene.brief());
    }

    #[test]
    fn more_of_the_same_lines_changes_no_fingerprint(lines in lines()) {
        // Foreign lines between two rounds keep the end of one from becoming part of a trace of the next.
        let apart = |lines: &[String]| -> Vec<String> {
            lines.iter().cloned().chain(quiet(8)).collect()
        };
        let once = Scene::canary_says(apart(&lines)).brief();
        let twice = Scene::canary_says([apart(&lines), apart(&lines)].concat()).brief();
        prop_assert_eq!(once.fingerprint, twice.fingerprint);
    }
}
