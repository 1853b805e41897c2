//! The built daemon as an operator runs it, `rollmend serve`, over real sockets against the stand-ins of `testbed`: what it sees,
//! what it writes outside, and what becomes of it when it is killed, starved, lied to or attacked.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap or index fails the test"
)]
#![expect(clippy::print_stdout, reason = "a failed test shows the daemon's log")]

#[path = "daemon/house.rs"]
mod house;
#[path = "daemon/models_staff.rs"]
mod models_staff;
#[path = "daemon/outside.rs"]
mod outside;
#[path = "daemon/plan.rs"]
mod plan;
#[path = "daemon/service.rs"]
mod service;
#[path = "daemon/shop.rs"]
mod shop;
#[path = "daemon/verdicts.rs"]
mod verdicts;

#[path = "daemon/attacks.rs"]
mod attacks;
#[path = "daemon/damage.rs"]
mod damage;
#[path = "daemon/doors.rs"]
mod doors;
#[path = "daemon/faults.rs"]
mod faults;
#[path = "daemon/faults_disk.rs"]
mod faults_disk;
#[path = "daemon/faults_table.rs"]
mod faults_table;
#[path = "daemon/faults_wire.rs"]
mod faults_wire;
#[path = "daemon/gate.rs"]
mod gate;
#[path = "daemon/hostile.rs"]
mod hostile;
#[path = "daemon/kills.rs"]
mod kills;
#[path = "daemon/leadership.rs"]
mod leadership;
#[path = "daemon/models.rs"]
mod models;
#[path = "daemon/models_failing.rs"]
mod models_failing;
#[path = "daemon/models_killed.rs"]
mod models_killed;
#[path = "daemon/models_ordered.rs"]
mod models_ordered;
#[path = "daemon/no_fix.rs"]
mod no_fix;
#[path = "daemon/reload.rs"]
mod reload;
#[path = "daemon/retries.rs"]
mod retries;
#[path = "daemon/watch.rs"]
mod watch;
