//! What is said on a pull request after it is open.

use domain::ports::Comment;
use domain::workflow::Run;

/// That a retry passed without the change: once per incident, the pull request stays as it is.
pub fn passed(run: &Run) -> Comment {
    let marker = format!("<!-- rollmend passed incident={} -->", run.id);
    let identity = &run.identity;
    let body = format!(
        "{marker}\n\
         Canary `{}` of `{}` was retried (attempt {}) and promoted without this change.\n\n\
         So the failure does not come back every time. What this pull request mends may still be at fault: the evidence above \
         stands. It stays a draft, and nothing more is pushed to it. Close it if it is not wanted: it will not be opened again.\n\n\
         Case `{}`\n",
        identity.canary, identity.rollout, run.attempt, run.id
    );
    Comment { marker, body }
}
