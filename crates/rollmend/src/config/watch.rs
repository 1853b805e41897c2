//! The file while the daemon runs: a changed one is checked, and a bad one changes nothing.
//!
//! It is read anew every few seconds and compared as a whole. A mounted ConfigMap changes by a swapped link and an editor by a new file or in place;
//! what is in it tells all of that alike, and a few kilobytes are quickly read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key::Taken;
use super::{Config, ConfigError, document, text_of};

/// How often the file is read.
const EVERY: Duration = Duration::from_secs(2);

/// The file that a daemon was started with.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    /// What the process was started with.
    started: String,
    /// What was last told.
    known: Seen,
    /// What was last read, where that is something else.
    settling: Option<Seen>,
}

/// The file's text, or why there is none.
type Seen = Result<String, String>;

/// What became of the file.
#[derive(Debug)]
pub(crate) enum Change {
    /// It is another, and valid.
    Valid {
        /// What it says.
        config: Box<Config>,
        /// The keys whose new value holds from the next start on, such as `[daemon] listen`.
        waiting: Vec<String>,
    },
    /// It is another, and not valid. Told once for each bad file.
    Bad(ConfigError),
}

impl Watch {
    /// Reads and checks the file for the first time.
    pub(crate) fn open(path: &Path) -> Result<(Config, Self), ConfigError> {
        let text = text_of(path)?;
        let config = Config::parse(&path.display().to_string(), &text)?;
        Ok((config, Self::of(path, text)))
    }

    fn of(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), started: text.clone(), known: Ok(text), settling: None }
    }

    /// Waits for the next change. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Change {
        loop {
            tokio::time::sleep(EVERY).await;
            let path = self.path.clone();
            // A file system that hangs holds up nothing else.
            let read = tokio::task::spawn_blocking(move || text_of(&path)).await;
            if let Some(change) = read.ok().and_then(|read| self.look(read)) {
                return change;
            }
        }
    }

    /// A file that reads otherwise is taken once it reads the same twice: until then somebody may be writing it.
    fn look(&mut self, read: Result<String, ConfigError>) -> Option<Change> {
        let now: Seen = read.as_ref().map(Clone::clone).map_err(ToString::to_string);
        if now == self.known {
            self.settling = None;
            return None;
        }
        if self.settling.as_ref() != Some(&now) {
            self.settling = Some(now);
            return None;
        }
        self.settling = None;
        self.known = now;
        Some(read.and_then(|text| self.valid(&text)).unwrap_or_else(Change::Bad))
    }

    fn valid(&self, text: &str) -> Result<Change, ConfigError> {
        let config = Config::parse(&self.path.display().to_string(), text)?;
        Ok(Change::Valid { config: Box::new(config), waiting: waiting(&self.started, text) })
    }
}

/// The keys that differ and are read at the start alone.
fn waiting(started: &str, now: &str) -> Vec<String> {
    let parse = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let (started, now) = (parse(started), parse(now));
    let mut names = Vec::new();
    for chapter in document::chapters() {
        let table = chapter.title.trim_matches(['[', ']']);
        for row in chapter.rows.iter().filter(|row| row.taken == Taken::AtStart) {
            let path = format!("{table}.{}", row.key);
            if at(&started, &path) != at(&now, &path) {
                names.push(format!("{} {}", chapter.title, row.key));
            }
        }
    }
    // A table that has come or gone says so itself; its keys need not.
    names.dedup_by(|later, earlier| {
        later.strip_prefix(earlier.as_str()).is_some_and(|rest| rest.starts_with('.'))
    });
    names
}

fn at<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    let mut keys = path.split('.');
    let first = table.get(keys.next()?)?;
    keys.try_fold(first, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use domain::Mode;

    use super::*;

    fn watch(text: &str) -> Watch {
        Watch::of(Path::new("agents.toml"), text.to_owned())
    }

    fn settled(watch: &mut Watch, text: &str) -> Option<Change> {
        let first = watch.look(Ok(text.to_owned()));
        assert!(first.is_none(), "{first:?}");
        watch.look(Ok(text.to_owned()))
    }

    #[test]
    fn a_changed_file_is_taken_once_it_reads_the_same_twice() {
        let mut watch = watch("");
        assert!(watch.look(Ok("[daemon]\nmode = ".to_owned())).is_none(), "half of it");
        let Some(Change::Valid { config, waiting }) = settled(&mut watch, "[daemon]\nmode = \"observe\"\n")
        else {
            panic!("it was not taken");
        };
        assert_eq!((config.daemon.mode, waiting), (Mode::Observe, Vec::<String>::new()));
        assert!(watch.look(Ok("[daemon]\nmode = \"observe\"\n".to_owned())).is_none(), "told once");
    }

    #[test]
    fn a_bad_file_is_told_once_with_all_its_problems_and_a_mended_one_is_taken() {
        let mut watch = watch("");
        let bad = "[daemon]\nmode = \"propos\"\nlisen = 1\n";
        let Some(Change::Bad(error)) = settled(&mut watch, bad) else { panic!("it was taken") };
        insta::assert_snapshot!(error.line(), @r#"agents.toml has 2 problems: 2:8 [daemon] mode is "propos" (write one of "observe", "explain", "propose"); 3:1 unknown key [daemon] lisen (did you mean `listen`?)"#);
        assert!(watch.look(Ok(bad.to_owned())).is_none(), "told once");
        assert!(matches!(settled(&mut watch, ""), Some(Change::Valid { .. })));
    }

    #[test]
    fn a_file_that_is_gone_is_told_once() {
        let mut watch = watch("");
        let gone = || Err(ConfigError::Absent { path: "agents.toml".into() });
        assert!(watch.look(gone()).is_none());
        assert!(matches!(watch.look(gone()), Some(Change::Bad(ConfigError::Absent { .. }))));
        assert!(watch.look(gone()).is_none());
    }

    #[test]
    fn what_is_read_at_the_start_alone_is_named_and_nothing_else() {
        let started = "[daemon]\nlisten = \"127.0.0.1:1\"\n[github]\ntoken = { env = \"A\" }\n";
        let now = "[daemon]\nlisten = \"127.0.0.1:2\"\nmode = \"observe\"\nspool = { streams = 9 }\n\
                   auth = { token = { env = \"C\" } }\n[gate]\nmin_lines = 3\n[github]\ntoken = { env = \"B\" }\n\
                   [[repository]]\nurl = \"https://github.com/acme/shop\"\n";
        let mut watch = watch(started);
        let Some(Change::Valid { waiting, .. }) = settled(&mut watch, now) else {
            panic!("it was not taken")
        };
        assert_eq!(waiting, ["[daemon] listen", "[daemon] auth", "[daemon] spool.streams", "[github] token"]);
        let Some(Change::Valid { waiting, .. }) = settled(&mut watch, started) else {
            panic!("it was not taken")
        };
        assert_eq!(waiting, Vec::<String>::new(), "compared with what it was started with");
    }
}
