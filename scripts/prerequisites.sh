#!/bin/sh
# Says which of the three prerequisites is missing, and the one command that installs it.
# Usage: prerequisites.sh PYTHON
python=$1
missing=
command -v git >/dev/null 2>&1 || missing="$missing git"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  missing="$missing python3(>=3.11)"
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  missing="$missing python3-venv"
fi
[ -z "$missing" ] && exit 0

[ "$(id -u)" = 0 ] && sudo= || sudo="sudo "

echo "kotadb needs:$missing" >&2
if command -v apt-get >/dev/null 2>&1; then
  echo "Install it with:  ${sudo}apt-get update && ${sudo}apt-get install -y git python3 python3-venv" >&2
elif command -v dnf >/dev/null 2>&1; then
  echo "Install it with:  ${sudo}dnf install -y git python3.11" >&2
elif command -v apk >/dev/null 2>&1; then
  echo "Install it with:  ${sudo}apk add git python3" >&2
elif command -v brew >/dev/null 2>&1; then
  echo "Install it with:  brew install git python@3.12" >&2
else
  echo "Install git and python3 (3.11 or newer, with its venv module), then run this again." >&2
fi
echo "Another Python than python3 is chosen with:  make PYTHON=/path/to/python …" >&2
exit 1
