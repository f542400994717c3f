"""What the command line prints: results to standard output, everything about getting them to standard error."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kotadb.errors import Ambiguous, InvalidInput, KotaError
from kotadb.logs import printable
from kotadb.model import Step

# A path with `:bug:` in it is one without an insect.
out = Console(highlight=False, emoji=False, soft_wrap=True)
tables = Console(highlight=False, emoji=False, width=1_000)  # as wide as its cells: an id that is cut off is none
err = Console(highlight=False, emoji=False, soft_wrap=True, stderr=True)

MAX_LEFT_OUT = 20

STATUS_STYLES = {"completed": "green", "skipped": "green", "failed": "red", "cancelled": "yellow"}


def fail(error: KotaError) -> int:
    """Say what is wrong. Returns the exit code."""
    err.print(f"[red]error:[/red] {visible_lines(error.message)}")
    for candidate in error.candidates if isinstance(error, Ambiguous) else ():
        err.print(f"  {visible(candidate['id'])}  [dim]{visible(candidate['signature'] or '')}[/dim]")
    return 2 if isinstance(error, InvalidInput) else 1


def visible(text: object) -> str:
    """Text from elsewhere, safe on a terminal: on one line, control characters shown, no markup."""
    return escape(printable(str(text)))


def visible_lines(text: object) -> str:
    """The same of a text that may have several lines. They are indented, so that none passes for one of ours."""
    return escape(printable(str(text), keep="\n\t").replace("\n", "\n  "))


def print_json(value: Any) -> None:
    """A line that decodes to this value. What would act on a terminal is escaped; letters of any script are not."""
    line = json.dumps(value, ensure_ascii=False)
    if not line.isprintable():
        line = "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)
    print(line)  # noqa: T201 - a machine reads it: no wrapping, no colours


def print_table(columns: list[str], rows: list[list[object]]) -> None:
    """A plain table, its cells from anywhere."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else visible(cell) for cell in row))
    tables.print(table)


def print_next(commands: dict[str, str]) -> None:
    """What may be typed next, as this program is called here, and what each gives."""
    program = Path(sys.argv[0])
    on_path = shutil.which("kotadb")
    kotadb = "kotadb" if program.name != "kotadb" or str(program) == on_path else os.path.relpath(program)
    width = max(len(f"{kotadb} {command}") for command in commands)
    out.print("\nNext:")
    for command, gives in commands.items():
        out.print(f"  {visible(f'{kotadb} {command}'.ljust(width))}  [dim]{gives}[/dim]")


def print_job(job: dict[str, Any]) -> None:
    """A job at length, as `questions.describe.describe_job` gives it."""
    style = STATUS_STYLES.get(job["status"], "cyan")
    commit = f" at {job['commit_sha'][:12]}" if job["commit_sha"] else ""
    branch = f" ({job['branch']})" if job["branch"] else ""
    out.print(
        f"[bold]{visible(job['repository'])}[/bold]{visible(commit + branch)}: [{style}]{job['status']}[/{style}]"
        f"  [dim]job {job['job_id']}, attempt {job['attempt']}[/dim]"
    )
    for run in job["history"][:-1] if job["error"] else job["history"]:
        out.print(f"  [dim]attempt {run['attempt']}: {visible(run['code'])}: {visible(run['message'])}[/dim]")
    if job["error"]:
        out.print(f"  [red]{visible(job['error']['code'])}[/red]: {visible(job['error']['message'])}")
    if job["status"] == "pending" and job["next_attempt_at"]:
        out.print(f"  next attempt after {job['next_attempt_at']}")
    if job["stats"] and "files_indexed" in job["stats"]:
        _print_stats(job["stats"])


def print_drift(job: dict[str, Any]) -> None:
    """What a rebuild of an index said about it."""
    drift = job["stats"]["drift"]
    what = f"[bold]{visible(job['repository'])}[/bold] at {visible((job['commit_sha'] or 'no commit')[:12])}"
    if drift is None:
        out.print(f"{what}: [yellow]rebuilt[/yellow]; it was made by another version or with other limits")
    elif drift["files"] or drift["blobs"]:
        out.print(
            f"{what}: [red]{drift['files']:,} files and {drift['blobs']:,} texts were wrong[/red]; they are repaired"
        )
        for path in drift["paths"]:
            out.print(f"  {visible(path)}")
    else:
        files, rows = job["stats"]["files_indexed"], job["stats"]["references_found"]
        out.print(f"{what}: [green]as a rebuild has it[/green]  [dim]{files:,} files, {rows:,} references[/dim]")


def print_imported(imported: dict[str, Any]) -> None:
    """What came of importing a compiler's index."""
    name, tool = visible(imported["repository"]), visible(imported["tool"])
    out.print(f"[bold]{name}[/bold]: [green]imported[/green] what {tool} says of {imported['documents']:,} files")
    for key in ("confirmed", "replaced", "resolved", "added"):
        out.print(f"  {key:<14}{imported[key]:>10,}")
    for path in imported["left_out"][:MAX_LEFT_OUT]:
        out.print(f"  [dim]left out, not in the commit: {visible(path)}[/dim]")
    if len(imported["left_out"]) > MAX_LEFT_OUT:
        out.print(f"  [dim]and {len(imported['left_out']) - MAX_LEFT_OUT:,} more[/dim]")


def _print_stats(stats: dict[str, Any]) -> None:
    for key in ("files_indexed", "symbols_extracted", "references_found", "dependencies_extracted"):
        out.print(f"  {key.split('_')[0]:<14}{stats[key]:>10,}")
    skipped = stats["files_skipped"]
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(skipped.items()))
    out.print(f"  {'skipped':<14}{sum(skipped.values()):>10,}" + (f"  [dim]{reasons}[/dim]" if reasons else ""))
    spent = stats["duration_ms"]
    steps = ", ".join(f"{step} {spent[step] / 1000:.2f}" for step in Step if step in spent)
    out.print(f"  {'seconds':<14}{sum(spent.values()) / 1000:>10.2f}  [dim]{steps}[/dim]")
    out.print(f"  {'peak memory':<14}{stats['peak_memory_bytes'] / 2**20:>7,.0f} MB")
