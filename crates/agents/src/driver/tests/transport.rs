//! What happens between us and a provider.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use domain::Cost;
use serde_json::json;
use testbed::models::{Answer, Turn};
use tokio::sync::mpsc;

use super::stage::{self, KEY, SHAPES, Stage};
use crate::models::{Model, ModelSettings, Provider};

fn answer() -> Turn {
    Turn::call("verdict", json!({"category": "code"}))
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_for_one_payment() {
    for shape in SHAPES {
        for busy in [429, 500, 503, 529, 408] {
            let first = answer().after(Answer::status(busy)).after(Answer::Close).after(Answer::status(busy));
            let stage = Stage::of(shape, [first]).await;
            assert_eq!(stage.drive([]).await.unwrap().turns, 1, "{shape:?} {busy}");
            assert_eq!((stage.server.wire().asked().len(), stage.ledger.held().len()), (4, 1));
        }
    }
}

#[tokio::test]
async fn a_provider_is_left_alone_as_long_as_it_asks_for() {
    let stage = Stage::of(SHAPES[1], [answer().after(Answer::rate_limited(7))]).await;
    let wire = stage.server.wire().clone();
    let began = tokio::time::Instant::now();
    let asked = async move {
        wire.wait_for(|asked| asked.status == Some(429)).await;
        tokio::time::pause();
        wire.wait_for(|asked| asked.number == 2).await;
        tokio::time::resume();
    };
    let (ended, ()) = tokio::join!(stage.drive([]), asked);
    assert_eq!(ended.unwrap().turns, 1);
    assert!(began.elapsed() >= Duration::from_secs(7), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_provider_that_stays_busy_or_asks_for_too_long_is_given_up() {
    for (shape, busy, asked) in [
        (SHAPES[0], Answer::status(503), 4),
        (SHAPES[1], Answer::status(529), 4),
        (SHAPES[0], Answer::rate_limited(3_600), 1),
    ] {
        let stage = Stage::of(shape, [Turn::new(busy).forever()]).await;
        let stopped = stage.drive([]).await.unwrap_err();
        assert!(stopped.why.to_string().starts_with("the provider was busy or broken ("), "{}", stopped.why);
        assert_eq!((stage.server.requests().len(), stopped.cost), (asked, Cost::default()));
        assert_eq!(stage.ledger.settled(), [Cost::default()], "what was not answered is not paid");
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_not_asked_again_and_a_person_is_told_what_to_do() {
    let wrong = [
        (400, "the provider refused the call (400): check model, base_url and max_output_tokens"),
        (401, "the provider refused the key (401): check the model's api_key"),
        (403, "the provider refused the key (403): check that the key may use this model"),
        (404, "the provider refused the call (404): check model and base_url"),
    ];
    for shape in SHAPES {
        for (status, told) in wrong {
            let stage = Stage::of(shape, [Turn::new(Answer::status(status)).forever()]).await;
            let stopped = stage.drive([]).await.unwrap_err();
            assert_eq!(stopped.why.to_string(), told);
            assert_eq!(stage.server.requests().len(), 1, "{shape:?}");
            assert!(!format!("{stopped:?}").contains(KEY), "{stopped:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_so() {
    let stage = Stage::of(SHAPES[0], [answer()]).await;
    stage.server.wire().stop().await;
    let stopped = stage.drive([]).await.unwrap_err();
    assert_eq!(stopped.why.to_string(), "the model could not be reached: no connection could be made");
}

#[tokio::test]
async fn a_connection_that_breaks_again_and_again_may_have_cost_the_worst() {
    for shape in SHAPES {
        let stage = Stage::of(shape, [Turn::new(Answer::Close).forever()]).await;
        let stopped = stage.drive([]).await.unwrap_err();
        let told = "the model could not be reached: the connection broke before an answer came";
        assert_eq!((stopped.why.to_string().as_str(), stage.server.wire().asked().len()), (told, 4));
        assert_eq!(stopped.cost, stage.ledger.held()[0].1);
    }
}

/// A server that tells where it was asked and by whom, and answers with this status.
async fn listener(
    status: u16,
    location: Option<String>,
) -> (String, mpsc::UnboundedReceiver<(String, HeaderMap)>) {
    let (tell, told) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move |request: axum::extract::Request| {
        let _ = tell.send((request.uri().to_string(), request.headers().clone()));
        let mut response = axum::http::Response::builder().status(status);
        if let Some(location) = &location {
            response = response.header("location", location);
        }
        std::future::ready(response.body(axum::body::Body::from("{}")).unwrap())
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, told)
}

async fn asked_at(settings: ModelSettings) -> crate::driver::Stopped {
    let stage = Stage::of(SHAPES[0], [answer()]).await;
    let crew =
        crate::driver::Crew { model: Model::paced(settings, stage::quick()).unwrap(), ..stage.crew.clone() };
    Stage { crew, ..stage }.drive([]).await.unwrap_err()
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_goes_nowhere_else() {
    let (elsewhere, mut told_elsewhere) = listener(200, None).await;
    for shape in SHAPES {
        let (base, mut told) = listener(307, Some(format!("{elsewhere}/v1"))).await;
        let stopped = asked_at(stage::settings(shape, &base)).await;
        assert_eq!(
            stopped.why.to_string(),
            "the provider refused the call (307): check base_url, redirects are not followed"
        );
        assert!(told.recv().await.is_some());
        assert!(told_elsewhere.try_recv().is_err());
    }
}

#[tokio::test]
async fn each_provider_is_asked_at_its_place_with_its_key() {
    let azure = Provider::Azure { api_version: "2024-10-21".to_owned() };
    for (provider, path, header, value) in [
        (Provider::Anthropic, "/v1/messages", "x-api-key", KEY.to_owned()),
        (Provider::OpenAi, "/v1/chat/completions", "authorization", format!("Bearer {KEY}")),
        (Provider::OpenAiCompatible, "/v1/chat/completions", "authorization", format!("Bearer {KEY}")),
        (Provider::Ollama, "/v1/chat/completions", "authorization", format!("Bearer {KEY}")),
        (
            azure,
            "/v1/openai/deployments/model-1/chat/completions?api-version=2024-10-21",
            "api-key",
            KEY.to_owned(),
        ),
        (Provider::Gemini, "/v1/v1beta/models/model-1:generateContent", "x-goog-api-key", KEY.to_owned()),
    ] {
        let (base, mut told) = listener(404, None).await;
        let settings = ModelSettings { provider, ..stage::settings(SHAPES[0], &format!("{base}/v1")) };
        let stopped = asked_at(settings).await;
        assert_eq!(stopped.why.to_string(), "the provider refused the call (404): check model and base_url");
        let (asked, headers) = told.recv().await.unwrap();
        assert_eq!(asked, path);
        assert_eq!(headers.get(header).map(|value| value.to_str().unwrap()), Some(value.as_str()), "{path}");
    }
}

#[test]
fn settings_that_cannot_work_name_what_to_change() {
    let good = stage::settings(SHAPES[1], "https://models.example");
    let told = [
        ModelSettings { api_key: None, ..good.clone() },
        ModelSettings { provider: Provider::OpenAiCompatible, base_url: None, ..good.clone() },
        ModelSettings { base_url: Some("http://models.example".parse().unwrap()), ..good.clone() },
        ModelSettings { base_url: Some("ftp://models.example".parse().unwrap()), ..good.clone() },
        ModelSettings {
            authorities: Some(crate::models::Authorities::File("/nowhere/ca.pem".into())),
            ..good.clone()
        },
    ]
    .map(|settings| Model::connect(settings).unwrap_err().sentence());
    let expected = [
        "failed to use the model main: in [models.main] set api_key",
        "failed to use the model main: in [models.main] set base_url to an http or https address",
        "failed to use the model main: in [models.main] use https, since the key would be sent in the clear",
        "failed to use the model main: in [models.main] set base_url to an http or https address",
        "failed to use the model main: in [models.main] name a readable PEM file of certificate authorities",
    ];
    assert_eq!(told, expected);
    let near =
        ["http://vllm.models.svc:8000", "http://ollama:11434", "http://[::1]:1", "https://models.example"];
    for base in near {
        let settings = ModelSettings { base_url: Some(base.parse().unwrap()), ..good.clone() };
        assert!(Model::connect(settings).is_ok(), "{base}");
    }
}
