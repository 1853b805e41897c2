//! What is taken out, what stays, and that no value's type is ever broken.

use serde_json::json;

use super::*;
use crate::*;

fn plain(text: &str) -> String {
    Redactor::default().text(text)
}

#[test]
fn tokens_of_known_shape_are_taken_out_of_text() {
    let a = |length: usize| "aB3".repeat(length).chars().take(length).collect::<String>();
    for secret in [
        format!("ghp_{}", a(36)),
        format!("gho_{}", a(36)),
        format!("ghu_{}", a(36)),
        format!("ghs_{}", a(36)),
        format!("ghr_{}", a(36)),
        format!("github_pat_{}_{}", a(22), a(59)),
        format!("glpat-{}", a(20)),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "ASIAIOSFODNN7EXAMPLE".to_owned(),
        format!("xoxb-{}", a(24)),
        format!("sk_live_{}", a(24)),
        format!("sk-ant-{}", a(40)),
        format!("sk-proj-{}", a(40)),
        format!("AIza{}", a(35)),
        format!("eyJ{}.{}.{}", a(20), a(30), a(20)),
    ] {
        assert_eq!(
            plain(&format!("failed with {secret}, again")),
            "failed with [redacted], again",
            "{secret}"
        );
    }
}

#[test]
fn credentials_in_headers_urls_and_assignments_are_taken_out() {
    for (text, clean) in [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("authorization=dG9rZW4=", "authorization=[redacted]"),
        ("sent Bearer abcdefghijklmnop1 to x", "sent Bearer [redacted] to x"),
        ("sent Basic dXNlcjpwYXNzd29yZA== to x", "sent Basic [redacted] to x"),
        ("postgres://shop:hunter2@db:5432/shop", "postgres://[redacted]@db:5432/shop"),
        ("https://token@host/o/r", "https://[redacted]@host/o/r"),
        ("shop:hunter2@tcp(db:3306)/shop", "shop:[redacted]@tcp(db:3306)/shop"),
        ("user=shop password=hunter2 host=db", "user=shop password=[redacted] host=db"),
        (r#"{"password": "hunter 2", "user": "x"}"#, r#"{"password": "[redacted]", "user": "x"}"#),
        (r#""{\"api_key\":\"hunter2\",\"a\":1}""#, r#""{\"api_key\":\"[redacted]\",\"a\":1}""#),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted]"),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: [redacted]"),
        ("--db-password=hunter2 --x", "--db-password=[redacted] --x"),
        ("Cookie: session=abc; b=c", "Cookie: [redacted]"),
    ] {
        assert_eq!(plain(text), clean);
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in [
        "ERROR shop.Router - GET /users/37 failed, request 5",
        "commit 86686d4656b1c5ab0f5ac5d8a8ff2e7e5c1c0b1a of pod shop-86686d4656-c7sck, uid 11e7bd8a-6f90-49f9-b7db-f589630b1c33",
        "environment variable API_TOKEN: not set",
        "missing required environment variable DB_PASSWORD",
        "unexpected token: null, max_tokens: 4096",
        "http://db:5432/shop?x=1 and 10.0.0.7:5432",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "bearer authentication failed, basic authentication too",
        "2026-11-24T02:31:28.925Z mail to ops@example.com",
    ] {
        assert_eq!(plain(text), text);
    }
}

#[test]
fn a_private_key_is_taken_out_in_one_line_and_over_many_and_nothing_after_it_is_lost() {
    let time = "2026-11-24T02:31:28.925Z ";
    let many = format!(
        "{time}a\n{time}-----BEGIN RSA PRIVATE KEY-----\n{time}MIIEpAIBAAKCAQEA1234567890abcdef\n{time}q83vEg==\n{time}-----END RSA PRIVATE KEY-----\n{time}INFO after\n"
    );
    let clean = plain(&many);
    assert_eq!(clean, format!("{time}a\n{time}[redacted]\n{time}\n{time}\n{time}\n{time}INFO after\n"));
    let one = r#"key="-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END PRIVATE KEY-----" x"#;
    assert_eq!(plain(one), r#"key="[redacted]" x"#);
    let forged = "-----BEGIN PRIVATE KEY-----\nERROR evidence that stays\nERROR more\n";
    assert_eq!(plain(forged), "[redacted]\nERROR evidence that stays\nERROR more\n");
}

#[test]
fn a_configured_token_is_known_by_value_in_every_form_it_turns_up_in() {
    let token = "s3cr3t/value+of the=operator";
    let redactor = Redactor::new([token.to_owned(), "short".to_owned()]);
    for text in [
        format!("x {token} y"),
        format!("x {} y", "s3cr3t%2Fvalue%2Bof%20the%3Doperator"),
        format!("x {} y", "s3cr3t%2fvalue%2bof%20the%3doperator"),
        "x czNjcjN0L3ZhbHVlK29mIHRoZT1vcGVyYXRvcg== y".to_owned(),
        // The same behind `a:` and behind `ab:`.
        "x YTpzM2NyM3QvdmFsdWUrb2YgdGhlPW9wZXJhdG9y y".to_owned(),
        "x YWI6czNjcjN0L3ZhbHVlK29mIHRoZT1vcGVyYXRvcg== y".to_owned(),
    ] {
        let clean = redactor.text(&text);
        assert!(clean.contains(REDACTED), "{text} became {clean}");
        for piece in ["s3cr3t", "operator", "NyM3QvdmFsdWUrb2", "cjN0L3ZhbHVlK29m"] {
            assert!(!clean.contains(piece), "{text} became {clean}");
        }
    }
    assert_eq!(redactor.text("a short word"), "a short word");
    assert!(!format!("{redactor:?}").contains("s3cr3t"));
}

#[test]
fn each_line_of_a_configured_key_is_known() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1234567890\nabcdefghijklmnopqrstuvwxyz\n-----END RSA PRIVATE KEY-----\n";
    let redactor = Redactor::new([key.to_owned()]);
    assert_eq!(redactor.text("saw abcdefghijklmnopqrstuvwxyz there"), "saw [redacted] there");
}

#[test]
fn values_under_secret_names_are_taken_out_and_references_stay() {
    let template = json!({"spec": {"containers": [{
        "name": "shop",
        "args": ["--api-token", "hunter2", "--verbose", "x"],
        "env": [
            {"name": "DB_PASSWORD", "value": "hunter2"},
            {"name": "DB_HOST", "value": "db"},
            {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop-db", "key": "token"}}},
            {"name": "DB_PASSWORD_COPY", "value": "$(DB_PASSWORD)"},
            {"name": "DATABASE_URL", "value": "postgres://shop:hunter2@db/shop"}]}],
        "volumes": [{"name": "s", "secret": {"secretName": "shop-tls"}}]}});
    let clean: Value = Redactor::default().redact(template.clone());
    let mut expected = template;
    for (pointer, value) in [
        ("/spec/containers/0/args/1", REDACTED),
        ("/spec/containers/0/env/0/value", REDACTED),
        ("/spec/containers/0/env/4/value", "postgres://[redacted]@db/shop"),
    ] {
        *expected.pointer_mut(pointer).unwrap() = json!(value);
    }
    assert_eq!(clean, expected);
}

/// One of each kind, with the words of `secret` wherever free text is allowed.
fn exhibits(secret: &str, name: &str) -> Vec<ExhibitBody> {
    let pod = json!({
        "name": name, "uid": "11e7bd8a-6f90-49f9-b7db-f589630b1c33", "hash": "86686d4656", "phase": "Running",
        "reason": "", "message": secret, "readiness": "Ready", "presence": "Staying",
        "created_at": "2026-11-24T02:31:07Z",
        "containers": [{
            "name": "shop", "role": "App", "image": "ghcr.io/acme/shop:1.1.0", "image_id": "", "restarts": 1,
            "readiness": "Ready", "state": {"Waiting": {"reason": "CrashLoopBackOff", "message": secret}},
            "last_termination": {"exit_code": 1, "reason": "Error", "message": secret, "started_at": null,
                                 "finished_at": "2026-11-24T02:31:07Z"}}]});
    let rollout = json!({
        "rollout": {"namespace": "shop", "name": "shop"}, "uid": "11e7bd8a-6f90-49f9-b7db-f589630b1c33",
        "phase": "Degraded", "message": secret, "stable": "678dd648d6", "current": "86686d4656", "revision": 2,
        "abort": {"at": "2026-11-24T02:31:37Z", "message": secret}, "progressing": null, "pause_reasons": [],
        "progress_deadline_seconds": 600, "annotations": {"repository": secret}});
    let run = json!({
        "name": "shop-86686d4656-2", "uid": "6dd83c7e-507d-4e6f-be64-9cbf09def6ef",
        "rollout": {"namespace": "shop", "name": "shop"}, "rollout_uid": "11e7bd8a-6f90-49f9-b7db-f589630b1c33",
        "canary": "86686d4656", "kind": "Step", "created_at": "2026-11-24T02:31:07Z", "phase": "Failed",
        "message": secret, "metrics": [{
            "name": "error-rate", "provider": {"Web": {"url": secret}}, "success_condition": secret,
            "failure_condition": "", "standing": "Deciding", "phase": "Failed", "message": secret, "failed": 1,
            "errors": 0, "resolved_query": secret, "measurements": [{
                "phase": "Failed", "value": "[0.19]", "message": secret, "started_at": null, "finished_at": null,
                "metadata": {"Authorization": "hunter2", "x": secret}}]}]});
    let template =
        json!({"hash": "86686d4656", "revision": 2, "template": {"metadata": {"labels": {"x": secret}}}});
    let commit = json!({
        "sha": "86686d4656b1c5ab0f5ac5d8a8ff2e7e5c1c0b1a", "subject": secret, "author": secret,
        "authored_at": "2026-11-24T02:31:07Z", "parents": 1, "files": [{"path": "src/a.rs", "lines": [
            {"first": 1, "last": 2}], "added": 1, "removed": 0, "kind": "Modified"}], "files_left_out": 0});
    let revision = json!({"named": "1.0.0", "source": "image tag"});
    [
        json!({"type": "rollout", "rollout": rollout}),
        json!({"type": "analysis-run", "run": run}),
        json!({"type": "pods", "side": "Canary", "pods": [pod]}),
        json!({"type": "log", "log": {"pod": name, "container": "shop", "role": "App", "side": "Canary",
            "which": "Current", "head": secret, "tail": "", "dropped": {"lines": 0, "bytes": 0}}}),
        json!({"type": "events", "events": [{"about": format!("Pod/{name}"), "kind": "Warning", "reason": "BackOff",
            "message": secret, "count": 1, "at": null}]}),
        json!({"type": "templates", "stable": template, "canary": null}),
        json!({"type": "series", "metric": "error-rate", "side": "Stable", "query": secret,
            "points": [{"at": "2026-11-24T02:31:07Z", "value": "NaN"}]}),
        json!({"type": "range", "stable": revision, "canary": revision, "range": {
            "stable": "86686d4656b1c5ab0f5ac5d8a8ff2e7e5c1c0b1a", "canary": "96686d4656b1c5ab0f5ac5d8a8ff2e7e5c1c0b1a",
            "ancestry": "Descendant", "commits": [commit], "left_out": 0}}),
    ]
    .into_iter()
    .map(|body| serde_json::from_value(body).unwrap())
    .collect()
}

#[test]
fn no_token_stays_in_any_kind_of_exhibit_of_an_exported_case() {
    let token = "the-operators-token-4711";
    let secret = format!("2026-11-24T02:31:28Z got {token} and ghp_{}\n", "aB3".repeat(12));
    let redactor = Redactor::new([token.to_owned()]);
    let expected = exhibits("2026-11-24T02:31:28Z got [redacted] and [redacted]\n", "shop-86686d4656-c7sck");
    for (body, mut expected) in exhibits(&secret, "shop-86686d4656-c7sck").into_iter().zip(expected) {
        if let ExhibitBody::AnalysisRun { run } = &mut expected {
            run.metrics[0].measurements[0].metadata.insert("Authorization".to_owned(), REDACTED.to_owned());
        }
        assert_eq!(redactor.redact(body), expected);
    }
}

#[test]
fn an_identifier_that_looks_like_a_token_stays_and_everything_around_it_is_still_redacted() {
    let name = "glpat-aaaaaaaaaaaaaaaaaaaa";
    let redactor = Redactor::new(["Canary".to_owned(), "86686d4656".to_owned(), "operator-token".to_owned()]);
    for body in exhibits("2026 operator-token x\n", name) {
        let clean = redactor.redact(body.clone());
        let (before, after) = (serde_json::to_string(&body).unwrap(), serde_json::to_string(&clean).unwrap());
        assert!(before.contains("operator-token") && !after.contains("operator-token"), "{after}");
        assert_eq!(std::mem::discriminant(&body), std::mem::discriminant(&clean));
    }
}

#[test]
fn every_line_of_a_large_log_is_redacted() {
    let line = "2026-11-24T02:31:28Z INFO  shop.Router - GET /users/37 200 in 12 ms, password=hunter2 x\n";
    let text = line.repeat(256 * 1024 / line.len());
    let clean = Redactor::new(["operator-token".to_owned()]).text(&text);
    assert!(!clean.contains("hunter2"));
}

#[test]
fn a_changed_value_of_a_manifest_is_taken_out_where_its_keys_lead_to_a_secret() {
    let changed = |key: &str| ChangedValue {
        line: 7,
        own_line: 7,
        key: key.to_owned(),
        before: Some("hunter2".to_owned()),
        after: Some("ghp_aB3aB3aB3aB3aB3aB3aB3".to_owned()),
    };
    let clean = |key: &str| {
        let clean = Redactor::default().redact(changed(key));
        assert_eq!((clean.line, clean.key.as_str()), (7, key));
        (clean.before.unwrap(), clean.after.unwrap())
    };
    let (hidden, shown) = (REDACTED.to_owned(), "hunter2".to_owned());
    for key in
        ["spec.containers[shop].env[DB_PASSWORD].value", "db.password", "DB_PASSWORD", "literals[API_TOKEN]"]
    {
        assert_eq!(clean(key), (hidden.clone(), hidden.clone()), "{key}");
    }
    for key in
        ["containers[token-service].resources.limits.memory", "env[DB_PASSWORD].valueFrom.secretKeyRef.name"]
    {
        assert_eq!(clean(key), (shown.clone(), hidden.clone()), "{key}");
    }
    let known = Redactor::new(["hunter2".to_owned()]).redact(changed("a.b"));
    assert_eq!(known.before.unwrap(), REDACTED);
}
