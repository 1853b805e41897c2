//! `init`.

use serde_json::json;
use testbed::kubernetes::{Kind, Rule};

use crate::desk::Desk;
use crate::outside::Outside;

#[tokio::test]
async fn a_first_file_is_valid_commented_and_enables_no_repository() {
    let desk = Desk::new();
    let said = desk.run(&["init"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(desk.names(), ["agents.toml"]);
    let check = desk.run(&["check"]).await;
    assert_eq!(check.code, 0, "{check:?}");
    assert!(
        check.out.contains("mode explain writes Events and never pushes; no repository is listed"),
        "{check:?}"
    );
    let text = std::fs::read_to_string(desk.path("agents.toml")).unwrap();
    assert!(text.contains("# [[repository]]") && text.contains("# How far it goes"), "{text}");
    assert!(desk.run(&["init", "--output", "-"]).await.out == text, "the same on standard output");
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone_unless_force_says_otherwise() {
    let desk = Desk::new();
    desk.write("agents.toml", "# mine\n");
    let kept = desk.run(&["init"]).await;
    assert_eq!(kept.code, 1);
    assert!(kept.err.contains("agents.toml is there already") && kept.err.contains("--force"), "{kept:?}");
    assert_eq!(std::fs::read_to_string(desk.path("agents.toml")).unwrap(), "# mine\n");
    assert_eq!(desk.run(&["init", "--output", "other.toml"]).await.code, 0);
    assert_eq!(desk.run(&["init", "--force"]).await.code, 0);
    assert_eq!(
        std::fs::read(desk.path("agents.toml")).unwrap(),
        std::fs::read(desk.path("other.toml")).unwrap()
    );
}

#[tokio::test]
async fn what_the_cluster_names_is_written_down_and_nothing_of_it_enabled() {
    let outside = Outside::new().await;
    let _kubelet = outside.break_shop().await;
    let hostile = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {
            "name": "evil", "namespace": "bank",
            "annotations": {"rollmend.dev/repository": "https://evil.example/a/b\"\n[[repository]]\nurl = \"https://evil.example/a/b"},
        },
        "spec": {}, "status": {},
    });
    outside.kubernetes.store().ensure_namespace("bank");
    outside.kubernetes.store().create(hostile).unwrap();
    let plugin = json!([{
        "name": "ai", "provider": {"plugin": {"argoproj-labs/metric-ai": {"githubUrl": "https://github.com/acme/till.git"}}},
    }]);
    outside
        .kubernetes
        .store()
        .update(Kind::AnalysisRun, "shop", "shop-86686d4656-2", |run| run["spec"]["metrics"] = plugin)
        .unwrap();
    let said = outside.run(&["init", "--from-cluster"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("✓ cluster").contains("2 namespaces with Rollouts, 2 repositories named"), "{said:?}");
    assert!(said.line("! cluster").contains("1 named that have not the form"), "{said:?}");
    let text = std::fs::read_to_string(outside.desk.path("agents.toml")).unwrap();
    assert!(text.contains("# With Rollouts when this file was written: [\"bank\", \"shop\"]"), "{text}");
    for url in [outside.page(), "https://github.com/acme/till".to_owned()] {
        assert!(
            text.contains(&format!("# [[repository]]   # named by shop/shop\n# url = \"{url}\"\n")),
            "{text}"
        );
    }
    assert!(!text.contains("evil.example"), "{text}");
    let check = outside.desk.run(&["check"]).await;
    assert!(check.out.contains("no repository is listed"), "{check:?}");
    assert!(outside.writes().iter().all(|asked| asked.ends_with("/selfsubjectaccessreviews")));
    assert!(outside.github.wire().asked().is_empty());
}

#[tokio::test]
async fn a_cluster_that_may_not_be_looked_at_costs_the_comments_alone() {
    let outside = Outside::new().await;
    outside.kubernetes.forbid(Rule::new(&["list"], &["analysisruns"], &["*"]));
    let said = outside.run(&["init", "--from-cluster"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("! cluster").contains("not looked at: you may not list analysisruns"), "{said:?}");
    assert_eq!(outside.desk.run(&["check"]).await.code, 0);
    let absent = Outside::without_argo().await.run(&["init", "--from-cluster"]).await;
    assert!(absent.line("! cluster").contains("CRDs are not installed"), "{absent:?}");
}
