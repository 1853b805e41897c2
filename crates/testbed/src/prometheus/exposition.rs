//! Reads the text format in which targets give their metrics.

use super::samples::Labels;

/// Reads all samples of a body; a line that is none is left out, as is a timestamp.
pub(super) fn parse(body: &str) -> Vec<(Labels, f64)> {
    body.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<(Labels, f64)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let name_end = line.find(|letter: char| letter == '{' || letter.is_whitespace())?;
    let (name, rest) = line.split_at(name_end);
    let (mut labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Labels::new(), rest),
    };
    labels.insert("__name__".to_owned(), name.to_owned());
    Some((labels, number(rest.split_whitespace().next()?)?))
}

/// Reads `a="x",b="y"}` and gives what comes after it.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.insert(name.trim().to_owned(), value);
        rest = after;
    }
}

/// Reads up to the closing quote, undoing escapes.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(place + 1..)?)),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        other => other.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_labels_escapes_and_timestamps_and_the_rest_is_left_out() {
        let read = parse(
            "# HELP a what\n# TYPE a counter\na 3\nb{path=\"/x\\\"y\",code=\"500\"} 1.5 1700000000000\nbroken{\nc{le=\"+Inf\"} +Inf\n",
        );
        let labels = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Labels>()
        };
        assert_eq!(
            read,
            vec![
                (labels(&[("__name__", "a")]), 3.0),
                (labels(&[("__name__", "b"), ("code", "500"), ("path", "/x\"y")]), 1.5),
                (labels(&[("__name__", "c"), ("le", "+Inf")]), f64::INFINITY),
            ]
        );
    }
}
