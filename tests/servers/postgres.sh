#!/bin/bash
# A real PostgreSQL for a test: own folder, own free port, ended by its own pid.
#
#   postgres.sh start [OWNER_PID]    makes one; prints its folder, then its URL. It ends by itself when OWNER_PID does
#   postgres.sh kill FOLDER          kill -9 of the server, as a crash would
#   postgres.sh stop FOLDER          stops it in an orderly way; its data stays
#   postgres.sh restart FOLDER       starts it again on the same data and port
#   postgres.sh remove FOLDER        ends it and removes its folder
#
# MARU_POSTGRES_OPTIONS adds server options, such as "-c fsync=off". The server refuses to run as root; then it runs as the user postgres that its Debian package makes.
set -euo pipefail
bin=${MARU_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
[ -x "$bin/postgres" ] || { echo "no PostgreSQL 15 in $bin: install the Debian package postgresql-15" >&2; exit 1; }
as_server=()
[ "$(id -u)" -ne 0 ] || as_server=(setpriv --reuid=postgres --regid=postgres --init-groups)

launch() {  # FOLDER
  # After a crash the old processes take a moment to leave, and a picked port may just have been taken.
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    if "${as_server[@]}" "$bin/pg_ctl" -D "$1/data" -w -t 20 -l "$1/log" \
        -o "-p $(cat "$1/port") -k $1 -c listen_addresses=127.0.0.1 -c max_connections=50 ${MARU_POSTGRES_OPTIONS:-}" start >/dev/null 2>&1; then
      return 0
    fi
    sleep 0.3
  done
  cat "$1/log" >&2
  return 1
}

case ${1:-} in
  start)
    folder=$(mktemp -d "${TMPDIR:-/tmp}/maru-postgres-XXXXXX")
    [ ${#as_server[@]} -eq 0 ] || chown postgres:postgres "$folder"
    "${as_server[@]}" "$bin/initdb" -D "$folder/data" -U maru -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
      { cat "$folder/initdb.log" >&2; exit 1; }
    # The kernel picks a port; it stays this one's over restarts.
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$folder/port"
    launch "$folder"
    "$bin/createdb" -h 127.0.0.1 -p "$(cat "$folder/port")" -U maru maru
    if [ -n "${2:-}" ]; then
      setsid bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; exec "$0" remove "$2"' "$(realpath "$0")" "$2" "$folder" >/dev/null 2>&1 </dev/null &
    fi
    echo "$folder"
    echo "postgresql://maru@127.0.0.1:$(cat "$folder/port")/maru"
    ;;
  kill)
    kill -9 "$(head -1 "$2/data/postmaster.pid")"
    ;;
  stop)
    "${as_server[@]}" "$bin/pg_ctl" -D "$2/data" -m fast -w stop >/dev/null
    ;;
  restart)
    launch "$2"
    ;;
  remove)
    "${as_server[@]}" "$bin/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf -- "$2"
    ;;
  *)
    sed -n '2,11p' "$0" >&2
    exit 2
    ;;
esac
