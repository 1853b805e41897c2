//! The operator's file changes while the daemon runs.

use std::net::SocketAddr;
use std::time::Duration;

use crate::house::{House, within};
use crate::plan::Plan;
use crate::service::Service;
use crate::shop;

/// The series of that name.
async fn series(door: SocketAddr, name: &str) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{door}/metrics")).send().await.unwrap().text().await.unwrap();
    let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing in {answer}")).to_owned()
}

/// How many lines of the log have these words.
fn count(service: &Service, words: &str) -> usize {
    service.lines().iter().filter(|line| line.contains(words)).count()
}

const HOLDS: &str = "the changed configuration holds";
const REFUSED: &str = "the changed configuration is refused";

#[tokio::test]
async fn a_raised_mode_holds_without_a_restart() {
    let (mut house, service) = House::with_daemon(Plan { mode: "explain", ..Plan::default() }).await;
    house.plan.mode = "propose";
    house.configure();
    service.said("that the mode holds", |line| line.contains(HOLDS) && line.contains("Propose")).await;
    house.break_canary().await;
    house.files.incident("proposed").await;
    assert_eq!(house.pulls().len(), 1);
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_lowered_mode_holds_without_a_restart() {
    let (mut house, service) = House::with_daemon(Plan::default()).await;
    house.plan.mode = "observe";
    house.configure();
    service.said("that the mode holds", |line| line.contains(HOLDS) && line.contains("Observe")).await;
    house.break_canary().await;
    house.files.incident("explained").await;
    assert_eq!((house.pulls().len(), house.events(), house.cluster_writes().len()), (0, vec![], 0));
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_says_so_once_and_a_mended_one_is_taken() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let door = service.address().await;
    let good = std::fs::read_to_string(house.files.folder.join("agents.toml")).unwrap();
    house.write("agents.toml", &good.replace("mode = \"propose\"", "mode = \"propos\"\nlisen = 1"));
    let refused = service.said("what is wrong", |line| line.contains(REFUSED)).await;
    for words in ["2 problems", "[daemon] mode is ", "did you mean `listen`?"] {
        assert!(refused.contains(words), "{words} is missing in {refused}");
    }
    assert_eq!(series(door, "rollmend_configuration_rejected_total").await, "1");
    assert_eq!(series(door, "rollmend_configuration_current").await, "0");
    house.break_canary().await;
    house.event("FixProposed").await;
    assert_eq!((count(&service, REFUSED), house.pulls().len()), (1, 1));

    let mended = good.replace("min_lines = 20", "min_lines = 21").replace("127.0.0.1:0", "127.0.0.1:1");
    house.write("agents.toml", &mended);
    service.said("that it holds", |line| line.contains(HOLDS)).await;
    service.said("what waits", |line| line.contains("from the next start on: [daemon] listen")).await;
    let current = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while series(door, "rollmend_configuration_current").await != "1" {
            looks.tick().await;
        }
    };
    within("the mended file", current).await;
    assert_eq!(series(door, "rollmend_configuration_taken_total").await, "1");
    drop(service.terminate().await);
}

/// A ConfigMap is mounted as a link to a folder that is a link; the kubelet swaps the latter.
#[tokio::test]
async fn a_mounted_config_map_is_followed() {
    let house = House::build(Plan { mode: "explain", ..Plan::default() }).await;
    let folder = &house.files.folder;
    let text = std::fs::read_to_string(folder.join("agents.toml")).unwrap();
    for (name, mode) in [("one", "explain"), ("two", "observe")] {
        std::fs::create_dir(folder.join(name)).unwrap();
        let changed = text.replace("\"explain\"", &format!("\"{mode}\""));
        house.write(&format!("{name}/agents.toml"), &changed);
    }
    std::fs::remove_file(folder.join("agents.toml")).unwrap();
    std::os::unix::fs::symlink("one", folder.join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/agents.toml", folder.join("agents.toml")).unwrap();
    house.open_shop().await;
    let service = house.serve().await;
    std::os::unix::fs::symlink("two", folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    service.said("that the mode holds", |line| line.contains(HOLDS) && line.contains("Observe")).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.fail(&canary).await;
    house.files.incident("explained").await;
    assert_eq!(house.events(), vec![]);
    drop(service.terminate().await);
}
