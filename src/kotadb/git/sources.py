"""What a caller may name: a repository, a ref, a commit. Text in, a checked value out.

Nothing here runs git or looks up a name; a local path is only looked at.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import idna

from kotadb.errors import Forbidden, InvalidRef, InvalidRepository
from kotadb.git.addresses import is_numeric, require_public_name
from kotadb.git.layout import find_repository

MAX_ADDRESS_LENGTH = 2_048
MAX_REF_LENGTH = 255
HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A repository behind https. `address` is its normal form, `name` the address's path: `owner/name`."""

    address: str
    host: str
    port: int
    name: str

    @property
    def server(self) -> str:
        """The beginning of the address, up to the path."""
        return _server(self.host, self.port)


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A repository on this machine. `path` is the real path of its work tree, or of the bare repository."""

    path: Path
    name: str

    @property
    def address(self) -> str:
        return str(self.path)


Source = RemoteSource | LocalSource

# ---- remote ----------------------------------------------------------------------------------------------------------

_EXPECTED = "Write https://host/owner/name, or owner/name for a repository on GitHub."
_SHORTHAND = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+/?")
_URL = re.compile(r"(?i:https)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?")
_AUTHORITY = re.compile(r"(?P<host>[^:]*)(?::(?P<port>[0-9]{1,5}))?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH_SAFE = "~+@!$&'()*,;=:"

# What people paste, and what to write instead. The groups keep to characters that are safe to show again.
_HINTS = (
    (re.compile(r"[\w.-]+@(?P<host>[\w.-]+):/?(?P<path>[\w./~+-]+)"), "This is an SSH address: use https://{host}/{path}"),
    (re.compile(r"ssh://(?:[\w.-]+@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<path>[\w./~+-]+)"),
     "This is an SSH address: use https://{host}/{path}"),
    (re.compile(r"(?:http|git)://(?P<host>[\w.-]+)/(?P<path>[\w./~+-]+)"),
     "Only https is fetched: use https://{host}/{path}"),
    (re.compile(r"(?P<host>[\w-]+\.[\w.-]+)/(?P<path>[\w.~+-]+/[\w./~+-]+)"), "Use https://{host}/{path}"),
    (re.compile(r"file:.*"), "A repository on this machine is named by its path, on the command line."),
)  # fmt: skip


def parse_remote(text: str) -> RemoteSource:
    """The https repository that `text` names: a URL, or `owner/name` on GitHub.

    Parsing an accepted `address` again gives the same value. Raises InvalidRepository, which says what to write.
    """
    _refuse_odd_text(text)
    url = f"https://github.com/{text}" if _SHORTHAND.fullmatch(text) else text
    parts = _URL.fullmatch(url)
    if parts is None:
        raise InvalidRepository(_hint(text))
    host, port = _host_and_port(parts["authority"])
    name = _path_name(parts["path"] or "")
    address = f"{_server(host, port)}/{name}"
    if len(address) > MAX_ADDRESS_LENGTH:
        raise InvalidRepository(f"The address is longer than {MAX_ADDRESS_LENGTH} characters.")
    return RemoteSource(address, host, port, name)


def parse_requested(text: str, allowed_hosts: Collection[str]) -> RemoteSource:
    """As `parse_remote`, for one that is to be fetched: its host is public, or among the operator's `allowed_hosts`."""
    source = parse_remote(text)
    require_public_name(source.host, source.port, allowed_hosts)
    return source


def names_server(text: str) -> bool:
    """Whether `text` means a whole host: an https URL without a path."""
    parts = _URL.fullmatch(text)
    return parts is not None and parts["path"] in (None, "/")


def parse_server(text: str) -> str:
    """The host that `text` names, as the `server` of its repositories. Raises InvalidRepository."""
    _refuse_odd_text(text)
    parts = _URL.fullmatch(text)
    if parts is None or not names_server(text):
        raise InvalidRepository("This is not a host. Write https://host, or https://host:port.")
    return _server(*_host_and_port(parts["authority"]))


def _server(host: str, port: int) -> str:
    return f"https://{host}" if port == HTTPS_PORT else f"https://{host}:{port}"


def _refuse_odd_text(text: str) -> None:
    if not text:
        raise InvalidRepository(f"The repository is empty. {_EXPECTED}")
    if len(text) > MAX_ADDRESS_LENGTH:
        raise InvalidRepository(f"The address is longer than {MAX_ADDRESS_LENGTH} characters.")
    if any(c.isspace() or c == "\\" or unicodedata.category(c).startswith("C") for c in text):
        raise InvalidRepository(f"The address contains white space, a backslash or a control character. {_EXPECTED}")


def _hint(text: str) -> str:
    for pattern, advice in _HINTS:
        if match := pattern.fullmatch(text):
            return advice.format(**match.groupdict())
    return f"This is not an address kotadb fetches from. {_EXPECTED}"


def _host_and_port(authority: str) -> tuple[str, int]:
    if "@" in authority:
        raise InvalidRepository("Leave user name and password out of the address: addresses are stored and shown.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise InvalidRepository(f"The address has no valid host and port. {_EXPECTED}")
    port = int(parts["port"] or HTTPS_PORT)
    if not 1 <= port <= 65_535:
        raise InvalidRepository("The port is not between 1 and 65535.")
    return _host(parts["host"]), port


def _host(text: str) -> str:
    """The host as name resolution will see it: lower case, IDNA; of numeric spellings only the plain dotted one."""
    try:
        host = idna.encode(text, uts46=True).decode("ascii").lower().rstrip(".")
    except (idna.IDNAError, UnicodeError):
        raise InvalidRepository(f"The address's host is not a valid name. {_EXPECTED}") from None
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) and not (text == host and is_numeric(host)):
        raise InvalidRepository("The host is a number in disguise: write a host name.")
    return host


def _path_name(path: str) -> str:
    segments = [_segment(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
    while segments[-1].endswith(".git"):
        segments[-1] = segments[-1].removesuffix(".git")
    if segments[-1] in ("", ".", ".."):
        raise InvalidRepository(f"The address names a host but no repository. {_EXPECTED}")
    return "/".join(segments)


def _segment(text: str) -> str:
    """One part of a path in its one spelling: what needs no escape has none."""
    raw = unquote_to_bytes(text)
    if raw in (b"", b".", b"..") or any(byte < 0x20 or byte in b"/\\\x7f" for byte in raw):
        raise InvalidRepository(f"The address's path has an empty, relative or unprintable part. {_EXPECTED}")
    return quote(raw, safe=_PATH_SAFE)


# ---- local -----------------------------------------------------------------------------------------------------------


def names_path(text: str) -> bool:
    """Whether `text` can only mean a path, wherever it is read: `.x`, `/x`, `~x`."""
    return text.startswith((".", "/", "~"))


def looks_local(text: str) -> bool:
    """Whether `text`, typed at a command line, means a path: `.x`, `/x`, `~x`, or anything that exists here.

    A folder `owner/name` that exists wins over GitHub's `owner/name`, as it would with any other command; the full
    URL always means the remote one.
    """
    if "://" in text or "\0" in text:
        return False
    return names_path(text) or os.path.lexists(text)


def parse_local(text: str) -> LocalSource:
    """The repository at or above the path `text`; a work tree, a linked work tree, or a bare repository.

    Raises InvalidRepository if there is none, or nothing at all at that path.
    """
    path = _real_path(text)
    if not os.path.lexists(path):  # a slip of the pen below a repository does not mean that repository
        raise InvalidRepository(f"There is nothing at {path}.")
    found = find_repository(path)
    if found is None:
        raise InvalidRepository("There is no git repository at this path.")
    return LocalSource(found.top, found.top.name.removesuffix(".git") or str(found.top))


def parse_local_below(text: str, roots: Iterable[Path]) -> LocalSource:
    """As `parse_local`, for callers who may only name repositories that lie entirely inside one of `roots`.

    Raises Forbidden for every path outside, there or not there; InvalidRepository for one inside that is no repository.
    """
    real_roots = [Path(os.path.realpath(root)) for root in roots]
    path = _real_path(text)
    if not _inside(path, real_roots):
        raise Forbidden(_OUTSIDE)
    found = find_repository(path) if os.path.lexists(path) else None
    if found is None:
        raise InvalidRepository("There is no git repository at this path.")
    if not found.lies_inside(real_roots):
        raise Forbidden(_OUTSIDE)
    return parse_local(str(found.top))


_OUTSIDE = "Only repositories inside the folders that KOTADB_LOCAL_ROOTS names may be indexed by path."


def _inside(path: Path, roots: Iterable[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _real_path(text: str) -> Path:
    if not text or len(text) > MAX_ADDRESS_LENGTH or any(unicodedata.category(c) == "Cc" for c in text):
        raise InvalidRepository("The path is empty, too long or contains a control character.")
    # os.path, not Path.resolve: it does not raise where links run in circles.
    return Path(os.path.realpath(os.path.expanduser(text)))  # noqa: PTH111 - Path.expanduser raises without a home


# ---- refs and commits ------------------------------------------------------------------------------------------------

_COMMIT = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})")
# The rules of git check-ref-format(1), and no leading "-".
_BAD_REF = re.compile(
    r"""^- | ^/ | /$ | // | \.\. | @\{ | ^@$ | \.$ | (^|/)\. | \.lock(/|$) | [\x00-\x20\x7f~^:?*\[\\]""", re.X
)


def parse_ref(text: str) -> str:
    """A branch, a tag, `HEAD` or a full ref name. Raises InvalidRef."""
    if _COMMIT.fullmatch(text):
        raise InvalidRef("This is a commit, not a ref: ask for it as the commit.")
    if not 0 < len(text) <= MAX_REF_LENGTH or _BAD_REF.search(text) or not _is_printable(text):
        raise InvalidRef("This is not a name git accepts for a branch or tag.")
    return text


def parse_commit(text: str) -> str:
    """A commit's full SHA in lower case, 40 or 64 hexadecimal digits. Raises InvalidRef."""
    if not _COMMIT.fullmatch(text):
        raise InvalidRef("Give the commit's full SHA: 40 or 64 hexadecimal digits.")
    return text.lower()


def _is_printable(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
