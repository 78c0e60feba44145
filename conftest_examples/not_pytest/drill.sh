#!/bin/sh
# Kills the gateway without warning, starts it again, and asks for what it had confirmed. Exits with 0 if it is there.
set -eu

folder=$(mktemp -d)
gateway=
trap 'kill "$gateway" 2>/dev/null || true; rm -rf "$folder"' EXIT

start() {
    : >"$folder/address"
    node gateway.mjs "$folder" >"$folder/address" &
    gateway=$!
    until [ -s "$folder/address" ]; do sleep 0.05; done
}

ask() { node ask.mjs "$(cat "$folder/address")" "$@"; }

start
echo "transfer: $(ask '{"cents": 700}')"
kill -KILL "$gateway"
wait "$gateway" 2>/dev/null || true
echo "killed"

start
echo "after the restart: $(ask)"
mkdir -p reports
cp "$folder/audit.log" reports/audit.log
[ "$(ask)" = '[{"cents":700}]' ]
grep -q "started with 1 transfers" reports/audit.log
