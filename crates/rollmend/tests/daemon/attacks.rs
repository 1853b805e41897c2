//! The table of attacks names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

use crate::house::House;
use crate::plan::Plan;
use crate::service::files_below;

#[test]
fn every_test_that_the_table_of_attacks_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let named: BTreeSet<&str> = table
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.matches('_').count() >= 3 && !code.contains(['/', ' ']))
        .collect();
    assert!(named.len() > 40, "{named:#?}");
    let mut sources = String::new();
    for room in ["crates", "tools"] {
        for path in files_below(&root.join(room)) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let absent: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert_eq!(absent, Vec::<&&str>::new());
}

/// Attack 23, by construction: nobody reads what a workflow printed, a check said or a person commented.
#[tokio::test]
async fn the_daemon_asks_github_for_nothing_but_what_a_pull_request_needs() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.break_canary().await;
    house.files.incident("proposed").await;
    drop(service.terminate().await);
    let asked = house.github.wire().asked().into_iter();
    let asked: BTreeSet<(Method, String)> = asked.map(|asked| (asked.method, asked.path)).collect();
    let asked: Vec<String> = asked.into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(
        asked,
        [
            "GET /acme/shop.git/info/refs",
            "GET /api/v3/repos/acme/shop/pulls",
            "GET /api/v3/user",
            "POST /acme/shop.git/git-receive-pack",
            "POST /acme/shop.git/git-upload-pack",
            "POST /api/v3/repos/acme/shop/issues/1/labels",
            "POST /api/v3/repos/acme/shop/pulls",
        ]
    );
}
