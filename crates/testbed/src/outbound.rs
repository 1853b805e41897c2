//! The HTTP client of the stand-ins that call out: probes, scrapes and measurements.

use std::time::Duration;

/// A client that gives up after `timeout` and follows no redirect.
///
/// It trusts no certificate: what the stand-ins call speaks plain HTTP on loopback, and reading the machine's
/// certificates for each client would take most of the time.
///
/// # Errors
/// When the client cannot be built.
pub(crate) fn client(timeout: Duration) -> reqwest::Result<reqwest::Client> {
    // Whoever installed a provider first has installed this one, or one that does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .build()
}

/// Reads a body up to `limit` bytes.
///
/// # Errors
/// A sentence, when the connection breaks or the body is larger.
pub(crate) async fn bounded_body(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > limit {
            return Err(format!("the body is larger than {limit} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Pairs in the form `application/x-www-form-urlencoded`.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
