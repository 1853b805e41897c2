# shellcheck shell=bash
# What must be on the machine: Debian's packages are installed by root, everything else is asked for in one sentence.

require_programs() {
  local missing=() program
  for program in prometheus jq openssl curl git python3; do
    command -v "$program" > /dev/null || missing+=("$program")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)) || ! command -v apt-get > /dev/null; then
    echo "e2e: install ${missing[*]} first (on Debian: apt-get install ${missing[*]})" >&2
    return 1
  fi
  echo "e2e: installing ${missing[*]}" >&2
  apt-get update --quiet=2
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" > /dev/null
}

# One build for everything that wants the release binaries.
require_binaries() {
  local target
  target=${CARGO_TARGET_DIR:-$ROOT/target}/release
  if [[ -z ${ROLLMEND_BIN:-} || -z ${TESTBED_BIN:-} ]]; then
    command -v cargo > /dev/null || { echo 'e2e: Rust is needed to build rollmend; see https://rustup.rs' >&2; return 1; }
    echo 'e2e: building rollmend' >&2
    (cd "$ROOT" && cargo build --quiet --locked --release -p rollmend -p rollmend-testbed --bins)
  fi
  ROLLMEND_BIN=${ROLLMEND_BIN:-$target/rollmend}
  TESTBED_BIN=${TESTBED_BIN:-$target/rollmend-testbed}
}
