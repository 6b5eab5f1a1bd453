#!/usr/bin/env bash
# A docker daemon for machines where none runs, as those of CI: installs docker where it is missing (Debian, as root) and starts
# a daemon without networks of its own, so that nothing of this machine's network is changed; builds and containers use the host's.
#
#     scripts/images/docker.sh start        does nothing where a daemon answers
#     scripts/images/docker.sh stop         ends the daemon that `start` started, and no other
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/out/docker

refuse() { echo "docker: $1" >&2; exit 1; }
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

case ${1:-} in
start)
  if answers; then exit 0; fi
  [ "$(id -u)" = 0 ] || refuse "no daemon answers, and only root can start one."
  if ! command -v dockerd >/dev/null; then
    command -v apt-get >/dev/null || refuse "dockerd is missing: install Docker."
    echo "docker: installing docker.io …" >&2
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io; } >/dev/null ||
      refuse "apt-get cannot install docker.io (its words are above)."
  fi
  mkdir -p "$out"
  setsid dockerd --iptables=false --bridge=none >"$out/dockerd.log" 2>&1 </dev/null &
  daemon=$!
  echo "$daemon" >"$out/dockerd.pid"
  deadline=$((SECONDS + 60))
  until answers; do
    kill -0 "$daemon" 2>/dev/null || { tail -n 20 "$out/dockerd.log" >&2; refuse "the daemon has ended (its words are above)."; }
    [ "$SECONDS" -lt "$deadline" ] || refuse "the daemon does not answer after a minute; $out/dockerd.log tells more."
    sleep 0.2
  done
  ;;
stop)
  [ -f "$out/dockerd.pid" ] || exit 0
  daemon=$(cat "$out/dockerd.pid")
  # Its number may have gone to another program since.
  if [ "$(cat "/proc/$daemon/comm" 2>/dev/null)" = dockerd ]; then
    kill "$daemon"
    tail --pid="$daemon" -f /dev/null
  fi
  rm -f "$out/dockerd.pid"
  ;;
*)
  refuse "expected start or stop."
  ;;
esac
