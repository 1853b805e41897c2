//! Which values of manifests the commits of a range changed.

use domain::{ChangedValue, FileChange};

use crate::stage::Stage;

const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec:
  template:
    spec:
      containers:
        - name: proxy
          resources:
            limits: {memory: 64Mi}
        - name: shop
          image: shop:1.0.0
          env:
            - name: FEATURE_X
              value: \"off\"
          resources:
            limits:
              cpu: 500m
              memory: 256Mi
";
const MEMORY: &str = "spec.template.spec.containers[shop].resources.limits.memory";

fn value(line: u32, own_line: u32, key: &str, before: Option<&str>, after: Option<&str>) -> ChangedValue {
    let [before, after] = [before, after].map(|value| value.map(str::to_owned));
    ChangedValue { line, own_line, key: key.to_owned(), before, after }
}

/// The files of each commit after the first, newest first.
async fn files(commits: &[&[(&str, Option<&str>)]]) -> Vec<Vec<FileChange>> {
    let (stage, shas) = Stage::with(|history| {
        let commit = |files: &&[(&str, Option<&str>)]| history.commit("a commit", files);
        commits.iter().map(commit).collect::<Vec<_>>()
    })
    .await;
    let (stable, canary) = (shas.first().unwrap(), shas.last().unwrap());
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    range.commits.into_iter().map(|commit| commit.files).collect()
}

#[tokio::test]
async fn a_changed_value_is_told_with_the_keys_that_lead_to_it() {
    let lowered = ROLLOUT.replace("256Mi", "64Mi # enough").replace("\"off\"", "'on'");
    let files =
        files(&[&[("deploy/rollout.yaml", Some(ROLLOUT))], &[("deploy/rollout.yaml", Some(&lowered))]]).await;
    assert_eq!(
        files[0][0].values,
        [
            value(
                14,
                14,
                "spec.template.spec.containers[shop].env[FEATURE_X].value",
                Some("off"),
                Some("on")
            ),
            value(18, 18, MEMORY, Some("256Mi"), Some("64Mi")),
        ]
    );
}

#[tokio::test]
async fn a_value_that_came_and_one_that_went_have_one_side_each() {
    let with = ROLLOUT.replace(
        "          resources:\n            limits:\n",
        "            - name: MODE\n              value: fast\n          resources:\n            limits:\n",
    );
    let there = files(&[&[("a.yaml", Some(ROLLOUT))], &[("a.yaml", Some(&with))]]).await;
    let key = "spec.template.spec.containers[shop].env[MODE]";
    assert_eq!(
        there[0][0].values,
        [
            value(15, 15, &format!("{key}.name"), None, Some("MODE")),
            value(16, 16, &format!("{key}.value"), None, Some("fast")),
        ]
    );
    let gone = files(&[&[("a.yaml", Some(&with))], &[("a.yaml", Some(ROLLOUT))]]).await;
    assert_eq!(
        gone[0][0].values,
        [
            value(14, 14, &format!("{key}.name"), Some("MODE"), None),
            value(14, 14, &format!("{key}.value"), Some("fast"), None),
        ]
    );
}

#[tokio::test]
async fn a_value_is_followed_to_the_canary_and_belongs_to_who_changed_it_last() {
    let [first, second] = [ROLLOUT.replace("256Mi", "128Mi"), ROLLOUT.replace("256Mi", "64Mi")];
    let moved = format!("# who: shop\n{second}");
    let files = files(&[
        &[("a.yaml", Some(ROLLOUT))],
        &[("a.yaml", Some(&first))],
        &[("a.yaml", Some(&second))],
        &[("a.yaml", Some(&moved))],
    ])
    .await;
    let values: Vec<_> = files.iter().map(|files| files[0].values.clone()).collect();
    assert_eq!(values, [vec![], vec![value(19, 18, MEMORY, Some("128Mi"), Some("64Mi"))], vec![]]);
}

#[tokio::test]
async fn variables_properties_and_json_are_manifests_and_code_is_none() {
    let files = files(&[
        &[
            (".env", Some("A=1\n")),
            ("x.json", Some("{\n\"a\": [{\"name\": \"b\", \"c\": 1}]\n}\n")),
            ("m.rs", Some("a: 1\n")),
        ],
        &[
            (".env", Some("A=2\n")),
            ("x.json", Some("{\n\"a\": [{\"name\": \"b\", \"c\": 2}]\n}\n")),
            ("m.rs", Some("a: 2\n")),
        ],
    ])
    .await;
    let values: Vec<_> = files[0].iter().map(|file| (file.path.as_str(), file.values.clone())).collect();
    let one = |line, key| vec![value(line, line, key, Some("1"), Some("2"))];
    assert_eq!(values, [(".env", one(1, "A")), ("m.rs", vec![]), ("x.json", one(2, "a[b].c"))]);
}

#[tokio::test]
async fn attack_15_a_manifest_with_endless_values_or_beyond_the_limit_is_counted_and_not_kept() {
    let many = |value: &str| (0..500).map(|n| format!("key{n}: {value}")).collect::<Vec<_>>().join("\n");
    let huge = |value: &str| format!("{}a: {value}\n", "# x\n".repeat(300_000));
    let files = files(&[
        &[("a.yaml", Some(&many("1"))), ("b.yaml", Some(&huge("1")))],
        &[("a.yaml", Some(&many("2"))), ("b.yaml", Some(&huge("2")))],
    ])
    .await;
    let counts: Vec<_> = files[0].iter().map(|file| (file.values.len(), file.values_left_out)).collect();
    assert_eq!(counts[0], (100, 400));
    assert_eq!(counts[1].0, 0);
}
