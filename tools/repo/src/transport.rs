//! Git's smart HTTP protocol over our own HTTP client, under a scheme that only this crate serves.
//!
//! libgit2 chooses a transport by the URL's scheme. Its own ones would follow redirects with the credential (attacks 4–6)
//! or run programs (attack 3), so a remote never has the repository's URL but `rollmend-session://<number>`, where the number
//! names a [`Session`] of this process: one repository, its one credential, its limits, for one operation.

mod exchange;
mod register;
mod session;

use std::sync::Arc;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};

use exchange::Exchange;
pub(crate) use register::ready;
pub(crate) use session::{OpenSession, Session};

/// The scheme of our remotes.
pub(crate) const SCHEME: &str = "rollmend-session";

/// What libgit2 asks for exchanges: knows only its session, whatever URL it is asked for.
struct Subtransport(Arc<Session>);

impl SmartSubtransport for Subtransport {
    fn action(&self, _url: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        Ok(Box::new(Exchange::new(Arc::clone(&self.0), service)))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}
