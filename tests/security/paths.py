"""What plain git lists in a commit, and how kotadb tells paths: worked out without kotadb."""

import os
import re
import subprocess
from pathlib import Path

from support.repos import IDENTITY


def entries(repo: Path, commit: str) -> list[bytes]:
    """The raw paths of everything in the commit."""
    command = ["git", "-C", str(repo), "--no-replace-objects", "ls-tree", "-r", "-z", "--name-only", commit]
    listing = subprocess.run(command, env=os.environ | IDENTITY, capture_output=True, check=True).stdout
    return [path for path in listing.split(b"\0") if path]


def as_shown(raw: bytes) -> str:
    r"""A path as kotadb tells it: `\xNN` for bytes that are no UTF-8, and for a backslash that looks like such."""
    marked = re.sub(r"\\(x[0-9a-f]{2})", r"\\x5c\1", raw.decode("utf-8", "surrogateescape"))
    return "".join(f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else char for char in marked)
