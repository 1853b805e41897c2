//! The JSON of Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api).

use chrono::{DateTime, Utc};
use domain::Point;
use serde::Deserialize;

use crate::error::Error;

/// How much of the server's words is kept.
const WORDS: usize = 300;

#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Answer {
    Success { data: Data },
    Error { error: String },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Matrix(Vec<Series>),
    Scalar(Sample),
}

/// A series of either result type.
#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    #[serde(default)]
    value: Option<Sample>,
    #[serde(default)]
    values: Vec<Sample>,
}

/// Seconds since 1970 and the value as text.
#[derive(Debug, Clone, Deserialize)]
struct Sample(f64, String);

impl Series {
    /// Its samples, oldest first, the last `most` of them; one whose time is no time is left out.
    pub(crate) fn points(self, most: usize) -> Vec<Point> {
        let samples: Vec<Sample> = self.value.into_iter().chain(self.values).collect();
        let skipped = samples.len().saturating_sub(most);
        samples.into_iter().skip(skipped).filter_map(Sample::point).collect()
    }
}

impl Sample {
    fn point(self) -> Option<Point> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time outside the range of i64 is refused by chrono"
        )]
        let at: DateTime<Utc> = DateTime::from_timestamp_millis((self.0 * 1000.0) as i64)?;
        Some(Point { at, value: self.1.chars().take(64).collect() })
    }
}

/// The series of an answer, or why there are none.
pub(crate) fn read(bytes: &[u8], status: u16, host: &str) -> Result<Vec<Series>, Error> {
    match serde_json::from_slice(bytes) {
        Ok(Answer::Success { data }) => Ok(match data {
            Data::Vector(series) | Data::Matrix(series) => series,
            Data::Scalar(sample) => vec![Series { value: Some(sample), values: Vec::new() }],
        }),
        Ok(Answer::Error { error }) => {
            let words = error.chars().filter(|c| !c.is_control()).take(WORDS).collect();
            Err(Error::Refused { host: host.to_owned(), status, words })
        }
        Err(_) if (200..300).contains(&status) => Err(Error::Shape { host: host.to_owned(), status }),
        Err(_) => Err(Error::Refused {
            host: host.to_owned(),
            status,
            words: "without Prometheus' own words".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(json: &str) -> Vec<Vec<(i64, String)>> {
        let series = read(json.as_bytes(), 200, "p").unwrap();
        series
            .into_iter()
            .map(|s| s.points(500).into_iter().map(|p| (p.at.timestamp_millis(), p.value)).collect())
            .collect()
    }

    #[test]
    fn vector_matrix_and_scalar_are_read_with_nan_kept_as_text() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795000000.5,"NaN"]}]}}"#;
        assert_eq!(points(vector), [[(1_795_000_000_500, "NaN".to_owned())]]);
        let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1795000000,"1"],[1795000001,"+Inf"]]}]}}"#;
        assert_eq!(
            points(matrix),
            [[(1_795_000_000_000, "1".to_owned()), (1_795_000_001_000, "+Inf".to_owned())]]
        );
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1795000000,"2"]}}"#;
        assert_eq!(points(scalar), [[(1_795_000_000_000, "2".to_owned())]]);
        assert!(points(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#).is_empty());
    }

    #[test]
    fn an_error_keeps_prometheus_words_and_a_page_of_html_is_no_answer() {
        let refused = read(br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#, 400, "p");
        assert!(refused.unwrap_err().to_string().contains("400 (parse error)"));
        assert!(matches!(read(b"<html>", 200, "p").unwrap_err(), Error::Shape { .. }));
        assert!(matches!(read(b"<html>", 502, "p").unwrap_err(), Error::Refused { status: 502, .. }));
    }
}
