//! The API server, Argo Rollouts, and each right.

use domain::{Failure, Mode};
use futures::{StreamExt, TryStreamExt};
use tool_kubernetes::{ClusterSettings, Connection, Grant, Inspection, Right, Rollouts, needed, needless};

use super::Findings;
use crate::compose::Probes;
use crate::config::Config;

/// Questions at once.
const AT_ONCE: usize = 8;

pub(super) async fn look(
    config: &Config,
    probes: &Probes,
    connection: &Connection,
    findings: &mut Findings,
) -> miette::Result<()> {
    let inspection = match probes.cluster(connection).await {
        Ok(inspection) => inspection,
        Err(why) => return findings.bad("cluster", why.to_string()),
    };
    match inspection.version().await {
        Ok(version) => findings.good("cluster", format!("the API server answers, version {version}"))?,
        Err(failure) => {
            let advice = "check the address, the network policies and the certificates on the way";
            return findings.bad("cluster", format!("{}; {advice}", failure.sentence()));
        }
    }
    match inspection.rollouts().await {
        Ok(Rollouts::Installed) => findings.good("rollouts", "Argo Rollouts' resources are there")?,
        Ok(Rollouts::Absent) => {
            let advice = "install Argo Rollouts; the daemon starts without them and waits";
            findings.bad("rollouts", format!("Argo Rollouts' CRDs are not installed: {advice}"))?;
        }
        Err(failure) => findings.bad("rollouts", failure.sentence())?,
    }
    match probes.cluster_settings(connection) {
        Ok(settings) => rights(config, &settings, &inspection, findings).await,
        Err(why) => findings.bad("rights", why.to_string()),
    }
}

async fn rights(
    config: &Config,
    settings: &ClusterSettings,
    inspection: &Inspection,
    findings: &mut Findings,
) -> miette::Result<()> {
    let (mode, annotate) = (config.daemon.mode, config.cluster.annotate);
    match granted(inspection, needed(settings, mode, annotate)).await {
        Ok(needed) => tell_needed(needed, findings)?,
        Err(failure) => return findings.bad("rights", failure.sentence()),
    }
    match granted(inspection, needless(settings, mode, annotate)).await {
        Ok(needless) => tell_needless(&needless, mode, findings),
        Err(failure) => findings.bad("rights", failure.sentence()),
    }
}

async fn granted(inspection: &Inspection, rights: Vec<Right>) -> Result<Vec<(Right, Grant)>, Failure> {
    let asked = rights.into_iter().map(|right| async move {
        let grant = inspection.may(&right).await?;
        Ok((right, grant))
    });
    futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await
}

/// The verbs of one resource in one place, in one line.
fn tell_needed(rights: Vec<(Right, Grant)>, findings: &mut Findings) -> miette::Result<()> {
    let mut rest = rights;
    while let Some((first, _)) = rest.first().cloned() {
        let (same, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(right, _)| is_about(right, &first));
        rest = others;
        let verbs = |grant: Grant| {
            let of = same.iter().filter(|(_, known)| *known == grant).map(|(right, _)| right.verb);
            of.collect::<Vec<_>>().join(", ")
        };
        let (given, withheld) = (verbs(Grant::Given), verbs(Grant::Withheld));
        let (resource, place) = (first.resource, first.place());
        if withheld.is_empty() {
            findings.good("rights", format!("{given} {resource} {place}"))?;
        } else {
            let file = match (resource, withheld.as_str()) {
                ("leases", _) => "deploy/rbac-lease.yaml",
                (_, "patch") => "deploy/rbac-annotate.yaml",
                _ => "deploy/rbac.yaml",
            };
            let advice = format!("give the daemon's service account this right, as {file} does");
            findings.bad("rights", format!("may not {withheld} {resource} {place}: {advice}"))?;
        }
    }
    Ok(())
}

fn is_about(right: &Right, other: &Right) -> bool {
    (right.resource, right.group, &right.namespace, right.verb == "patch")
        == (other.resource, other.group, &other.namespace, other.verb == "patch")
}

fn tell_needless(rights: &[(Right, Grant)], mode: Mode, findings: &mut Findings) -> miette::Result<()> {
    let given = rights.iter().filter(|(_, grant)| *grant == Grant::Given);
    for (right, _) in given {
        let why = match (right.resource, right.verb, mode) {
            ("rollouts", "patch", _) => {
                "only `annotate = true` needs it: take deploy/rbac-annotate.yaml away"
            }
            _ => "it never does: take the right away",
        };
        findings.note("rights", format!("may {} {} {}: {why}", right.verb, right.resource, right.place()))?;
    }
    Ok(())
}
