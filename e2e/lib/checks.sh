# shellcheck shell=bash
# How a story says what it saw, and how it ends when it saw something else.

saw() { # words…
  printf '%s, ' "$*" >> "$STATE/seen"
}

fail() { # words…
  printf '%s\n' "$*" > "$STATE/failure"
  exit 1
}

expect() { # what expected seen
  [[ $2 == "$3" ]] || fail "expected $1 to be '$2', saw '$3'"
}

expect_match() { # what pattern seen
  [[ $3 =~ $2 ]] || fail "expected $1 to match '$2', saw '$3'"
}

expect_within() { # what least most seen
  if [[ ! $4 =~ ^[0-9]+$ ]] || (($4 < $2 || $4 > $3)); then fail "expected $1 between $2 and $3, saw '$4'"; fi
}

# Runs one story and prints its one line. Never call it in a condition: that would switch errexit off inside the story. A
# story has also failed when a command in one of its substitutions did, which errexit alone would not notice.
tell() { # file
  local name title status begun=$SECONDS
  name=$(basename "$1" .sh)
  title=${name//-/ }
  rm -f "$STATE/seen" "$STATE/failure"
  set +e
  (
    set -eEuo pipefail
    trap 'unexpected "${BASH_SOURCE[0]##*/}" "$LINENO"' ERR
    # shellcheck source=/dev/null
    source "$1"
  ) 2>> "$STATE/log/$name.log"
  status=$?
  set -e
  if ((status == 0)) && [[ ! -f $STATE/failure ]]; then
    PASSED=$((PASSED + 1))
    printf 'ok   %s: %s%d s\n' "$title" "$(cat "$STATE/seen")" $((SECONDS - begun))
  else
    FAILED=$((FAILED + 1))
    printf 'FAIL %s: %s\n' "$title" "$(cat "$STATE/failure" 2> /dev/null || echo "it ended with status $status")"
    explain "$name"
  fi
}

# Called for a command that failed without anybody having said what was expected of it.
unexpected() { # file line
  [[ -f $STATE/failure ]] || echo "a command in $1, line $2, failed" > "$STATE/failure"
}

explain() { # log of the story
  local log
  printf '       logs: %s\n' "$STATE/log"
  for log in "$1" rollmend; do
    [[ -s $STATE/log/$log.log ]] || continue
    printf '       the last lines of %s.log:\n' "$log"
    tail -n 20 "$STATE/log/$log.log" | cut -c1-400 | sed 's/^/         /'
  done
}
