//! What a provider says when it is asked for its models.

use domain::{Price, Remedy};
use rollmend_agents::{Listed, ModelSettings, Provider, listed};
use secrecy::SecretString;
use testbed::models::{ModelServer, ModelWorld, Script};

const KEY: &str = "key-of-a-test";

async fn server() -> ModelServer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let script = Script { models: vec!["scripted".to_owned()], conversations: Vec::new() };
    ModelServer::start(ModelWorld { token: KEY.to_owned(), script }).await.unwrap()
}

fn settings(provider: Provider, base_url: &str, model: &str, key: &str) -> ModelSettings {
    ModelSettings {
        name: "main".to_owned(),
        provider,
        model: model.to_owned(),
        base_url: Some(base_url.parse().unwrap()),
        api_key: Some(SecretString::from(key.to_owned())),
        price: Price::default(),
        max_output_tokens: 4_096,
        authorities: None,
    }
}

#[tokio::test]
async fn a_provider_that_knows_the_key_says_whether_it_has_the_model_and_no_model_is_asked() {
    let server = server().await;
    for (provider, base) in [
        (Provider::OpenAi, server.openai_url()),
        (Provider::OpenAiCompatible, server.openai_url()),
        (Provider::Ollama, server.openai_url()),
        (Provider::Anthropic, server.base_url()),
    ] {
        let of = async |model| listed(&settings(provider.clone(), &base, model, KEY)).await.unwrap();
        assert_eq!(of("scripted").await, Listed::Offered, "{provider:?}");
        assert_eq!(of("other").await, Listed::NotOffered, "{provider:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_key_that_is_refused_and_a_server_that_is_not_there_say_what_to_do() {
    let server = server().await;
    for (provider, base) in
        [(Provider::OpenAi, server.openai_url()), (Provider::Anthropic, server.base_url())]
    {
        let refused = listed(&settings(provider, &base, "scripted", "another")).await.unwrap_err();
        assert_eq!(refused.kind, "model-key");
        assert!(matches!(&refused.remedy, Remedy::AskHuman { advice } if advice.contains("[models.main]")));
        assert!(!refused.sentence().contains("another"));
    }
    let gone = settings(Provider::OpenAi, "http://127.0.0.1:9/v1", "scripted", KEY);
    assert_eq!(listed(&gone).await.unwrap_err().kind, "model-unreachable");
}

#[tokio::test]
async fn a_server_of_ones_own_may_keep_no_list() {
    let server = server().await;
    let elsewhere = format!("{}/other", server.base_url());
    let own = settings(Provider::OpenAiCompatible, &elsewhere, "scripted", KEY);
    assert_eq!(listed(&own).await.unwrap(), Listed::NoList);
    let paid = settings(Provider::OpenAi, &elsewhere, "scripted", KEY);
    assert_eq!(listed(&paid).await.unwrap_err().kind, "model-unreachable");
}
