//! The models that agents name. Each provider is asked which models it has, which costs nothing; no model is asked anything.

use agents::{Listed, listed};

use super::Findings;
use crate::compose::Probes;

const AREA: &str = "models";

pub(super) async fn look(probes: &Probes, findings: &mut Findings) -> miette::Result<()> {
    let models = probes.models();
    if models.is_empty() {
        return findings.good(AREA, "no agent names one: the rules judge, and nothing goes to a provider");
    }
    for (name, settings) in models {
        // What is wrong with a key stands among the secrets.
        let Ok(settings) = settings else { continue };
        let model = settings.model.clone();
        match listed(&settings).await {
            Ok(Listed::Offered) => {
                findings.good(
                    AREA,
                    format!("{name}: its provider knows the key and has {model}; nothing was asked of it"),
                )?;
            }
            Ok(Listed::KeyGood) => {
                let what = format!(
                    "{name}: its provider knows the key; whether it has {model} shows with the first call"
                );
                findings.good(AREA, what)?;
            }
            Ok(Listed::NotOffered) => {
                let advice = "right where that is another name for one of them, else mend the model's name";
                findings.note(AREA, format!("{name}: its provider does not list {model}: {advice}"))?;
            }
            Ok(Listed::NoList) => {
                findings.note(
                    AREA,
                    format!(
                        "{name}: its server lists no models; whether it answers shows with the first call"
                    ),
                )?;
            }
            Err(failure) => findings.bad(AREA, failure.sentence())?,
        }
    }
    Ok(())
}
