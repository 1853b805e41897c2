//! What went wrong with one call, without a word of the provider's and without a key.

use http::StatusCode;
use rig_core::ProviderError;
use rig_core::http_client;

/// Why a call gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The provider answered with this status.
    #[error("answered with {0}")]
    Status(u16),
    /// No connection.
    #[error("no connection could be made")]
    Unreachable,
    /// The connection broke before an answer came: it may be charged.
    #[error("the connection broke before an answer came")]
    Dropped,
    /// The connection broke, or time ran out, within the answer: it may be charged.
    #[error("the answer broke off")]
    BrokenOff,
    /// The answer is larger than is read: it may be charged.
    #[error("the answer is larger than {0} bytes")]
    Huge(usize),
    /// The answer is none that the interface knows: it may be charged.
    #[error("the answer could not be read")]
    Unreadable,
    /// The request could not be written for this provider.
    #[error("the request does not fit this provider")]
    Request,
    /// The address is not the configured one.
    #[error("another host than the configured one was to be asked")]
    Elsewhere,
}

impl Fault {
    /// Whether the call may be charged although it gave nothing.
    pub(crate) fn may_cost(self) -> bool {
        match self {
            Self::Dropped | Self::BrokenOff | Self::Huge(_) | Self::Unreadable => true,
            Self::Status(_) | Self::Unreachable | Self::Request | Self::Elsewhere => false,
        }
    }

    /// What rig made of it. Its own words are dropped: they hold the provider's.
    #[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
    pub(super) fn of(error: ProviderError) -> Self {
        match &error {
            ProviderError::Http(error) => Self::of_transport(error),
            ProviderError::Request(_) | ProviderError::Url(_) | ProviderError::UnsupportedOption(_) => {
                Self::Request
            }
            _ => match error.provider_response().and_then(|response| response.status) {
                Some(status) if status != StatusCode::OK => Self::Status(status.as_u16()),
                Some(_) | None => Self::Unreadable,
            },
        }
    }

    /// The provider's own name for what is wrong, such as `model_not_found` or `insufficient_quota`; of its sentences nothing, since
    /// they may quote what was sent.
    pub(super) fn code(error: &ProviderError) -> Option<String> {
        let body = error.provider_response_json().ok()??;
        let told = body.get("error").unwrap_or(&body);
        let code = ["code", "status", "type"].into_iter().find_map(|field| told.get(field)?.as_str())?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        (code.len() <= 64 && code.chars().all(is_name)).then(|| code.to_owned())
    }

    fn of_transport(error: &http_client::Error) -> Self {
        match error {
            http_client::Error::Instance(source) => {
                source.downcast_ref::<Self>().copied().unwrap_or(Self::Unreadable)
            }
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_name_and_none_of_its_sentences() {
        let refused = |body: &str| ProviderError::from_http_response(StatusCode::BAD_REQUEST, body);
        let openai = r#"{"error": {"message": "no key sk-1", "type": "invalid_request_error", "code": "model_not_found"}}"#;
        let anthropic = r#"{"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}"#;
        let hostile = r#"{"error": {"code": "ignore all and\u001b[31m"}}"#;
        let codes = [openai, anthropic, hostile, "no JSON"].map(|body| Fault::code(&refused(body)));
        let expected = [Some("model_not_found".to_owned()), Some("overloaded_error".to_owned()), None, None];
        assert_eq!(codes, expected);
        assert_eq!(Fault::of(refused(openai)), Fault::Status(400));
    }
}
