#!/bin/sh
# What a change of this folder must pass; the program must be built. As a person runs it.
set -eu
cd "$(dirname "$0")"
[ -d .venv ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/pytest
