//! The analyzer's answer: its shape, and what is checked before it is believed at all.

use domain::{Brief, CaseFile, Category, Claim, ExhibitId, Suspect, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::commits;
use crate::voice::markdown::told;

/// The most claims, and the most things ruled out.
const MOST_CLAIMS: usize = 8;
/// Characters of cause and next step; of a claim; of a quote; of a figure.
const LONGEST: [usize; 4] = [600, 300, 300, 60];
/// A shorter quote stands in almost any exhibit and shows nothing.
const SHORTEST_QUOTE: usize = 8;

/// The cause of the failure, with what shows it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Where the cause lies; `unknown` where the evidence does not decide.
    category: CategoryName,
    /// How sure, from 0 to 100. A change to the repository is proposed from 70 on.
    #[schemars(range(min = 0, max = 100))]
    confidence: u8,
    /// The cause in one or two sentences, at most 600 characters.
    root_cause: String,
    /// What a person should do next, in one sentence, at most 600 characters.
    remediation: String,
    /// What shows the cause, the decisive one first; 1 to 8.
    #[schemars(length(min = 1, max = 8))]
    claims: Vec<ClaimArguments>,
    /// What was looked at and found not to be the cause; at most 8.
    #[serde(default)]
    #[schemars(length(max = 8))]
    ruled_out: Vec<ClaimArguments>,
    /// The commit of the range that brought it about: at least 7 digits of its id. Left out where none stands out.
    #[serde(default)]
    suspect: String,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum CategoryName {
    Code,
    Configuration,
    Infrastructure,
    AnalysisTemplate,
    Unknown,
}

/// A statement with the exhibit that shows it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct ClaimArguments {
    /// The exhibit's number, such as `E3`.
    exhibit: String,
    /// What it shows, at most 300 characters.
    text: String,
    /// A text of at least 8 and at most 300 characters that stands in the exhibit exactly so, on one line.
    #[serde(default)]
    quote: String,
    /// The canary's figure, such as `412 of 2,180 requests`.
    #[serde(default)]
    canary: String,
    /// Stable's figure.
    #[serde(default)]
    stable: String,
}

/// An answer whose shape is right: its exhibits are in the case, its suspect is in the range, its words are plain and bounded.
/// Whether its quotes stand is not asked yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) category: Category,
    pub(super) confidence: u8,
    pub(super) root_cause: String,
    pub(super) remediation: String,
    pub(super) claims: Vec<Claim>,
    pub(super) ruled_out: Vec<Claim>,
    /// Of a code or configuration cause only.
    pub(super) suspect: Option<Suspect>,
}

pub(super) const NAME: &str = "verdict";
pub(super) const DESCRIPTION: &str =
    "Gives the verdict and ends the analysis. Call it once, when the evidence decides or is seen not to.";

/// The schema of the answer.
pub(super) fn schema() -> Value {
    schema_of::<Arguments>()
}

/// The answer, or what is wrong with it in one sentence for the model.
pub(super) fn check(case: &CaseFile, brief: &Brief, arguments: Value) -> Result<Answer, String> {
    let given: Arguments =
        serde_json::from_value(arguments).map_err(|error| format!("it does not fit the schema: {error}"))?;
    let mut wrong = Vec::new();
    if given.confidence > 100 {
        wrong.push("`confidence` is at most 100".to_owned());
    }
    bounded("root_cause", &given.root_cause, &mut wrong);
    bounded("remediation", &given.remediation, &mut wrong);
    if given.claims.is_empty() {
        wrong.push(format!("`claims` is empty: cite at least one exhibit; {}", exhibits(case)));
    }
    if given.claims.len() > MOST_CLAIMS || given.ruled_out.len() > MOST_CLAIMS {
        wrong.push(format!("at most {MOST_CLAIMS} `claims` and {MOST_CLAIMS} `ruled_out`"));
    }
    let category = given.category.into();
    let claims = claims(case, "claims", given.claims, &mut wrong);
    let ruled_out = self::claims(case, "ruled_out", given.ruled_out, &mut wrong);
    let suspect = suspect(case, brief, category, &given.suspect, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let [root_cause, remediation] = [given.root_cause, given.remediation].map(|text| told(&text, LONGEST[0]));
    Ok(Answer { category, confidence: given.confidence, root_cause, remediation, claims, ruled_out, suspect })
}

impl From<CategoryName> for Category {
    fn from(name: CategoryName) -> Self {
        match name {
            CategoryName::Code => Self::Code,
            CategoryName::Configuration => Self::Configuration,
            CategoryName::Infrastructure => Self::Infrastructure,
            CategoryName::AnalysisTemplate => Self::AnalysisTemplate,
            CategoryName::Unknown => Self::Unknown,
        }
    }
}

fn bounded(field: &str, text: &str, wrong: &mut Vec<String>) {
    if told(text, LONGEST[0]).is_empty() {
        wrong.push(format!("`{field}` is empty"));
    } else if text.chars().count() > LONGEST[0] {
        wrong.push(format!("`{field}` is longer than {} characters", LONGEST[0]));
    }
}

fn claims(case: &CaseFile, field: &str, given: Vec<ClaimArguments>, wrong: &mut Vec<String>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (index, one) in given.into_iter().enumerate().take(MOST_CLAIMS) {
        match claim(case, one) {
            Ok(claim) => claims.push(claim),
            Err(why) => wrong.push(format!("`{field}[{index}]`: {why}")),
        }
    }
    claims
}

fn claim(case: &CaseFile, given: ClaimArguments) -> Result<Claim, String> {
    let [_, of_text, of_quote, of_figure] = LONGEST;
    let exhibit = exhibit_id(&given.exhibit).filter(|id| case.exhibit(*id).is_some());
    let Some(exhibit) = exhibit else {
        return Err(format!("the case has no such exhibit; {}", exhibits(case)));
    };
    let text = told(&given.text, of_text);
    if text.is_empty() {
        return Err("`text` is empty".to_owned());
    }
    let quote = given.quote;
    if quote.contains(['\n', '\r']) || quote.chars().count() > of_quote {
        return Err(format!("`quote` is one line of at most {of_quote} characters"));
    }
    if !quote.is_empty() && quote.trim().chars().count() < SHORTEST_QUOTE {
        return Err(format!("`quote` has fewer than {SHORTEST_QUOTE} characters, which shows nothing"));
    }
    let [canary, stable] = [given.canary, given.stable].map(|figure| told(&figure, of_figure));
    Ok(Claim { exhibit, text, canary, stable, quote: (!quote.is_empty()).then_some(quote) })
}

fn exhibit_id(text: &str) -> Option<ExhibitId> {
    let digits = text.trim().strip_prefix(['E', 'e'])?;
    digits.parse().ok().map(ExhibitId)
}

fn exhibits(case: &CaseFile) -> String {
    let ids: Vec<String> = case.exhibits.iter().take(60).map(|exhibit| exhibit.id.to_string()).collect();
    format!("it has {}", ids.join(", "))
}

/// The commit that was named, where the category can have one.
fn suspect(
    case: &CaseFile,
    brief: &Brief,
    category: Category,
    named: &str,
    wrong: &mut Vec<String>,
) -> Option<Suspect> {
    let named = named.trim();
    if named.is_empty() || !matches!(category, Category::Code | Category::Configuration) {
        return None;
    }
    match commits::find(case, brief, named) {
        Ok(suspect) => Some(suspect),
        Err(why) => {
            wrong.push(format!("`suspect`: {why}"));
            None
        }
    }
}
