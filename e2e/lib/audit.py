#!/usr/bin/env python3
"""Holds the rights that a service account was granted against what it did, as the API server's audit log tells.

Too little: a request that was refused, or that none of the account's own rules covers. Too much: a rule of which some combination
of verb, resource and name was never used. Both fail. Only requests of the named pods count: a pod's token carries its name.
"""

import argparse
import itertools
import json
import pathlib
import sys

POD = "authentication.kubernetes.io/pod-name"
# Every account may ask what it may do; `rollmend doctor` does, and nothing else comes of it.
QUESTION = "selfsubjectaccessreviews"


class Right:
    """One verb on one resource, all of it or one name, everywhere or in one namespace."""

    def __init__(self, verb, group, resource, name, namespace):
        self.verb, self.group, self.resource, self.name, self.namespace = verb, group, resource, name, namespace

    def covers(self, used):
        same = (self.verb, self.group, self.resource) == (used.verb, used.group, used.resource)
        return same and self.name in ("", used.name) and self.namespace in ("", used.namespace)

    def __str__(self):
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {resource}{name}" + (f" in {self.namespace}" if self.namespace else "")


def granted(objects, namespace, account):
    """Every right of the roles that are bound to the account itself; what every account has by its groups is not counted."""
    roles = {(role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]): role for role in objects}
    for binding in objects:
        for subject in binding.get("subjects", []):
            if (subject["kind"], subject.get("namespace"), subject["name"]) != ("ServiceAccount", namespace, account):
                continue
            place = binding["metadata"].get("namespace", "")
            kind, name = binding["roleRef"]["kind"], binding["roleRef"]["name"]
            role = roles[kind, place if kind == "Role" else "", name]
            for rule in role["rules"]:
                names = rule.get("resourceNames", [""])
                for group, resource, verb, named in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"], names):
                    yield Right(verb, group, resource, named, place)


def requests(log, user, pods):
    """The account's requests for resources: what was asked, and the answer's status."""
    for line in log.open(encoding="utf-8"):
        event = json.loads(line)
        asker, target = event["user"], event.get("objectRef")
        if asker["username"] != user or not set(asker.get("extra", {}).get(POD, [])) & pods or not target:
            continue
        if target.get("resource") == QUESTION:
            continue
        resource = "/".join(filter(None, (target.get("resource"), target.get("subresource"))))
        asked = Right(event["verb"], target.get("apiGroup", ""), resource, target.get("name", ""), target.get("namespace", ""))
        yield asked, event.get("responseStatus", {}).get("code", 0)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--log", type=pathlib.Path, required=True)
    options.add_argument("--roles", type=pathlib.Path, required=True, help="roles and bindings, as kubectl get --output json gives them")
    options.add_argument("--account", default="rollmend/rollmend", help="NAMESPACE/NAME")
    options.add_argument("pods", nargs="+")
    given = options.parse_args()
    namespace, account = given.account.split("/")
    rights = list(granted(json.loads(given.roles.read_text())["items"], namespace, account))
    done = list(requests(given.log, f"system:serviceaccount:{namespace}:{account}", set(given.pods)))
    wrong = {f"refused: {asked}" for asked, status in done if status == 403}
    wrong |= {f"not granted by a role of its own: {asked}" for asked, _ in done if not any(right.covers(asked) for right in rights)}
    wrong |= {f"granted and never used: {right}" for right in rights if not any(right.covers(asked) for asked, _ in done)}
    if wrong or not rights:
        print("; ".join(sorted(wrong)) or "nothing is granted")
        sys.exit(1)
    print(f"{len(rights)} rights granted, each used, by {len(done)} requests")


if __name__ == "__main__":
    main()
