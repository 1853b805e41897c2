//! Whether an edit breaks the syntax of its file: it may leave what is broken, and break nothing more.

mod grammar;
mod ordinary;

use std::time::Duration;

use grammar::Grammar;

use crate::patience::Patience;

/// Time for reading one file by its grammar. Real files take milliseconds.
const LONGEST: Duration = Duration::from_secs(2);
/// Broken places that are told.
const TOLD: usize = 3;

/// A place that does not fit the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Misfit {
    /// From 1; the column in characters.
    line: usize,
    column: usize,
    what: String,
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checked {
    /// No more misfits than before; with the words for a model.
    Fits(String),
    /// More than before: where, for a model.
    Broken(String),
}

/// Compares a file before (`None`: it is new) and after a change.
pub(super) fn check(path: &str, before: Option<&str>, after: &str) -> Checked {
    let Some(grammar) = Grammar::of(path, after) else {
        return Checked::Fits("its syntax was not checked: no grammar for it is at hand".to_owned());
    };
    let patience = Patience::lasting(LONGEST);
    let (Some(then), Some(now)) = (
        before.map_or(Some(Vec::new()), |text| grammar.misfits(text, &patience)),
        grammar.misfits(after, &patience),
    ) else {
        return Checked::Fits(format!(
            "its syntax was not checked: as {grammar} it is too large or too unusual"
        ));
    };
    if now.len() <= then.len() {
        return Checked::Fits(match now.len() {
            0 => format!("its syntax fits {grammar}"),
            left => format!("{left} places did not fit {grammar} before, and are no more now"),
        });
    }
    let new: Vec<&Misfit> =
        now.iter().filter(|misfit| !then.iter().any(|old| old.what == misfit.what)).collect();
    let told = if new.is_empty() { now.iter().collect() } else { new };
    let places: Vec<String> = told
        .iter()
        .take(TOLD)
        .map(|misfit| format!("line {}, column {}: {}", misfit.line, misfit.column, misfit.what))
        .collect();
    let count = now.len() - then.len();
    Checked::Broken(format!(
        "it breaks the syntax of {grammar} in {count} more place(s): {}",
        places.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, before: &str, after: &str) -> String {
        match check(path, Some(before), after) {
            Checked::Broken(why) => why,
            Checked::Fits(words) => panic!("{path} fits: {words}"),
        }
    }

    fn fits(path: &str, before: &str, after: &str) -> String {
        match check(path, Some(before), after) {
            Checked::Fits(words) => words,
            Checked::Broken(why) => panic!("{path} is broken: {why}"),
        }
    }

    #[test]
    fn a_new_misfit_is_told_with_its_place_in_every_grammar() {
        for (path, before, after, place) in [
            ("a.rs", "fn a() {}\n", "fn a() {\n    let é = 1 +;\n}\n", "line 2, column"),
            ("A.java", "class A {}\n", "class A {\n  int a( { return 1; }\n}\n", "line 2, column"),
            ("a.py", "x = 1\n", "x = 1\ndef f(:\n    pass\n", "line 2, column"),
            ("a.go", "package a\n", "package a\nfunc f( {\n}\n", "line 2, column"),
            ("a.js", "let a = 1;\n", "let a = 1;\nlet b = = 2;\n", "line 2, column"),
            ("a.json", "{\"a\": 1}\n", "{\"a\": 1,\n \"b\" 2}\n", "line 2, column 6"),
            ("a.toml", "a = 1\n", "a = 1\nb = = 2\n", "line 2, column"),
            ("a.yaml", "a: 1\n", "a: 1\nb: [1, 2\n", "line"),
        ] {
            let why = broken(path, before, after);
            assert!(why.contains(place), "{path}: {why}");
            assert!(fits(path, before, before).contains("fits"), "{path}");
        }
    }

    #[test]
    fn what_was_broken_before_may_stay_so_and_a_mended_file_is_welcome() {
        let (good, bad) = ("fn a() {}\n", "fn a() {\n    let x = 1 +;\n}\n");
        assert!(fits("a.rs", bad, bad).contains("no more now"));
        assert!(fits("a.rs", bad, good).contains("fits Rust"));
        let worse = format!("{bad}fn b() {{ let y = ; }}\n");
        assert!(broken("a.rs", bad, &worse).contains("line 4"), "{}", broken("a.rs", bad, &worse));
    }

    #[test]
    fn a_new_file_has_nothing_broken_to_begin_with() {
        assert!(matches!(check("a.go", None, "package a\nfunc {\n"), Checked::Broken(_)));
        assert!(matches!(check("a.go", None, "package a\n"), Checked::Fits(_)));
    }

    #[test]
    fn templates_and_unknown_kinds_are_not_checked_and_that_is_said() {
        assert!(fits("deploy/a.yaml", "a: 1\n", "a: {{ .Values.a }\n").contains("not checked"));
        assert!(fits("a.kt", "fun a() {}", "fun a( {").contains("not checked"));
    }

    #[test]
    fn attack_15_a_text_made_to_cost_memory_is_not_read_by_a_grammar() {
        for path in ["A.java", "a.rs", "a.py", "a.go", "a.js"] {
            for hostile in ["=*def ", "a<", "({)"] {
                let text = hostile.repeat(100_000 / hostile.len());
                assert!(fits(path, "", &text).contains("not checked"), "{path}");
            }
        }
    }

    #[test]
    fn many_documents_and_anchors_are_yaml() {
        assert!(fits("a.yml", "a: 1\n", "a: &x [1]\nb: *x\n---\nc: 3\n").contains("fits YAML"));
    }
}
