//! Signs of trouble in the logs, whatever they were found as.

use domain::{ExhibitId, Frame, FrameOwner, Language, Novelty, TemplateClass, TemplateFinding, TraceFinding};

use crate::voice::markdown::code;

/// A trace or a line at error level.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sign<'a> {
    /// A stack trace.
    Trace(&'a TraceFinding),
    /// A log template.
    Line(&'a TemplateFinding),
}

impl<'a> Sign<'a> {
    pub(super) fn exhibit(self) -> ExhibitId {
        match self {
            Self::Trace(trace) => trace.exhibit,
            Self::Line(line) => line.exhibit,
        }
    }

    pub(super) fn novelty(self) -> Novelty {
        match self {
            Self::Trace(trace) => trace.novelty,
            Self::Line(line) => line.novelty,
        }
    }

    /// Occurrences on canary and stable.
    pub(super) fn counts(self) -> (u64, u64) {
        match self {
            Self::Trace(trace) => (trace.canary, trace.stable),
            Self::Line(line) => (line.canary, line.stable),
        }
    }

    pub(super) fn quote(self) -> &'a str {
        match self {
            Self::Trace(trace) => &trace.quote,
            Self::Line(line) => &line.quote,
        }
    }

    pub(super) fn class(self) -> TemplateClass {
        match self {
            Self::Trace(trace) => class_of(trace),
            Self::Line(line) => line.class,
        }
    }

    /// What it is, fenced: the error and its place, or the line's pattern.
    pub(super) fn name(self) -> String {
        match self {
            Self::Trace(trace) => match trace.own_frame() {
                Some(frame) => format!("{} at {}", error_name(trace), place(frame, trace.language)),
                None => error_name(trace),
            },
            Self::Line(line) => code(&line.pattern, 120),
        }
    }

    /// Whether its words contain `text`.
    pub(super) fn mentions(self, text: &str) -> bool {
        self.words().iter().any(|words| words.contains(text))
    }

    /// Whether its words contain `name` as a word of its own, at least three characters long.
    pub(super) fn names(self, name: &str) -> bool {
        name.len() >= 3 && self.words().iter().any(|words| has_word(words, name))
    }

    fn words(self) -> [&'a str; 2] {
        match self {
            Self::Trace(trace) => [&trace.message, &trace.quote],
            Self::Line(line) => [&line.quote, &line.pattern],
        }
    }
}

fn has_word(words: &str, name: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    words.match_indices(name).any(|(at, _)| {
        let before = words.get(..at).and_then(|before| before.chars().next_back());
        let after = words.get(at + name.len()..).and_then(|after| after.chars().next());
        !is_letter(before) && !is_letter(after)
    })
}

/// The last part of the error's type, fenced: `NullPointerException` of `java.lang.NullPointerException`.
pub(super) fn error_name(trace: &TraceFinding) -> String {
    code(trace.error.rsplit(['.', ':']).next().unwrap_or(&trace.error), 80)
}

/// Where a frame is, fenced: the file (Java: its name, else its last three parts) and the line.
pub(super) fn place(frame: &Frame, language: Language) -> String {
    let parts: Vec<&str> = frame.file.split('/').collect();
    let kept = match language {
        Language::Java => 1,
        Language::Rust | Language::Python => 3,
    };
    let file = parts.get(parts.len().saturating_sub(kept)..).unwrap_or_default().join("/");
    match frame.line {
        Some(line) => code(&format!("{file}:{line}"), 120),
        None => code(&file, 120),
    }
}

/// Frames of the service's own code.
pub(super) fn own_frames(trace: &TraceFinding) -> impl Iterator<Item = &Frame> {
    trace.frames.iter().filter(|frame| frame.owner == FrameOwner::Service)
}

/// What class of trouble a trace's error and message name. The words are those of the runtimes: the JDK's exceptions, Python's
/// built-in exceptions and `socket.gaierror`, Rust's `std::io::ErrorKind` and `std::env::VarError`, and errno's texts.
fn class_of(trace: &TraceFinding) -> TemplateClass {
    const NAMES: [&str; 6] = [
        "unknownhostexception",
        "gaierror",
        "name or service not known",
        "name resolution",
        "no such host",
        "failed to lookup address",
    ];
    const REFUSED: [&str; 3] = ["connection refused", "connectionrefused", "econnrefused"];
    const MEMORY: [&str; 3] = ["outofmemoryerror", "memoryerror", "memory allocation of"];
    const KEYS: [&str; 6] = [
        "environment variable not found",
        "notpresent",
        "missing configuration",
        "missing required",
        "missing environment",
        "could not resolve placeholder",
    ];
    let words = format!("{}\n{}", trace.error, trace.message).to_lowercase();
    let says = |known: &[&str]| known.iter().any(|one| words.contains(one));
    let key_error = trace.error.ends_with("KeyError")
        && trace
            .frames
            .iter()
            .any(|frame| frame.file.ends_with("os.py") || frame.function.contains("environ"));
    if says(&REFUSED) {
        TemplateClass::ConnectionRefused
    } else if says(&NAMES) {
        TemplateClass::NameResolution
    } else if says(&MEMORY) {
        TemplateClass::OutOfMemory
    } else if key_error || says(&KEYS) {
        TemplateClass::MissingConfiguration
    } else {
        TemplateClass::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(error: &str, message: &str, file: &str) -> TraceFinding {
        TraceFinding {
            exhibit: domain::ExhibitId(std::num::NonZeroU32::MIN),
            language: Language::Python,
            error: error.to_owned(),
            message: message.to_owned(),
            frames: vec![Frame {
                file: file.to_owned(),
                line: Some(7),
                function: String::new(),
                owner: FrameOwner::Library,
            }],
            canary: 1,
            stable: 0,
            quote: String::new(),
            novelty: Novelty::New,
        }
    }

    #[test]
    fn a_traces_words_tell_what_class_of_trouble_it_is() {
        let class = |error, message| class_of(&trace(error, message, "x.py"));
        assert_eq!(
            class("java.net.ConnectException", "Connection refused"),
            TemplateClass::ConnectionRefused
        );
        assert_eq!(class("java.net.UnknownHostException", "db"), TemplateClass::NameResolution);
        assert_eq!(class("java.lang.OutOfMemoryError", "Java heap space"), TemplateClass::OutOfMemory);
        assert_eq!(class("panic", "PAYMENT_URL: NotPresent"), TemplateClass::MissingConfiguration);
        assert_eq!(class("KeyError", "'gift_card'"), TemplateClass::Error);
        assert_eq!(
            class_of(&trace("KeyError", "'PAYMENT_URL'", "/usr/lib/python3.13/os.py")),
            TemplateClass::MissingConfiguration
        );
    }

    #[test]
    fn a_place_is_the_files_name_in_java_and_the_end_of_its_path_elsewhere() {
        let frame = |file: &str| Frame {
            file: file.to_owned(),
            line: Some(42),
            function: String::new(),
            owner: FrameOwner::Service,
        };
        assert_eq!(place(&frame("shop/users/UserResource.java"), Language::Java), "`UserResource.java:42`");
        assert_eq!(
            place(&frame("/app/src/pricing/calculator.py"), Language::Python),
            "`src/pricing/calculator.py:42`"
        );
        assert_eq!(place(&frame("src/main.rs"), Language::Rust), "`src/main.rs:42`");
    }
}
