#!/bin/sh
# Stands in for rollmend: does what the script beside the demo's folder says. Its last argument is that folder, or the agents.toml in it.
for last; do :; done
KEEP=${last%/agents.toml}
. "$KEEP.script"
