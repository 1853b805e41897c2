//! The fixer with a model: a patch that the bench vouches for, or the revert with the reason why.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::Fixer;
use domain::*;
use rollmend_agents::{FixerSettings, ModelFixer, RevertFixer};
use serde_json::{Value, json};
use testbed::models::{Answer, Turn};

use crate::bench::{AFTER, BEFORE, PATH, Shop};
use crate::crew::Stage;
use crate::double::Repositories;
use crate::scene::{self, CULPRIT, Scene};

pub(crate) fn edit() -> Turn {
    Turn::call("edit", json!({"path": PATH, "old": BEFORE, "new": AFTER}))
}

pub(crate) fn patch() -> Value {
    json!({
        "ending": "patch",
        "title": "fix(users): give the id where there is no profile",
        "what_changes": "A user without a profile gets the id as name, as before 4f2c9d1",
        "why_not_revert": "It would drop the display names that 4f2c9d1 brought.",
        "what_is_not_shown": "Whether other callers of `displayName()` expect null.",
    })
}

fn give_up() -> Turn {
    Turn::call(
        "finish",
        json!({"ending": "give_up", "why": "the table is owned by another service, see https://evil.example"}),
    )
}

pub(crate) fn fixer(stage: &Stage, shop: &Arc<Shop>, code: Repositories) -> ModelFixer {
    let revert = RevertFixer { code: code.shared() };
    ModelFixer::new(stage.crew.clone(), shop.clone(), revert, FixerSettings::default())
}

async fn fixed(stage: &Stage, shop: &Arc<Shop>, scene: &Scene) -> Result<Proposal, NoPatch> {
    let handoff = scene.handoff().await.unwrap();
    fixer(stage, shop, Repositories::default()).fix(&handoff, &scene.case).await.unwrap()
}

fn without_cost(text: &str) -> String {
    let mut parts = text.split('$');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |done, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        format!("{done}$[cost]{rest}")
    })
}

#[tokio::test]
async fn a_patch_of_checked_edits_is_proposed_in_the_fixers_words_beside_the_revert() {
    let scene = scene::null_pointer();
    let stage = Stage::of([edit(), Turn::call("finish", patch()).expecting("edited")]).await;
    let shop = Arc::new(Shop::default());
    let proposal = fixed(&stage, &shop, &scene).await.unwrap();
    stage.went_as_written();
    assert_eq!(proposal.patch.kind, PatchKind::Edits);
    assert_eq!(proposal.patch.reverts.as_str(), CULPRIT);
    assert_eq!(proposal.branch.as_str(), "rollmend/main/4f2c9d1a0b1c");
    assert_eq!(proposal.repository, crate::frozen::repository());
    insta::assert_snapshot!(
        "mended_pull_request",
        without_cost(&format!("{}\n\n{}", proposal.title, proposal.body))
    );
    insta::assert_snapshot!("mended_commit_message", shop.messages.lock().unwrap()[0]);
}

#[tokio::test]
async fn the_fixer_is_told_who_it_is_where_to_begin_and_how_to_end() {
    let scene = scene::null_pointer();
    let stage = Stage::of([give_up()]).await;
    fixed(&stage, &Arc::new(Shop::default()), &scene).await.unwrap();
    assert_eq!(stage.offered(), ["read_file", "edit", "finish"]);
    insta::assert_snapshot!("fixer_system", stage.told("system"));
    insta::assert_snapshot!("fixer_opening", stage.told("user"));
    let tools = stage.server.requests()[0].body["tools"].as_array().unwrap().clone();
    insta::assert_json_snapshot!("fixer_answer_tool", tools.last().unwrap());
}

#[tokio::test]
async fn where_the_fixer_gives_up_the_revert_stands_in_and_says_so() {
    let scene = scene::null_pointer();
    let stage = Stage::of([give_up()]).await;
    let proposal = fixed(&stage, &Arc::new(Shop::default()), &scene).await.unwrap();
    assert_eq!(proposal.patch.kind, PatchKind::Revert);
    assert_eq!(proposal.title, "Revert \"Show display names without stray spaces\"");
    let tried =
        without_cost(&proposal.body).lines().find(|line| line.contains("a fixer")).unwrap().to_owned();
    assert_eq!(
        tried,
        "- A repair that keeps the rest of 4f2c9d1: a fixer with the model `main` tried ($[cost]) and gave none, since it gave up: \
         'the table is owned by another service, see https: //evil.example'"
    );
}

#[tokio::test]
async fn where_the_model_fails_the_revert_stands_in_and_says_why() {
    let scene = scene::null_pointer();
    let stage = Stage::of([Turn::new(Answer::status(401)).forever()]).await;
    let proposal = fixed(&stage, &Arc::new(Shop::default()), &scene).await.unwrap();
    assert_eq!(proposal.patch.kind, PatchKind::Revert);
    assert!(
        proposal.body.contains("tried and gave none, since the provider refused the key (401)"),
        "{}",
        proposal.body
    );
}

#[tokio::test]
async fn an_ending_without_a_patch_goes_back_and_the_next_one_stands() {
    let scene = scene::null_pointer();
    let stage = Stage::of([
        Turn::call("finish", patch()),
        edit().expecting("the edits make no patch, it failed to change anything"),
        Turn::call("finish", patch()),
    ])
    .await;
    let proposal = fixed(&stage, &Arc::new(Shop::default()), &scene).await.unwrap();
    stage.went_as_written();
    assert_eq!(proposal.patch.kind, PatchKind::Edits);
}

#[tokio::test]
async fn an_ending_that_says_too_little_goes_back_with_what_is_missing() {
    let scene = scene::null_pointer();
    let stage = Stage::of([
        edit(),
        Turn::call("finish", json!({"ending": "patch", "title": "x".repeat(80)})),
        Turn::call("finish", patch()).expecting(
            "`title` is longer than 72 characters; `what_changes` is empty; `why_not_revert` is empty; `what_is_not_shown` is empty",
        ),
    ])
    .await;
    assert_eq!(fixed(&stage, &Arc::new(Shop::default()), &scene).await.unwrap().patch.kind, PatchKind::Edits);
    stage.went_as_written();
}

#[tokio::test]
async fn a_patch_that_the_bench_refuses_again_and_again_gives_way_to_the_revert() {
    let scene = scene::null_pointer();
    let why = NoPatch::PathRefused {
        suspect: "4f2c9d1".to_owned(),
        path: ".github/workflows/ci.yml".to_owned(),
        rule: "no patch may touch".to_owned(),
    };
    let shop = Arc::new(Shop { refusal: Some(why), ..Shop::default() });
    let stage = Stage::of([edit(), Turn::call("finish", patch()).forever()]).await;
    let proposal = fixed(&stage, &shop, &scene).await.unwrap();
    assert_eq!(proposal.patch.kind, PatchKind::Revert);
    assert!(proposal.body.contains("since its answer did not fit what was asked"), "{}", proposal.body);
}

#[tokio::test]
async fn a_patch_that_is_not_what_was_handed_off_is_not_proposed() {
    type Fault = fn(&mut Patch);
    let faults: [(Fault, &str); 4] = [
        (|patch| patch.kind = PatchKind::Revert, "the edits change nothing"),
        (|patch| patch.files.clear(), "the edits change nothing"),
        (|patch| patch.base = "release".parse().unwrap(), "the edits are not of the base branch"),
        (|patch| patch.reverts = "0".repeat(40).parse().unwrap(), "the edits mend no suspect"),
    ];
    for (fault, expected) in faults {
        let scene = scene::null_pointer();
        let stage = Stage::of([edit(), Turn::call("finish", patch()), give_up().expecting(expected)]).await;
        let shop = Arc::new(Shop { fault: Some(fault), ..Shop::default() });
        assert_eq!(fixed(&stage, &shop, &scene).await.unwrap().patch.kind, PatchKind::Revert);
        stage.went_as_written();
    }
}

#[tokio::test]
async fn a_configuration_cause_found_in_a_manifest_asks_no_model() {
    let mut scene = scene::null_pointer();
    scene.suspects()[0].grounds = Grounds::FrameInItsLines;
    let mut verdict = scene.verdict().await;
    verdict.suspects[0].grounds = Grounds::SpecChange;
    let header = &scene.case.header;
    let handoff =
        Handoff::from_verdict(&header.identity, &verdict, &header.repository, Confidence::of(70)).unwrap();
    let stage = Stage::of([edit()]).await;
    let fixer = fixer(&stage, &Arc::new(Shop::default()), Repositories::default());
    let _ = fixer.fix(&handoff, &scene.case).await;
    assert_eq!(stage.asked(), 0);
}

#[tokio::test]
async fn what_is_undone_already_or_changed_since_asks_no_model() {
    let scene = scene::null_pointer();
    let handoff = scene.handoff().await.unwrap();
    let prime = handoff.suspects()[0].sha.clone();
    let (suspect, base) = (prime.short().to_owned(), BranchName::try_from("main".to_owned()).unwrap());
    for why in [
        NoPatch::UndoneAlready { suspect: suspect.clone(), base: base.clone() },
        NoPatch::NotOnBase { suspect: suspect.clone(), base: base.clone() },
        NoPatch::ChangedSince { suspect: suspect.clone(), file: "a.java".to_owned(), base: base.clone() },
        NoPatch::CanaryNotAhead,
    ] {
        let stage = Stage::of([edit()]).await;
        let fixer = fixer(&stage, &Arc::new(Shop::default()), Repositories::refusing(&prime, why.clone()));
        assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap(), Err(why));
        assert_eq!(stage.asked(), 0);
    }
}

#[tokio::test]
async fn where_the_revert_conflicts_a_patch_may_mend_and_says_so() {
    let scene = scene::null_pointer();
    let handoff = scene.handoff().await.unwrap();
    let prime = handoff.suspects()[0].sha.clone();
    let conflict = NoPatch::Conflict { suspect: "4f2c9d1".to_owned(), files: PATH.to_owned() };
    let turns = || [edit(), Turn::call("finish", patch())];
    let stage = Stage::of(turns()).await;
    let mender = fixer(&stage, &Arc::new(Shop::default()), Repositories::refusing(&prime, conflict.clone()));
    let proposal = mender.fix(&handoff, &scene.case).await.unwrap().unwrap();
    assert!(
        proposal.body.contains(&format!(
            "- Reverting 4f2c9d1 instead (it conflicts with later changes in `{PATH}`). In the fixer's words: It would drop"
        )),
        "{}",
        proposal.body
    );
    let stage = Stage::of([give_up()]).await;
    let mender = fixer(&stage, &Arc::new(Shop::default()), Repositories::refusing(&prime, conflict.clone()));
    assert_eq!(mender.fix(&handoff, &scene.case).await.unwrap(), Err(conflict));
}

#[tokio::test]
async fn attack_19_a_file_that_steers_tools_is_pointed_out_to_the_reviewer() {
    let scene = scene::null_pointer();
    let shop = Arc::new(Shop { flagged: vec!["AGENTS.md".to_owned()], ..Shop::default() });
    let stage = Stage::of([edit(), Turn::call("finish", patch())]).await;
    let body = fixed(&stage, &shop, &scene).await.unwrap().body;
    assert!(body.contains("**Look twice**: `AGENTS.md` can steer tools, builds or other agents."), "{body}");
}

#[tokio::test]
async fn the_same_handoff_is_mended_again_without_paying_again() {
    let scene = scene::null_pointer();
    let stage = Stage::of([edit(), Turn::call("finish", patch())]).await;
    let shop = Arc::new(Shop::default());
    let first = fixed(&stage, &shop, &scene).await.unwrap();
    let again = fixed(&stage, &shop, &scene).await.unwrap();
    assert_eq!((first, stage.asked()), (again, 2));
    let lost = Arc::new(Shop { forgetful: true, ..Shop::default() });
    let anew = fixed(&stage, &lost, &scene).await.unwrap();
    assert_eq!((anew.patch.kind, stage.asked()), (PatchKind::Edits, 4));
}

#[tokio::test]
async fn giving_up_and_failing_are_remembered_as_well() {
    let scene = scene::null_pointer();
    for turn in [give_up(), Turn::new(Answer::status(401))] {
        let stage = Stage::of([turn.forever()]).await;
        let shop = Arc::new(Shop::default());
        let first = fixed(&stage, &shop, &scene).await.unwrap();
        assert_eq!((fixed(&stage, &shop, &scene).await.unwrap(), stage.asked()), (first, 1));
    }
}

/// A run that made its edit and is cut off while the model thinks.
async fn cut_off(scene: &Scene, shop: &Arc<Shop>) -> Stage {
    let stage = Stage::of([edit(), Turn::new(Answer::Hang)]).await;
    let run = fixed(&stage, shop, scene);
    tokio::select! {
        ended = run => panic!("ended with {ended:?}"),
        within = tokio::time::timeout(Duration::from_secs(20), stage.server.asked(2)) => within.unwrap(),
    }
    let script = [edit(), Turn::call("finish", patch()).expecting("edited")];
    stage.server.set_script(testbed::models::Script::of(script)).unwrap();
    stage
}

#[tokio::test]
async fn a_run_that_was_cut_off_goes_on_with_its_edits_in_place() {
    let scene = scene::null_pointer();
    let shop = Arc::new(Shop::default());
    let stage = cut_off(&scene, &shop).await;
    let proposal = fixed(&stage, &shop, &scene).await.unwrap();
    assert_eq!((proposal.patch.kind, stage.asked()), (PatchKind::Edits, 3));
    let opened = shop.opened.lock().unwrap().clone();
    assert_eq!(opened.len(), 2);
    assert!(opened[1].as_deref().is_some_and(|state| state.contains(AFTER)), "{opened:?}");
    stage.went_as_written();
}

#[tokio::test]
async fn a_run_whose_edits_are_lost_begins_anew() {
    let scene = scene::null_pointer();
    let stage = cut_off(&scene, &Arc::new(Shop::default())).await;
    let lost = Arc::new(Shop { forgetful: true, ..Shop::default() });
    let proposal = fixed(&stage, &lost, &scene).await.unwrap();
    assert_eq!((proposal.patch.kind, stage.asked()), (PatchKind::Edits, 4));
    stage.went_as_written();
}
