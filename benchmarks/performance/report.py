"""Tables of what was measured: a row per case, medians with their spread."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.performance.figures import Record, Spread, spreads

COLUMNS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "index": (
        {
            "job s": "job_seconds", "after the fetch s": "after_fetch_seconds", "of cold": "of_cold",
            "command s": "wall_seconds", "CPU s": "cpu_seconds", "others %": "others_percent",
        },
        {
            "source MB": "source_mb", "MB/s": "mb_per_s", "MB/s per core": "mb_per_s_per_core",
            "files/s": "files_per_s", "lines/s": "lines_per_s",
        },
        {
            "peak MB": "peak_memory_mb", "stored MB": "stored_mb", "÷ source": "stored_per_source",
            "vacuumed MB": "vacuumed_mb", "÷ source ": "vacuumed_per_source", "÷ fresh": "bytes_of_fresh",
            "vacuumed ÷ fresh": "vacuumed_bytes_of_fresh",
        },
        {
            step: f"step_{step}_seconds"
            for step in ("fetch", "discover", "parse", "symbols", "references", "dependencies", "store")
        },
    ),
    "limit": (
        {
            "fetch s": "fetch_seconds", "parse s": "parse_seconds", "copy s": "copy_seconds",
            "limit s": "limit_seconds",
            "ours ÷ limit": "ours_of_limit", "after the fetch": "ours_of_limit_after_fetch",
            "command ÷ limit": "command_of_limit", "limit CPU s": "limit_cpu_seconds", "CPU ÷ CPU": "cpu_of_limit",
            "fetch with blobs s": "fetch_with_blobs_seconds",
        },
    ),
    "variants": (
        {
            "job s": "job_seconds", "after the fetch s": "after_fetch_seconds", "command s": "wall_seconds",
            "CPU s": "cpu_seconds", "others %": "others_percent", "stored MB": "stored_mb",
            "vacuumed MB": "vacuumed_mb",
        },
    ),
    "growth": (
        {
            "source MB": "source_mb", "job s": "job_seconds", "CPU s": "cpu_seconds", "others %": "others_percent",
            "MB/s": "mb_per_s",
            "peak MB": "peak_memory_mb", "stored MB": "stored_mb", "÷ source": "stored_per_source",
        },
        {
            "exponent of time": "time_exponent", "of CPU": "cpu_exponent", "of memory": "memory_exponent",
            "of bytes": "bytes_exponent", "MB of memory per MB": "memory_mb_per_source_mb",
        },
    ),
    "peers": (
        {"command s": "wall_seconds", "CPU s": "cpu_seconds", "peak MB": "peak_memory_mb", "written MB": "written_mb"},
    ),
    "service": (
        {
            "jobs/min": "jobs_per_minute", "POST median ms": "post_median_ms", "POST p99 ms": "post_p99_ms",
            "POSTs": "posts", "lock waits %": "lock_wait_percent", "of active %": "lock_wait_of_active_percent",
            "not completed": "not_completed",
        },
        {
            "transactions/min": "transactions_per_minute", "CPU s/min": "cpu_seconds_per_minute",
            "server CPU s/min": "server_cpu_seconds_per_minute", "MB": "memory_mb",
        },
    ),
}  # fmt: skip
"""By part, the tables with their columns: what stands above, and the figure."""


def tables(records: Sequence[Record]) -> str:
    """All tables of what there are records of; a row without any figure of a table is left out."""
    found = spreads(records)
    parts = dict.fromkeys(part for part, _, _ in found)
    return "\n".join([*(table for part in parts for table in _tables_of(part, found)), *notes(records)])


def notes(records: Iterable[Record]) -> list[str]:
    """A line for each program on what it gives, and for each that did not run on why."""
    gives = {record.case: record.details["gives"] for record in records if "gives" in record.details}
    skipped = {
        (record.subject, record.case): record.details["skipped"] for record in records if "skipped" in record.details
    }
    lines = [f"{name}: {text}" for name, text in gives.items()]
    return lines + [f"{name} was not run on {subject}: {why}" for (subject, name), why in skipped.items()]


def _tables_of(part: str, found: Mapping[tuple[str, str, str], Mapping[str, Spread]]) -> list[str]:
    rows = {(subject, case): figures for (of, subject, case), figures in found.items() if of == part}
    return [table for columns in COLUMNS[part] if (table := _table(part, columns, rows))]


def _table(part: str, columns: Mapping[str, str], rows: Mapping[tuple[str, str], Mapping[str, Spread]]) -> str | None:
    cells = [
        [f"{subject} {case}" if case != part else subject, *(cell(figures.get(name)) for name in columns.values())]
        for (subject, case), figures in rows.items()
        if any(name in figures for name in columns.values())
    ]
    return aligned([[part, *(title.strip() for title in columns)], *cells]) if cells else None


def cell(value: Spread | None) -> str:
    """`1.20 (1.10..1.45)`: the median and the spread; the one value there is; nothing."""
    if value is None:
        return ""
    if value.runs == 1:
        return number(value.median)
    return f"{number(value.median)} ({number(value.least)}..{number(value.most)})"


def number(value: float) -> str:
    """With three digits that count, and never with an exponent."""
    digits = 0 if abs(value) >= 100 or value == 0 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand below each other also as plain text; numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head, *body = [_line(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 1) + ("-" if not column else ":") for column, width in enumerate(widths)) + "|"
    return "\n".join([head, rule, *body, ""])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    return "| " + " | ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]) + " |"
