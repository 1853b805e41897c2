//! The prime suspect is reverted; the next one only where a person would have to resolve the prime's conflict.

use domain::ports::Fixer;
use domain::*;
use rollmend_agents::RevertFixer;

use crate::digest::suspect;
use crate::double::Repositories;
use crate::scene::{self, CULPRIT};

fn conflict(sha: &CommitSha) -> NoPatch {
    NoPatch::Conflict { suspect: sha.short().to_owned(), files: "src/a.java".to_owned() }
}

/// A second suspect whose evidence stands on its own.
async fn two_suspects() -> (scene::Scene, Handoff) {
    let mut scene = scene::null_pointer();
    let mut second = suspect('b', "Count users faster", SuspectReason::ChangesCode);
    second.grounds = Grounds::FrameInItsLines;
    scene.suspects()[1] = second;
    let handoff = scene.handoff().await.unwrap();
    (scene, handoff)
}

#[tokio::test]
async fn the_prime_suspect_is_reverted_on_a_branch_of_its_own() {
    let scene = scene::null_pointer();
    let handoff = scene.handoff().await.unwrap();
    let code = Repositories::default().shared();
    let fixer = RevertFixer { code: code.clone() };
    let proposal = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    assert_eq!(proposal.patch.reverts.as_str(), CULPRIT);
    assert_eq!(proposal.branch.as_str(), "rollmend/main/4f2c9d1a0b1c");
    assert_eq!(proposal.title, "Revert \"Show display names without stray spaces\"");
    let again = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    assert_eq!(again, proposal);
    let messages = code.messages.lock().unwrap().clone();
    assert_eq!(messages[0], messages[1]);
    insta::assert_snapshot!("commit_message", messages[0]);
}

#[tokio::test]
async fn a_conflict_leads_to_the_next_suspect_that_has_grounds_of_its_own() {
    let (scene, handoff) = two_suspects().await;
    let prime = handoff.suspects()[0].sha.clone();
    let fixer = RevertFixer { code: Repositories::refusing(&prime, conflict(&prime)).shared() };
    let proposal = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    assert_eq!(proposal.patch.reverts, handoff.suspects()[1].sha);
    assert!(
        proposal
            .body
            .contains("the better suspect, but its revert conflicts with later changes in `src/a.java`"),
        "{}",
        proposal.body
    );
}

#[tokio::test]
async fn a_conflict_without_another_suspect_is_for_a_person() {
    let scene = scene::null_pointer();
    let handoff = scene.handoff().await.unwrap();
    let prime = handoff.suspects()[0].sha.clone();
    let fixer = RevertFixer { code: Repositories::refusing(&prime, conflict(&prime)).shared() };
    assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap().unwrap_err(), conflict(&prime));
}

#[tokio::test]
async fn a_refusal_that_is_no_conflict_ends_the_search() {
    let (scene, handoff) = two_suspects().await;
    let prime = handoff.suspects()[0].sha.clone();
    let undone = NoPatch::UndoneAlready { suspect: prime.short().to_owned(), base: "main".parse().unwrap() };
    let fixer = RevertFixer { code: Repositories::refusing(&prime, undone.clone()).shared() };
    assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap().unwrap_err(), undone);
}

#[tokio::test]
async fn where_the_next_suspect_fails_too_the_primes_conflict_is_the_answer() {
    let (scene, handoff) = two_suspects().await;
    let [prime, second] = [0, 1].map(|index| handoff.suspects()[index].sha.clone());
    let mut code = Repositories::refusing(&prime, conflict(&prime));
    code.refusals.insert(
        second.clone(),
        NoPatch::UndoneAlready { suspect: second.short().to_owned(), base: "main".parse().unwrap() },
    );
    let fixer = RevertFixer { code: code.shared() };
    assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap().unwrap_err(), conflict(&prime));
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_not_proposed() {
    let scene = scene::null_pointer();
    let handoff = scene.handoff().await.unwrap();
    let code = Repositories { files: Some(vec![]), ..Repositories::default() };
    let fixer = RevertFixer { code: code.shared() };
    assert!(matches!(fixer.fix(&handoff, &scene.case).await.unwrap(), Err(NoPatch::Unsound { .. })));
}
