//! Who is calling: tokens, the logins they stand for and what each may do.

use base64::Engine as _;
use http::{HeaderMap, header};

/// What a token may do with the repositories it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Read repositories and pull requests.
    Read,
    /// Read, push, open pull requests, comment.
    Write,
}

/// Which repositories a token reaches. A private one out of reach is hidden, as GitHub does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// Those with these full names (`owner/name`).
    Only(Vec<String>),
}

/// A personal access token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the caller sends.
    pub secret: String,
    /// The account it stands for; a login that ends in `[bot]` is an app's.
    pub login: String,
    /// What it may do.
    pub rights: Rights,
    /// Where it may do it.
    pub reach: Reach,
}

impl Token {
    /// A token that reaches every repository.
    pub fn new(secret: impl Into<String>, login: impl Into<String>, rights: Rights) -> Self {
        Self { secret: secret.into(), login: login.into(), rights, reach: Reach::All }
    }

    /// Whether the token was granted this repository (full names are compared without case).
    pub(super) fn reaches(&self, full_name: &str) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Only(names) => names.iter().any(|name| name.eq_ignore_ascii_case(full_name)),
        }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Token")
            .field("login", &self.login)
            .field("rights", &self.rights)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

/// What callers without a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymous {
    /// Nothing.
    #[default]
    Refused,
    /// Read public repositories.
    MayReadPublic,
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Nobody said.
    Nobody,
    /// A credential that no token has.
    Unknown,
    /// The owner of this token.
    Known(Token),
}

impl Caller {
    /// Reads the `Authorization` header: `Bearer` and `token` as REST clients send it, `Basic` with the token as
    /// password as git does.
    pub(super) fn of(headers: &HeaderMap, tokens: &[Token]) -> Self {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Self::Nobody };
        let known = value
            .to_str()
            .ok()
            .and_then(secret)
            .and_then(|secret| tokens.iter().find(|token| token.secret == secret));
        known.map_or(Self::Unknown, |token| Self::Known(token.clone()))
    }

    /// The login, if the caller is known.
    pub(super) fn login(&self) -> Option<&str> {
        match self {
            Self::Known(token) => Some(&token.login),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

fn secret(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(rest.trim().to_owned()),
        "basic" => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
            let decoded = String::from_utf8(decoded).ok()?;
            let (_, password) = decoded.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(value: &str) -> Caller {
        let tokens = [Token::new("s3cret", "octocat", Rights::Read)];
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        Caller::of(&headers, &tokens)
    }

    #[test]
    fn a_token_is_known_in_each_of_the_three_schemes() {
        for value in ["Bearer s3cret", "token s3cret", "Basic eC1hY2Nlc3MtdG9rZW46czNjcmV0"] {
            assert_eq!(caller(value).login(), Some("octocat"), "{value}");
        }
    }

    #[test]
    fn anything_else_is_an_unknown_caller_and_not_nobody() {
        for value in ["Bearer s3cre", "s3cret", "Basic !!", "Digest s3cret", "Basic czNjcmV0"] {
            assert_eq!(caller(value), Caller::Unknown, "{value}");
        }
        assert_eq!(Caller::of(&HeaderMap::new(), &[]), Caller::Nobody);
    }

    #[test]
    fn a_token_does_not_show_in_its_debug_form() {
        assert!(!format!("{:?}", caller("Bearer s3cret")).contains("s3cret"));
    }
}
