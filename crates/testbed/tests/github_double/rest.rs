//! The GitHub double refuses, pages and limits as GitHub does.

use crate::caller::{Caller, SHOP, TOKEN, commit, shop, shop_with};
use serde_json::{Value, json};
use testbed::github::{
    Activity, Anonymous, GitHub, GitHubOptions, LimitStatus, RateLimit, Reach, Rights, Source, Token,
    Visibility, secondary_rate_limit,
};
use testbed::wire::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn refused(status: u16, message: &str) -> (u16, String) {
    (status, message.to_owned())
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_one_are_refused_with_401() {
    let github = shop().await;
    let wrong = Caller::new(&github, "ghp_wrong").get("/repos/acme/shop").await;
    assert_eq!(
        wrong.json(),
        json!({ "message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401" })
    );
    let missing = Caller::new(&github, None).get("/user").await;
    assert_eq!(missing.refusal(), refused(401, "Requires authentication"));
}

#[tokio::test]
async fn the_token_tells_who_is_calling() {
    let github = shop().await;
    let user = Caller::new(&github, TOKEN).get("/user").await.json();
    assert_eq!((&user["login"], &user["type"]), (&json!("rollmend"), &json!("User")));
}

#[tokio::test]
async fn a_request_without_a_user_agent_is_forbidden() {
    let github = shop().await;
    let mut stream = tokio::net::TcpStream::connect(github.wire().address()).await.unwrap();
    let request = format!(
        "GET /user HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("User-Agent header"), "{answer}");
}

#[tokio::test]
async fn a_private_repository_out_of_reach_does_not_exist() {
    let reach = Reach::Only(vec!["acme/other".into()]);
    let elsewhere = Token { reach, ..Token::new("ghp_elsewhere", "mallory", Rights::Write) };
    let github = shop_with(GitHubOptions { tokens: vec![elsewhere], ..GitHubOptions::default() }).await;
    let caller = Caller::new(&github, "ghp_elsewhere");
    let hidden = caller.get("/repos/acme/shop").await;
    assert_eq!(hidden.text, caller.get("/repos/acme/nothing").await.text);
    assert_eq!(hidden.refusal(), refused(404, "Not Found"));
    assert_eq!(caller.post("/repos/acme/shop/pulls", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_public_repository_is_read_without_a_token_only_where_that_is_allowed() {
    for (anonymous, status) in [(Anonymous::Refused, 401), (Anonymous::MayReadPublic, 200)] {
        let github = shop_with(GitHubOptions { anonymous, ..GitHubOptions::default() }).await;
        github.set_visibility(SHOP, Visibility::Public).unwrap();
        assert_eq!(Caller::new(&github, None).get("/repos/acme/shop").await.status, status);
    }
}

#[tokio::test]
async fn a_read_token_cannot_write() {
    let tokens = vec![Token::new("ghp_reads", "reader", Rights::Read)];
    let github = shop_with(GitHubOptions { tokens, ..GitHubOptions::default() }).await;
    let caller = Caller::new(&github, "ghp_reads");
    assert_eq!(caller.get("/repos/acme/shop").await.json()["permissions"]["push"], false);
    let refusal = refused(403, "Resource not accessible by personal access token");
    let body = json!({ "title": "t", "head": "fix", "base": "main" });
    assert_eq!(caller.post("/repos/acme/shop/pulls", body).await.refusal(), refusal);
    assert_eq!(caller.delete("/repos/acme/shop/git/refs/heads/fix").await.refusal(), refusal);
}

#[tokio::test]
async fn an_archived_repository_takes_no_writes() {
    let github = shop().await;
    github.set_activity(SHOP, Activity::Archived).unwrap();
    let caller = Caller::new(&github, TOKEN);
    assert_eq!(caller.get("/repos/acme/shop").await.json()["archived"], true);
    let answer = caller.post("/repos/acme/shop/pulls", json!({})).await;
    assert_eq!(answer.refusal(), refused(403, "Repository was archived so is read-only."));
}

#[tokio::test]
async fn a_renamed_repository_redirects_to_its_id_with_the_rest_of_the_address() {
    let github = shop().await;
    github.rename(SHOP, "store").unwrap();
    let caller = Caller::new(&github, TOKEN);
    let moved = caller.get("/repos/acme/shop/pulls?state=all").await;
    assert_eq!(moved.status, 301);
    let location = moved.header("location").strip_prefix(&github.url()).unwrap();
    assert!(location.starts_with("/repositories/") && location.ends_with("/pulls?state=all"), "{location}");
    assert_eq!(caller.get(location).await.status, 200);
    assert_eq!(caller.get("/repos/acme/store").await.json()["full_name"], "acme/store");
}

#[tokio::test]
async fn names_are_compared_without_case() {
    let github = shop().await;
    let answer = Caller::new(&github, TOKEN).get("/repos/ACME/Shop").await;
    assert_eq!(answer.json()["full_name"], "acme/shop");
}

#[tokio::test]
async fn every_answer_tells_the_rate_limit_and_a_used_up_one_refuses() {
    for (status, code) in [(LimitStatus::Forbidden, 403), (LimitStatus::TooManyRequests, 429)] {
        let rate_limit = RateLimit { requests: 1, window_seconds: 600, status };
        let github =
            shop_with(GitHubOptions { rate_limit, ..GitHubOptions::with_token(TOKEN, "rollmend") }).await;
        let caller = Caller::new(&github, TOKEN);
        let seen = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-resource"];
        let first = caller.get("/user").await;
        assert_eq!((first.status, seen.map(|name| first.header(name))), (200, ["1", "0", "1", "core"]));
        let second = caller.get("/user").await;
        assert_eq!((second.status, second.header("x-ratelimit-remaining")), (code, "0"));
        assert!(second.refusal().1.starts_with("API rate limit exceeded"), "{}", second.text);
        assert!((1..=600).contains(&second.header("retry-after").parse::<u32>().unwrap()));
    }
}

#[tokio::test]
async fn the_secondary_rate_limit_comes_as_a_fault() {
    let github = shop().await;
    github.wire().fault(Fault::every("/user", secondary_rate_limit(7)));
    let answer = Caller::new(&github, TOKEN).get("/user").await;
    assert_eq!((answer.status, answer.header("retry-after")), (403, "7"));
    assert!(answer.refusal().1.contains("secondary rate limit"));
}

#[tokio::test]
async fn lists_come_in_pages_of_30_and_at_most_100_with_links_to_the_others() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    caller.post("/repos/acme/shop/pulls", json!({ "title": "t", "head": "fix", "base": "main" })).await;
    for number in 1..=205 {
        github.human("octocat").comment(SHOP, 1, &format!("comment {number}")).unwrap();
    }
    let path = "/repos/acme/shop/issues/1/comments";
    let bodies =
        |page: &Value| page.as_array().unwrap().iter().map(|item| item["body"].clone()).collect::<Vec<_>>();
    let first = caller.get(path).await;
    let url = format!("{}{path}", github.url());
    assert_eq!(first.header("link"), format!("<{url}?page=2>; rel=\"next\", <{url}?page=7>; rel=\"last\""));
    assert_eq!(bodies(&first.json()), (1..=30).map(|n| json!(format!("comment {n}"))).collect::<Vec<_>>());
    let last = caller.get(&format!("{path}?per_page=500&page=3")).await;
    assert_eq!(
        last.header("link"),
        format!("<{url}?per_page=500&page=2>; rel=\"prev\", <{url}?per_page=500&page=1>; rel=\"first\"")
    );
    assert_eq!(bodies(&last.json()), (201..=205).map(|n| json!(format!("comment {n}"))).collect::<Vec<_>>());
    assert_eq!(caller.get(&format!("{path}?per_page=100&page=9")).await.json(), json!([]));
}

#[tokio::test]
async fn below_the_enterprise_path_links_stay_below_it() {
    let github = shop().await;
    let answer = Caller::new(&github, TOKEN).get("/api/v3/repos/acme/shop/commits?per_page=1").await;
    let base = format!("{}/api/v3/repos/acme/shop", github.url());
    assert_eq!(github.enterprise_api(), format!("{}/api/v3", github.url()));
    assert!(answer.header("link").starts_with(&format!("<{base}/commits?per_page=1&page=2>")), "{answer:?}");
    let sha = answer.json()[0]["sha"].as_str().unwrap().to_owned();
    assert_eq!(answer.json()[0]["url"], format!("{base}/commits/{sha}"));
}

#[tokio::test]
async fn refs_branches_and_commits_are_found_by_name_and_sha() {
    let github = shop().await;
    let sha = commit(&github, "rollmend/main/abc", "price.txt", "three\n");
    github.protect(SHOP, "main").unwrap();
    let caller = Caller::new(&github, TOKEN);
    let reference = caller.get("/repos/acme/shop/git/ref/heads/rollmend%2Fmain/abc").await.json();
    assert_eq!(
        (&reference["ref"], &reference["object"]["sha"]),
        (&json!("refs/heads/rollmend/main/abc"), &json!(sha))
    );
    let matching = caller.get("/repos/acme/shop/git/matching-refs/heads/rollmend/").await.json();
    assert_eq!(matching, json!([reference]));
    let branch = caller.get("/repos/acme/shop/branches/main").await.json();
    assert_eq!((&branch["protected"], &branch["name"]), (&json!(true), &json!("main")));
    for name in [sha.as_str(), &sha[..12], "rollmend/main/abc"] {
        let found = caller.get(&format!("/repos/acme/shop/commits/{name}")).await.json();
        assert_eq!(
            (&found["sha"], &found["commit"]["message"]),
            (&json!(sha), &json!("Set price.txt to three"))
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_githubs_words() {
    let github = shop().await;
    github.create_repository("acme/empty", Source::Empty).await.unwrap();
    let caller = Caller::new(&github, TOKEN);
    for (path, status, message) in [
        ("/repos/acme/shop/git/ref/heads/nothing", 404, "Not Found"),
        ("/repos/acme/shop/git/ref/heads/fi", 404, "Not Found"),
        ("/repos/acme/shop/branches/nothing", 404, "Branch not found"),
        ("/repos/acme/shop/commits/0123456789", 422, "No commit found for SHA: 0123456789"),
        ("/repos/acme/shop/pulls/7", 404, "Not Found"),
        ("/repos/acme/shop/issues/7/comments", 404, "Not Found"),
        ("/repos/acme/empty/git/ref/heads/main", 409, "Git Repository is empty."),
        ("/repos/acme/empty/commits", 409, "Git Repository is empty."),
        ("/repos/acme/gone", 404, "Not Found"),
        ("/nothing", 404, "Not Found"),
    ] {
        assert_eq!(caller.get(path).await.refusal(), refused(status, message), "{path}");
    }
}

#[tokio::test]
async fn a_branch_is_made_and_deleted_through_the_api_unless_it_is_protected() {
    let github = shop().await;
    github.protect(SHOP, "main").unwrap();
    let caller = Caller::new(&github, TOKEN);
    let sha = github.refs(SHOP).unwrap()["refs/heads/main"].clone();
    let new = json!({ "ref": "refs/heads/new", "sha": sha });
    assert_eq!(caller.post("/repos/acme/shop/git/refs", new.clone()).await.status, 201);
    let again = caller.post("/repos/acme/shop/git/refs", new).await;
    assert_eq!(again.refusal(), refused(422, "Reference already exists"));
    assert_eq!(caller.delete("/repos/acme/shop/git/refs/heads/new").await.status, 204);
    assert_eq!(caller.delete("/repos/acme/shop/git/refs/heads/main").await.status, 422);
    let names: Vec<_> = github.refs(SHOP).unwrap().into_keys().collect();
    assert_eq!(names, ["refs/heads/fix", "refs/heads/main"]);
}

#[tokio::test]
async fn malformed_json_and_an_oversized_body_are_refused() {
    let github = shop().await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().user_agent("tests").no_proxy().build().unwrap();
    let post = |body: Vec<u8>| {
        client.post(format!("{}/repos/acme/shop/pulls", github.url())).bearer_auth(TOKEN).body(body).send()
    };
    assert_eq!(post(b"{".to_vec()).await.unwrap().status(), 400);
    assert_eq!(post(b"[]".to_vec()).await.unwrap().status(), 400);
    assert_eq!(post(vec![b' '; 1024 * 1024 + 1]).await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_repository_name_that_leads_elsewhere_is_refused() {
    let github = GitHub::start(GitHubOptions::default()).await.unwrap();
    for name in ["../shop", "shop", "a/b/c", "a/.git"] {
        assert!(github.create_repository(name, Source::Empty).await.is_err(), "{name}");
    }
}
