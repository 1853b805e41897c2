//! What class of trouble a line's words name, in the words of the runtimes and drivers that write them.

use std::sync::LazyLock;

use domain::TemplateClass;
use regex::Regex;

// ASCII only: the quick engines of `regex` give up on Unicode's word boundaries.
/// Words of Linux, libpq, Go, Java, Node, Rust and Kafka for a connection that nobody accepted.
const REFUSED: &str = r"connection (?:was )?refused|econnrefused|actively refused|errno 111\b|os error 111\b|broker may not be available|communications link failure";
/// glibc, musl, Go, Java, Node, Python, libpq, curl and Rust for a name that nobody knows.
const RESOLUTION: &str = r"no such host|name or service not known|temporary failure in name resolution|name does not resolve|nodename nor servname|enotfound|eai_again|unknownhostexception|unresolvedaddressexception|could not translate host name|failed to lookup address|getaddrinfo failed|could not resolve host|name resolution (?:failed|failure)|nxdomain|gaierror";
/// Spring, `MicroProfile` (Quarkus), Typesafe, Rust, pydantic, Django, plain words, and Python's `os.environ`.
const CONFIGURATION: &str = r"could not resolve placeholder|config(?:uration)? property [!-~]+ is required|srcfg00014|(?:missing|required|undefined|unset) (?:required )?(?:environment variable|env(?:ironment)? var|config(?:uration)?\b|setting\b)|environment variable[ -~]{0,80}(?:not set|not found|not present|missing|required|undefined|must be set)|environ(?:ment)? variable not found|config(?:uration)? (?:key|value|option|setting)[ -~]{0,80}(?:not set|not found|missing|required)|no configuration setting found for key|improperlyconfigured|validation errors? for \w*settings|\bkeyerror: '(?-i:[A-Z][A-Z0-9_]{2,})'|\berr\b[ -~]{0,20}value: notpresent";
/// The JVM, Python, Node, C++, Go, Rust and the kernel for memory that ran out.
const MEMORY: &str = r"outofmemoryerror|java heap space|gc overhead limit|\bmemoryerror\b|out of memory|cannot allocate memory|memory allocation of \d+ bytes failed|std::bad_alloc|\benomem\b|heap limit allocation failed";

#[expect(clippy::unwrap_used, reason = "the expressions are constant and a test uses each")]
fn words(pattern: &str) -> Regex {
    Regex::new(&format!("(?i-u){pattern}")).unwrap()
}

static CLASSES: LazyLock<[(TemplateClass, Regex); 4]> = LazyLock::new(|| {
    [
        (TemplateClass::NameResolution, words(RESOLUTION)),
        (TemplateClass::ConnectionRefused, words(REFUSED)),
        (TemplateClass::OutOfMemory, words(MEMORY)),
        (TemplateClass::MissingConfiguration, words(CONFIGURATION)),
    ]
});
static ANY: LazyLock<Regex> =
    LazyLock::new(|| words(&[RESOLUTION, REFUSED, MEMORY, CONFIGURATION].join("|")));

/// The class that the message's words name, [`TemplateClass::Error`] when none.
pub(crate) fn of(message: &str) -> TemplateClass {
    CLASSES
        .iter()
        .find(|(_, words)| words.is_match(message))
        .map_or(TemplateClass::Error, |(class, _)| *class)
}

/// Whether the words name any of the classes.
pub(crate) fn is_named(message: &str) -> bool {
    ANY.is_match(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_each_language_and_driver_are_recognised() {
        use TemplateClass::{ConnectionRefused, Error, MissingConfiguration, NameResolution, OutOfMemory};
        for (line, class) in [
            ("dial tcp 10.0.0.7:5432: connect: connection refused", ConnectionRefused),
            ("java.net.ConnectException: Connection refused", ConnectionRefused),
            ("Error: connect ECONNREFUSED 127.0.0.1:6379", ConnectionRefused),
            ("ConnectionRefusedError: [Errno 111] Connection refused", ConnectionRefused),
            ("Connection refused (os error 111)", ConnectionRefused),
            ("dial tcp: lookup db on 10.96.0.10:53: no such host", NameResolution),
            ("java.net.UnknownHostException: db.shop", NameResolution),
            ("Error: getaddrinfo ENOTFOUND db", NameResolution),
            ("socket.gaierror: [Errno -2] Name or service not known", NameResolution),
            ("failed to lookup address information: Temporary failure in name resolution", NameResolution),
            ("Could not resolve placeholder 'db.url' in value \"${db.url}\"", MissingConfiguration),
            (
                "SRCFG00014: The config property db.url is required but it could not be found",
                MissingConfiguration,
            ),
            ("KeyError: 'DATABASE_URL'", MissingConfiguration),
            ("missing required environment variable DATABASE_URL", MissingConfiguration),
            ("environment variable DATABASE_URL is not set", MissingConfiguration),
            ("environment variable not found", MissingConfiguration),
            ("called `Result::unwrap()` on an `Err` value: NotPresent", MissingConfiguration),
            ("1 validation error for Settings", MissingConfiguration),
            ("java.lang.OutOfMemoryError: Java heap space", OutOfMemory),
            ("MemoryError", OutOfMemory),
            ("memory allocation of 1048576 bytes failed", OutOfMemory),
            (
                "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
                OutOfMemory,
            ),
            ("KeyError: 'name'", Error),
            ("missing field `name` at line 1 column 2", Error),
            ("GET /users/7 failed", Error),
        ] {
            assert_eq!(of(line), class, "{line}");
            assert_eq!(is_named(line), class != Error, "{line}");
        }
    }
}
