//! Plays the calls that the product makes, and the refusals that it meets, against the GitHub double through a proxy that
//! holds requests and answers to GitHub's description. `check-github/run` starts the proxy and runs this.
//!
//! Arguments: the port for the double, the proxy's address. Ends with a failure at the first violation.

use anyhow::{Context, bail, ensure};
use http::Method;
use octocrab::Octocrab;
use octocrab::params::State;
use serde_json::{Value, json};
use testbed::github::{Change, GitHub, GitHubOptions, Opening, Rights, Source, Token};
use testbed::wire::Port;

const SHOP: &str = "acme/shop";
const WRITES: &str = "ghp_writes";
const READS: &str = "ghp_reads";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().context("the first argument is the double's port")?.parse()?;
    let proxy = arguments.next().context("the second argument is the proxy's address")?;
    let github = start(port).await?;
    through_octocrab(&github, &proxy).await.context("octocrab's calls")?;
    let played = refusals(&github, &proxy).await?;
    for asked in github.wire().asked() {
        let status = asked.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        println(&format!("{} {} {status}", asked.method, asked.path));
    }
    println(&format!("{} calls, {played} of them plain; no violation", github.wire().asked().len()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program reports to the person who runs it")]
fn println(line: &str) {
    println!("{line}");
}

async fn start(port: u16) -> anyhow::Result<GitHub> {
    let tokens =
        vec![Token::new(WRITES, "rollmend", Rights::Write), Token::new(READS, "reader", Rights::Read)];
    let options = GitHubOptions { tokens, port: Port::Fixed(port), ..GitHubOptions::default() };
    let github = GitHub::start(options).await?;
    github.create_repository(SHOP, Source::Empty).await?;
    github.create_repository("acme/empty", Source::Empty).await?;
    let human = github.human("octocat");
    for (branch, text) in [("main", "one\n"), ("main", "two\n"), ("fix", "one\n"), ("other", "three\n")] {
        let change = Change { message: "Set the price", files: &[("price.txt", Some(text))] };
        human.push(SHOP, branch, &change)?;
    }
    github.protect(SHOP, "main")?;
    Ok(github)
}

async fn through_octocrab(github: &GitHub, proxy: &str) -> anyhow::Result<()> {
    let octocrab = Octocrab::builder().base_uri(proxy)?.personal_token(WRITES.to_owned()).build()?;
    octocrab.current().user().await.context("user")?;
    let repository = octocrab.repos("acme", "shop");
    repository.get().await.context("repository")?;
    repository.list_commits().per_page(1).send().await.context("commits")?;
    let pulls = octocrab.pulls("acme", "shop");
    let draft =
        pulls.create("Undo it", "fix", "main").body("why").draft(true).send().await.context("open")?;
    let number = draft.number;
    pulls.get(number).await.context("pull")?;
    pulls.list().state(State::All).head("acme:fix").per_page(100).send().await.context("find")?;
    pulls.update(number).title("Undo it now").send().await.context("update")?;
    let issues = octocrab.issues("acme", "shop");
    issues.add_labels(number, &["rollmend".to_owned()]).await.context("label")?;
    issues.create_comment(number, "it passed").await.context("comment")?;
    issues.list_comments(number).send().await.context("comments")?;
    let human = github.human("octocat");
    human.comment(SHOP, number, "thanks")?;
    human.merge_pull(SHOP, number)?;
    pulls.get(number).await.context("merged pull")?;
    let opening = Opening { title: "Other", body: "b", head: "other", base: "main" };
    let other = human.open_pull(SHOP, &opening)?;
    human.close_pull(SHOP, other)?;
    human.delete_branch(SHOP, "other")?;
    pulls.list().state(State::Closed).head("acme:other").send().await.context("find the closed one")?;
    human.push(SHOP, "forked", &Change { message: "Fork", files: &[("fork.txt", Some("f\n"))] })?;
    human.open_pull_from_fork(SHOP, &Opening { head: "forked", ..opening })?;
    pulls.list().state(State::All).send().await.context("all")?;
    Ok(())
}

/// A call with the status that GitHub answers.
struct Play {
    token: &'static str,
    method: Method,
    path: &'static str,
    body: Value,
    status: u16,
}

fn play(token: &'static str, method: Method, path: &'static str, body: Value, status: u16) -> Play {
    Play { token, method, path, body, status }
}

/// The proxy matches no path parameter that holds a slash, hence the `%2F` in names of refs.
fn plays() -> Vec<Play> {
    let get = |path, status| play(WRITES, Method::GET, path, Value::Null, status);
    let pull = |head: &str, base: &str| json!({ "title": "t", "head": head, "base": base });
    vec![
        play("ghp_wrong", Method::GET, "/user", Value::Null, 401),
        get("/repos/acme/gone", 404),
        get("/repos/acme/shop/branches/main", 200),
        get("/repos/acme/shop/branches/gone", 404),
        get("/repos/acme/shop/git/ref/heads%2Fmain", 200),
        get("/repos/acme/shop/git/matching-refs/heads%2Ff", 200),
        get("/repos/acme/shop/git/ref/heads%2Fgone", 404),
        get("/repos/acme/empty/git/ref/heads%2Fmain", 409),
        get("/repos/acme/empty/commits", 409),
        get("/repos/acme/shop/commits/main", 200),
        get("/repos/acme/shop/commits/0123456789", 422),
        get("/repos/acme/shop/pulls/99", 404),
        play(READS, Method::POST, "/repos/acme/shop/pulls", pull("forked", "main"), 403),
        play(WRITES, Method::POST, "/repos/acme/shop/pulls", pull("gone", "main"), 422),
        play(WRITES, Method::POST, "/repos/acme/shop/pulls", pull("main", "main"), 422),
        play(WRITES, Method::POST, "/repos/acme/shop/pulls", pull("forked", "main"), 201),
        play(WRITES, Method::POST, "/repos/acme/shop/pulls", pull("forked", "main"), 422),
        play(READS, Method::POST, "/repos/acme/shop/issues/1/comments", json!({ "body": "b" }), 403),
        play(WRITES, Method::POST, "/repos/acme/shop/issues/1/comments", json!({ "body": " " }), 422),
        play(WRITES, Method::POST, "/repos/acme/shop/issues/1/labels", json!({ "labels": ["bug"] }), 200),
        play(WRITES, Method::PATCH, "/repos/acme/shop/pulls/4", json!({ "state": "closed" }), 200),
        play(WRITES, Method::DELETE, "/repos/acme/shop/git/refs/heads%2Ffix", Value::Null, 204),
    ]
}

async fn refusals(github: &GitHub, proxy: &str) -> anyhow::Result<usize> {
    let client = reqwest::Client::builder().user_agent("rollmend").no_proxy().build()?;
    let sha = github.refs(SHOP)?.remove("refs/heads/main").context("main is there")?;
    let mut plays = plays();
    let refs = "/repos/acme/shop/git/refs";
    for status in [201, 422] {
        let body = json!({ "ref": "refs/heads/made", "sha": sha });
        plays.push(play(WRITES, Method::POST, refs, body, status));
    }
    // Everything that is wrong is told in one run.
    let mut wrong = Vec::new();
    for play in &plays {
        if let Err(error) = played(&client, proxy, play).await {
            wrong.push(format!("{} {}: {error:#}", play.method, play.path));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(plays.len())
}

async fn played(client: &reqwest::Client, proxy: &str, play: &Play) -> anyhow::Result<()> {
    let mut request =
        client.request(play.method.clone(), format!("{proxy}{}", play.path)).bearer_auth(play.token);
    if !play.body.is_null() {
        request = request.json(&play.body);
    }
    let response = request.send().await?;
    let (status, violations) = (response.status().as_u16(), response.headers().get("sl-violations").cloned());
    let text = response.text().await?;
    if let Some(violations) = violations {
        bail!("violates the description: {violations:?}");
    }
    ensure!(status == play.status, "{status} instead of {}: {text}", play.status);
    Ok(())
}
