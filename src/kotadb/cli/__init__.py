"""The command line: every command parses its arguments, calls the same functions as the API, and renders."""

import sys

from kotadb.cli.app import app
from kotadb.cli.output import fail
from kotadb.errors import KotaError


def main() -> None:
    """The `kotadb` program. Exit codes: 0 done, 1 failed, 2 the request cannot be understood, 130 interrupted."""
    try:
        app()
    except KotaError as error:
        sys.exit(fail(error))
