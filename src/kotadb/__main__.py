"""The `kotadb` program, also as `python -m kotadb`."""

import signal
import sys
import traceback

from kotadb import service
from kotadb.cli.app import app
from kotadb.cli.output import err, fail, visible_lines
from kotadb.errors import KotaError

app.command("serve")(service.serve)
app.command("worker")(service.worker)
app.command("mcp")(service.mcp)


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 failed, 2 the request cannot be understood, 130 interrupted."""
    # Ended by a service manager is interrupted: whatever was started must be ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except KotaError as error:
        sys.exit(fail(error))
    except Exception:  # as Python would, but what it says may come from a repository
        err.print(visible_lines(traceback.format_exc().rstrip()))
        sys.exit(1)


if __name__ == "__main__":
    main()
