#!/bin/sh
# bootstrap.sh PYTHON FOLDER REQUIREMENTS: a virtual environment with the pinned installer in it.
set -eu
python=$1 folder=$2 requirements=$3
here=$(dirname "$0")
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    echo "$python is not Python 3.11 or newer. Next: install one and name it, make PYTHON=python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2> /dev/null; then
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    if ! { command -v apt-get && { [ -z "$root" ] || command -v sudo; }; } > /dev/null; then
        echo "Python's venv module is missing. Next: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    $root sh "$here/install.sh" python3-venv
fi
"$python" -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
