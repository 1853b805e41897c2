//! The HTTP API, in the shapes of Prometheus' own (`/api/v1`).

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Shared, Template,
    compute::{Outcome, compute},
    language::{self, Query},
    samples::Labels,
};
use crate::kubernetes::decode;

/// How large a form may be, in bytes.
const FORM_LIMIT: usize = 1024 * 1024;
/// How many points a range query may have for each series (Prometheus' own limit).
const POINT_LIMIT: f64 = 11_000.0;

/// What answers are made from.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    pub(super) queries: Vec<Template>,
    pub(super) token: Option<String>,
}

/// Why there is no result.
struct Refusal {
    code: StatusCode,
    kind: &'static str,
    error: String,
}

type Parameters = BTreeMap<String, String>;

/// The paths that are served.
pub(super) fn router(door: Door) -> Router {
    let queries = || get(query).post(query);
    Router::new()
        .route("/api/v1/query", queries())
        .route("/api/v1/query_range", queries())
        .route("/api/v1/status/buildinfo", get(build_info))
        .route("/-/ready", get(async || "Prometheus Server is Ready.\n"))
        .route("/-/healthy", get(async || "Prometheus Server is Healthy.\n"))
        .with_state(Arc::new(door))
}

async fn build_info(State(door): State<Arc<Door>>, request: Request) -> Response {
    if !door.admits(&request) {
        return unauthorized();
    }
    success(&json!({
        "version": "3.5.0", "revision": "", "branch": "HEAD", "buildUser": "", "buildDate": "", "goVersion": "go1.25",
    }))
}

async fn query(State(door): State<Arc<Door>>, request: Request) -> Response {
    if !door.admits(&request) {
        return unauthorized();
    }
    let is_range = request.uri().path().ends_with("query_range");
    let parameters = match parameters(request).await {
        Ok(parameters) => parameters,
        Err(refusal) => return refuse(&refusal),
    };
    let answered = if is_range { door.range(&parameters) } else { door.instant(&parameters) };
    match answered {
        Ok(data) => success(&data),
        Err(refusal) => refuse(&refusal),
    }
}

impl Door {
    fn admits(&self, request: &Request) -> bool {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.token
            .as_deref()
            .is_none_or(|token| given.and_then(|given| given.strip_prefix("Bearer ")) == Some(token))
    }

    fn instant(&self, parameters: &Parameters) -> Result<Value, Refusal> {
        let at = time(parameters, "time")?.unwrap_or_else(|| self.now());
        let query = self.known_query(parameters)?;
        let outcome = compute(&query, &self.shared.samples(), at).map_err(not_executed)?;
        Ok(match outcome {
            Outcome::Scalar(number) => json!({"resultType": "scalar", "result": sample(at, number)}),
            Outcome::Vector(vector) => {
                let series = vector
                    .into_iter()
                    .map(|(labels, value)| json!({"metric": labels, "value": sample(at, value)}));
                json!({"resultType": "vector", "result": series.collect::<Vec<_>>()})
            }
        })
    }

    fn range(&self, parameters: &Parameters) -> Result<Value, Refusal> {
        let wanted = |name: &str| {
            time(parameters, name)?.ok_or_else(|| bad(name, "cannot parse \"\" to a valid timestamp"))
        };
        let (start, end) = (wanted("start")?, wanted("end")?);
        if end < start {
            return Err(bad("end", "end timestamp must not be before start time"));
        }
        let step = parameters.get("step").map(|step| Value::from(step.as_str()));
        let step = crate::rollouts_controller::duration(step.as_ref());
        let step = step.ok_or_else(|| bad("step", "cannot parse \"\" to a valid duration"))?;
        if step <= 0.0 {
            return Err(bad(
                "step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        if (end - start) / step > POINT_LIMIT {
            let error = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)";
            return Err(Refusal { code: StatusCode::BAD_REQUEST, kind: "bad_data", error: error.to_owned() });
        }
        let query = self.known_query(parameters)?;
        let samples = self.shared.samples();
        let mut series: BTreeMap<Labels, Vec<Value>> = BTreeMap::new();
        let mut at = start;
        while at <= end {
            let vector = match compute(&query, &samples, at).map_err(not_executed)? {
                Outcome::Scalar(number) => vec![(Labels::new(), number)],
                Outcome::Vector(vector) => vector,
            };
            for (labels, value) in vector {
                series.entry(labels).or_default().push(sample(at, value));
            }
            at += step;
        }
        let series = series.into_iter().map(|(labels, values)| json!({"metric": labels, "values": values}));
        Ok(json!({"resultType": "matrix", "result": series.collect::<Vec<_>>()}))
    }

    fn known_query(&self, parameters: &Parameters) -> Result<Query, Refusal> {
        let text = parameters.get("query").map_or("", String::as_str);
        let query = language::parse(text).map_err(|problem| bad("query", &problem))?;
        if self.queries.iter().any(|known| known.fits(text)) {
            return Ok(query);
        }
        Err(not_executed(format!(
            "this server answers only the queries that it was started with, not {text}"
        )))
    }

    fn now(&self) -> f64 {
        self.shared.clock.now().timestamp_millis() as f64 / 1_000.0
    }
}

async fn parameters(request: Request) -> Result<Parameters, Refusal> {
    let mut encoded = request.uri().query().unwrap_or_default().to_owned();
    if request.method() == Method::POST {
        let body: Bytes =
            axum::body::to_bytes(request.into_body(), FORM_LIMIT).await.map_err(|_| Refusal {
                code: StatusCode::BAD_REQUEST,
                kind: "bad_data",
                error: "error parsing form values: http: request body too large".to_owned(),
            })?;
        // Writing into a text cannot fail.
        let _ = write!(encoded, "&{}", String::from_utf8_lossy(&body));
    }
    let pairs = encoded.split('&').filter_map(|pair| pair.split_once('='));
    Ok(pairs
        .map(|(name, value)| (decode(&name.replace('+', " ")), decode(&value.replace('+', " "))))
        .collect())
}

/// A time in seconds since 1970, as a number or as RFC 3339.
fn time(parameters: &Parameters, name: &str) -> Result<Option<f64>, Refusal> {
    let Some(written) = parameters.get(name).filter(|written| !written.is_empty()) else { return Ok(None) };
    if let Ok(seconds) = written.parse::<f64>()
        && seconds.is_finite()
    {
        return Ok(Some(seconds));
    }
    match chrono::DateTime::parse_from_rfc3339(written) {
        Ok(time) => Ok(Some(time.timestamp_millis() as f64 / 1_000.0)),
        Err(_) => Err(bad(name, &format!("cannot parse {written:?} to a valid timestamp"))),
    }
}

fn sample(at: f64, value: f64) -> Value {
    let written = if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    };
    json!([at, written])
}

fn bad(parameter: &str, problem: &str) -> Refusal {
    let error = format!("invalid parameter {parameter:?}: {problem}");
    Refusal { code: StatusCode::BAD_REQUEST, kind: "bad_data", error }
}

fn not_executed(error: String) -> Refusal {
    Refusal { code: StatusCode::UNPROCESSABLE_ENTITY, kind: "execution", error }
}

fn success(data: &Value) -> Response {
    answer(StatusCode::OK, &json!({"status": "success", "data": data}))
}

fn refuse(refusal: &Refusal) -> Response {
    answer(refusal.code, &json!({"status": "error", "errorType": refusal.kind, "error": refusal.error}))
}

fn answer(code: StatusCode, body: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// What Prometheus' web configuration answers, without JSON.
fn unauthorized() -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic")], "Unauthorized\n").into_response()
}
