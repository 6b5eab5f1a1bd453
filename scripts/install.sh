#!/usr/bin/env bash
# Installs the npm packages, or says in one sentence what is missing.
set -euo pipefail

refuse() { echo "pssr: $1" >&2; exit 1; }

command -v node >/dev/null || refuse "Node.js is missing: install Node 20.19 or newer; nothing here works without it."
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  refuse "Node $(node -v) is too old: install Node 20.19 or newer; nothing here works without it."
command -v npm >/dev/null || refuse "npm is missing: install it with Node.js; nothing here can be installed without it."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing npm packages …"
# The versions are those of package-lock.json, which stays as it is. `npm ci` would ask for more: that the lock file names the
# optional packages of every platform, which some registry mirrors do not hold.
npm install --no-save --no-fund --no-audit --loglevel=error >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  refuse "npm could not install the packages (its words are above): check the network or the npm registry setting; what was built before still works."
}
