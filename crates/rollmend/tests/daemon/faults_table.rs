//! The table of faults names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

use crate::service::files_below;

#[test]
fn every_test_that_the_table_of_faults_names_exists_and_every_test_of_a_fault_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let code = table.split('`').skip(1).step_by(2);
    let named: BTreeSet<&str> =
        code.filter(|code| code.matches('_').count() >= 3 && !code.contains(['/', ' ', '.'])).collect();
    assert!(named.len() > 25, "{named:#?}");
    let (mut sources, mut ours) = (String::new(), String::new());
    for room in ["crates", "tools"] {
        for path in files_below(&root.join(room)) {
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let of_faults = file.starts_with("faults")
                || ["models_failing.rs", "models_killed.rs"].contains(&file.as_str());
            if path.to_string_lossy().contains("/daemon/") && of_faults && file != "faults_table.rs" {
                ours.push_str(&text);
            }
            sources.push_str(&text);
        }
    }
    let absent: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert_eq!(absent, Vec::<&&str>::new());
    let tests = ours.split("#[tokio::test]\nasync fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
    let unnamed: Vec<&str> = tests.filter(|name| !named.contains(name)).collect();
    assert_eq!(unnamed, Vec::<&str>::new(), "docs/faults.md does not name them");
}
