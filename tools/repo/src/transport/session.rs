//! One operation's way to one repository: where it is, which token is for it, what it may cost.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use domain::{Failure, RepositoryUrl};
use reqwest::blocking::Client;
use secrecy::SecretString;

use super::SCHEME;
use crate::fault::{Doing, Fault, Sent};
use crate::patience::Patience;
use crate::settings::CloneSettings;

/// The sessions of this process that an operation holds open, by number.
static OPEN: LazyLock<Mutex<HashMap<u64, Arc<Session>>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A repository on its server, for one operation.
pub(crate) struct Session {
    pub(super) client: Client,
    pub(super) token: Option<SecretString>,
    pub(super) origin: url::Origin,
    /// Below it lie `/info/refs` and the services; moves when the server says that the repository has another name.
    pub(super) base: Mutex<String>,
    pub(super) patience: Patience,
    pub(super) most_advertised: u64,
    limit: u64,
    received: AtomicU64,
    fault: Mutex<Option<Fault>>,
}

impl Session {
    /// The open session that a remote's URL names.
    pub(super) fn of(url: &str) -> Result<Arc<Self>, git2::Error> {
        let number = url.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix("://"));
        let number = number.and_then(|rest| rest.trim_end_matches('/').parse::<u64>().ok());
        number
            .and_then(|number| lock(&OPEN).get(&number).cloned())
            .ok_or_else(|| git2::Error::from_str("this remote belongs to no operation"))
    }

    /// Whether requests carry a token.
    pub(super) fn sent(&self) -> Sent {
        if self.token.is_some() { Sent::WithToken } else { Sent::WithoutToken }
    }

    /// Counts received bytes against the limit.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Fault> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.limit {
            return Err(Fault::TooManyBytes { limit: self.limit });
        }
        Ok(())
    }

    /// Remembers the first fault, since libgit2 passes on only a text.
    pub(crate) fn blame(&self, fault: Fault) {
        lock(&self.fault).get_or_insert(fault);
    }

    /// The time that is left; without any, that is to blame.
    pub(crate) fn is_alive(&self) -> bool {
        self.patience.left().map_err(|fault| self.blame(fault)).is_ok()
    }

    /// The fault of the wire that explains an error, if one was met.
    pub(crate) fn take_fault(&self) -> Option<Fault> {
        lock(&self.fault).take()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A session that libgit2 can find by its number, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenSession {
    number: u64,
    session: Arc<Session>,
}

impl OpenSession {
    /// Opens a session; `left` are the bytes that the quota leaves. Must run where blocking is allowed.
    pub(crate) fn open(
        url: &RepositoryUrl,
        token: Option<SecretString>,
        settings: &CloneSettings,
        patience: Patience,
        left: u64,
    ) -> Result<Self, Failure> {
        let base = format!("{url}.git");
        let origin = url::Url::parse(&base)
            .map_err(|error| Failure::give_up("git-url", format!("read {url}")).because(error))?
            .origin();
        let session = Arc::new(Session {
            client: client(url, settings)?,
            token,
            origin,
            base: Mutex::new(base),
            patience,
            most_advertised: settings.limits.advertised,
            limit: settings.limits.received.min(left),
            received: AtomicU64::new(0),
            fault: Mutex::new(None),
        });
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&OPEN).insert(number, Arc::clone(&session));
        Ok(Self { number, session })
    }

    /// The URL for an anonymous remote.
    pub(crate) fn url(&self) -> String {
        format!("{SCHEME}://{}", self.number)
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// An error of libgit2 in words: the wire's fault where there was one.
    pub(crate) fn explain(&self, error: git2::Error, doing: Doing, url: &RepositoryUrl) -> Failure {
        if let Some(fault) = self.session.take_fault() {
            return fault.failure(doing, url);
        }
        let failure = crate::fault::of_git(error, format_args!("exchange objects with {url}"));
        Failure { remedy: domain::Remedy::Retry { after: None }, ..failure }
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        lock(&OPEN).remove(&self.number);
    }
}

/// No redirect is followed by the client itself: [`super::exchange`] looks at each. Plain http is for loopback only, which no
/// proxy can reach.
fn client(url: &RepositoryUrl, settings: &CloneSettings) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.timeouts.connect)
        .timeout(settings.timeouts.whole)
        .user_agent(concat!("git/2.0 (rollmend ", env!("CARGO_PKG_VERSION"), ")"));
    if url.origin().starts_with("http://") {
        builder = builder.no_proxy();
    }
    if let Some(path) = &settings.authorities {
        builder = builder.tls_certs_merge(authorities(path)?);
    }
    builder.build().map_err(|error| Failure::give_up("git-client", "set up a TLS client").because(error))
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let advice = || format!("check that {} is a readable PEM file of certificates", path.display());
    let what = || format!("read the certificate authorities in {}", path.display());
    let pem =
        std::fs::read(path).map_err(|error| Failure::ask_human("git-ca", what(), advice()).because(error))?;
    reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|error| Failure::ask_human("git-ca", what(), advice()).because(error))
}

/// A poisoned lock still holds a whole value here: every critical section is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
