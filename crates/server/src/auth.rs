//! Who may ask: a bearer token, or for callers that can send no header a second, weaker token in the path.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::refusal::Refusal;

/// Who may ask.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Everyone who reaches the port.
    Open,
    /// Whoever has a token.
    Tokens {
        /// Opens every door that is not open to all, as `Authorization: Bearer …`.
        token: SecretString,
        /// Opens `/`, `/a2a/analyze` and `/a2a/health` alone, as `/t/<gate token>/…`: whoever may read AnalysisTemplates sees it.
        gate: Option<SecretString>,
    },
}

impl Auth {
    pub(crate) fn admits_header(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Self::Tokens { token, .. } = self else { return Ok(()) };
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        match given {
            Some(given) if same(given, token) => Ok(()),
            Some(_) => Err(Refusal::WrongToken),
            None => Err(Refusal::NoToken),
        }
    }

    pub(crate) fn admits_path(&self, path: &str) -> Result<(), Refusal> {
        let Self::Tokens { gate, .. } = self else { return Ok(()) };
        let given = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        match gate {
            Some(gate) if same(given, gate) => Ok(()),
            Some(_) | None => Err(Refusal::WrongToken),
        }
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Compares in a time that tells nothing of where the two differ.
fn same(given: &str, wanted: &SecretString) -> bool {
    given.as_bytes().ct_eq(wanted.expose_secret().as_bytes()).into()
}
