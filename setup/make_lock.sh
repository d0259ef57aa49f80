#!/usr/bin/env bash
# Makes setup/requirements.lock anew: the versions of the Debian tree, and beside them the newest within pyproject.toml
# that go with these, with the hashes of all their files. Needs uv (https://docs.astral.sh/uv) and a network.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
command -v uv >/dev/null || { echo 'make lock needs uv: pip install uv' >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# rich: that of Debian 13 is older than what import-linter asks for.
./hotmesa --python -I setup/base_python.py base | grep -v '^rich==' >"$work/base.txt"
echo 'setuptools>=68' >"$work/build.in"
grep -v '^setuptools==' "$work/base.txt" >"$work/constraints.txt"
uv pip compile pyproject.toml "$work/build.in" --extra viz --extra study --extra fit --extra report --extra test --extra docs --extra notebook --extra shell --extra explore \
  --python-platform linux --python-version 3.13 --generate-hashes --constraint "$work/constraints.txt" \
  --no-header --no-annotate --quiet --output-file "$work/lock.txt"
{ sed '/^#/!Q' setup/requirements.lock; cat "$work/lock.txt"; } >"$work/new.lock"
cp -- "$work/new.lock" setup/requirements.lock
