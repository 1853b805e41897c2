# shellcheck shell=bash
# Long-running processes: each has a name, a log in $STATE/log and its pid in $STATE/pid, and is ended by that pid alone.

start() { # name command…
  local name=$1
  shift
  mkdir -p "$STATE/log" "$STATE/pid"
  "$@" >> "$STATE/log/$name.log" 2>&1 < /dev/null &
  echo $! > "$STATE/pid/$name"
  disown # or the shell announces in the middle of a story that a process was killed
  echo "$name" >> "$STATE/started"
}

# A process that has ended but that nobody has waited for yet still has a pid; it counts as gone.
running() { # name
  local pid state
  pid=$(cat "$STATE/pid/$1" 2> /dev/null) || return 1
  state=$(sed 's/.*) \(.\).*/\1/' "/proc/$pid/stat" 2> /dev/null) || return 1
  [[ $state != Z ]]
}

stop() { # name [signal]
  local name=$1 signal=${2:-TERM} try
  if running "$name"; then
    kill -s "$signal" "$(cat "$STATE/pid/$name")" 2> /dev/null || true
    for ((try = 0; try < 50; try++)); do
      running "$name" || break
      sleep 0.1
    done
    if running "$name"; then kill -s KILL "$(cat "$STATE/pid/$name")" 2> /dev/null || true; fi
  fi
  rm -f "$STATE/pid/$name"
}

# The youngest goes first, so that nobody misses the one it talks to.
stop_all() {
  local name
  [[ -f $STATE/started ]] || return 0
  while read -r name; do stop "$name"; done < <(tac "$STATE/started")
  rm -f "$STATE/started"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until the command succeeds; what it printed last tells why it did not.
wait_for() { # seconds what command…
  local limit=$1 what=$2 last deadline
  shift 2
  deadline=$((SECONDS + limit))
  until last=$("$@" 2>&1); do
    if ((SECONDS >= deadline)); then
      fail "expected $what within $limit s, saw: ${last:-nothing}"
    fi
    sleep 0.2
  done
}
