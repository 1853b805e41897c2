# shellcheck shell=bash
# The testbed's GitHub with one repository for each story, and what it says about pull requests.

github_start() { # repository…
  local repository given=()
  "$E2E/repository.sh" "$STATE/repository"
  # shellcheck source=/dev/null
  source "$STATE/repository/shop.env"
  # shellcheck disable=SC2154 # shop.env sets them
  export STABLE_COMMIT=$stable CULPRIT=$culprit CANARY_COMMIT=$canary LOWERED=$lowered
  GITHUB_TOKEN=ghp_$(openssl rand -hex 18)
  GITHUB=http://127.0.0.1:$(free_port)
  for repository in "$@"; do given+=(--repo "$repository=$STATE/repository/shop.bundle"); done
  start github "$TESTBED_BIN" github "${given[@]}" --token "$GITHUB_TOKEN:rollmend-bot:write" --protect main --port "${GITHUB##*:}"
  wait_for 10 'a ready GitHub' github /user
}

github() { # path
  curl --fail --silent --show-error --max-time 10 --header "Authorization: Bearer $GITHUB_TOKEN" "$GITHUB$1"
}

pull_requests() { # repository
  github "/repos/$1/pulls?state=all&per_page=100"
}

# Succeeds when the repository has exactly that many pull requests, open or not; says how many there are.
has_pull_requests() { # repository number
  local seen
  seen=$(pull_requests "$1" | jq length) || return 1
  echo "$seen pull requests in $1"
  [[ $seen == "$2" ]]
}

# The pull request undoes the culprit and nothing else: its branch has, against main, the culprit's difference the other way round.
expect_revert() { # repository branch [culprit]
  local clone=$STATE/clone.$RANDOM culprit=${3:-$CULPRIT}
  git -c "http.extraHeader=Authorization: Basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 --wrap 0)" \
    clone --quiet --bare "$GITHUB/$1" "$clone"
  expect "the parent of $2" "$(git -C "$clone" rev-parse main)" "$(git -C "$clone" rev-parse "$2^")"
  expect "the change on $2" "$(git -C "$clone" diff "$culprit" "$culprit^" | git patch-id --stable | cut -d' ' -f1)" \
    "$(git -C "$clone" diff main "$2" | git patch-id --stable | cut -d' ' -f1)"
}
