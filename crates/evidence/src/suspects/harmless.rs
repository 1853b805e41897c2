//! Whether a commit changes documentation and tests only.
//!
//! In doubt it does not: a Markdown file beside code may be read at run time.

use domain::Commit;

/// Folders whose contents are documentation or tests, wherever they lie.
const FOLDERS: [&str; 8] = ["docs", "doc", "test", "tests", "__tests__", "testdata", "e2e", "javadoc"];
/// Names, without ending and in capitals, of files that only people read.
const DOCUMENTS: [&str; 11] = [
    "README",
    "CHANGELOG",
    "CHANGES",
    "CONTRIBUTING",
    "LICENSE",
    "LICENCE",
    "NOTICE",
    "AUTHORS",
    "SECURITY",
    "CODE_OF_CONDUCT",
    "HISTORY",
];

/// Whether every file that the commit changed is documentation or a test, and every one is known.
pub(crate) fn is_harmless(commit: &Commit) -> bool {
    commit.files_left_out == 0 && commit.files.iter().all(|file| is_harmless_path(&file.path))
}

/// Whether a file is documentation or a test.
pub(super) fn is_harmless_path(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').map_or(("", path), |(folders, name)| (folders, name));
    folders.split('/').any(|folder| FOLDERS.contains(&folder)) || is_document(folders, name) || is_test(name)
}

fn is_document(folders: &str, name: &str) -> bool {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let is_prose = matches!(ending, "" | "md" | "rst" | "adoc" | "txt");
    let is_known = DOCUMENTS.contains(&stem.to_ascii_uppercase().as_str());
    (is_known && is_prose) || (folders.is_empty() && matches!(ending, "md" | "rst" | "adoc"))
}

/// The names that the test runners of Go, Python, Java, Kotlin, JavaScript and Rust look for.
fn is_test(name: &str) -> bool {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let endings = ["_test.go", "_test.py", "Test.java", "Tests.java", "IT.java", "Test.kt", "_test.rs"];
    endings.iter().any(|ending| name.ends_with(ending))
        || (name.starts_with("test_") && name.split('.').next_back() == Some("py"))
        || name == "conftest.py"
        || [".test.", ".spec."].iter().any(|mark| name.contains(mark))
        || stem == "tests"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_and_tests_are_told_from_what_runs() {
        for path in [
            "README.md",
            "LICENSE",
            "docs/a.html",
            "docs/img/x.png",
            "src/test/java/shop/UserResourceTest.java",
            "tests/test_x.py",
            "pkg/a_test.go",
            "web/a.test.ts",
            "CHANGELOG.md",
            "shop/README.md",
            "src/tests.rs",
        ] {
            assert!(is_harmless_path(path), "{path}");
        }
        for path in [
            "src/main.rs",
            "requirements.txt",
            "prompts/fixer.md",
            "src/templates/mail.md",
            "Dockerfile",
            "deploy/rollout.yaml",
            "src/latest.rs",
            "src/contest.py",
            ".github/workflows/ci.yml",
            "shop/license.py",
        ] {
            assert!(!is_harmless_path(path), "{path}");
        }
    }
}
