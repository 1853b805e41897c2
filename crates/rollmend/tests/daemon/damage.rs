//! What the daemon keeps is damaged.

use crate::house::House;
use crate::plan::Plan;
use crate::service::files_below;
use crate::shop;

#[tokio::test]
async fn a_damaged_journal_is_refused_with_what_to_do_and_left_as_it_is() {
    let house = House::build(Plan::default()).await;
    let journal = house.files.data().join("rollmend.db");
    let bytes = "this is no database ".repeat(1_000);
    std::fs::write(&journal, &bytes).unwrap();
    let (status, said) = house.files.spawn().end().await;
    assert_eq!(status.code(), Some(1));
    let said = unwrapped(&said);
    assert!(said.contains("rollmend.db") && said.contains("move it away"), "{said}");
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), bytes);
}

#[tokio::test]
async fn a_damaged_case_file_is_said_and_the_daemon_goes_on() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.break_canary().await;
    house.files.incident("proposed").await;
    let cases = files_below(&house.files.data().join("cases"));
    assert_eq!(cases.len(), 2, "{cases:?}");
    for case in &cases {
        let mut bytes = std::fs::read(case).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        std::fs::write(case, bytes).unwrap();
    }
    let (code, shown, _) = house.files.run(&["show", "shop/checkout"]).await;
    assert_eq!(code, Some(0));
    assert!(shown.contains("shop/pricing.py:6"), "what the journal knows is not shown: {shown}");
    assert!(shown.contains("case") && shown.contains("damaged"), "{shown}");

    let second = house.begin_canary_as("1.1.1").await;
    house.say(&second.pod, shop::traces());
    house.fail(&second).await;
    house.files.incident_of(&second.hash, "proposed").await;
    assert_eq!(house.pulls().len(), 1, "the same suspect has one pull request");
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_second_daemon_on_the_same_journal_says_who_has_it() {
    let (house, first) = House::with_daemon(Plan::default()).await;
    let (status, said) = house.files.spawn().end().await;
    assert_eq!(status.code(), Some(1));
    let holder = format!("process {}", first.pid());
    assert!(unwrapped(&said).contains(&holder), "{said:?}");
    drop(first.terminate().await);
}

/// The words of a report, without the frame and the line ends of its terminal form.
fn unwrapped(lines: &[String]) -> String {
    let lines = lines.join(" ");
    lines.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}
