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
    /// No connection, or it broke before an answer.
    #[error("{0}")]
    Unreachable(&'static str),
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
            Self::BrokenOff | Self::Huge(_) | Self::Unreadable => true,
            Self::Status(_) | Self::Unreachable(_) | Self::Request | Self::Elsewhere => false,
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

    fn of_transport(error: &http_client::Error) -> Self {
        match error {
            http_client::Error::Instance(source) => {
                source.downcast_ref::<Self>().copied().unwrap_or(Self::Unreadable)
            }
            _ => Self::Unreadable,
        }
    }
}
