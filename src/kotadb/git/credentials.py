"""Credentials for private repositories: what may name a token, and reading it for one fetch.

Only the name of an environment variable or the path of a file is ever stored. It is chosen on the command line, by who
has the machine; a request over HTTP names neither.
"""

import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from kotadb.errors import InvalidInput, SourceRefused
from kotadb.model import TokenSource

DEFAULT_USERNAME = "x-access-token"
"""What GitHub expects beside a token."""

MAX_USERNAME = 200
MAX_PATH = 4_096
MAX_TOKEN_BYTES = 8_192
"""More than any token, even a signed one; servers take no longer headers."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
# kotadb's own settings, the database's password, and what every shell sets: sent to a server, these would be a leak.
_NO_TOKENS = re.compile(
    r"KOTADB_.*|DATABASE_URL|PG[A-Z]+|PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|TERM|LANG|LC_\w+|HOSTNAME|TMPDIR|EDITOR"
)
_LEAST_TOKEN = 20


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a token, for one server."""

    username: str
    token: str = field(repr=False)

    @property
    def _basic(self) -> str:
        return b64encode(f"{self.username}:{self.token}".encode()).decode()

    def config(self, server: str) -> dict[str, str]:
        """The git configuration that sends it to `server` (`https://host[:port]`), and to no other."""
        return {f"http.{server}/.extraHeader": f"Authorization: Basic {self._basic}"}

    def secrets(self) -> tuple[str, ...]:
        """What must not be seen, in every form it is sent in."""
        return self.token, self._basic


def token_source(address: str, username: str, variable: str | None, file: str | None) -> TokenSource:
    """Where the token for `address` comes from: a variable or a file, exactly one. Raises InvalidInput.

    No message repeats what was given: it may be the token itself, by mistake.
    """
    if (variable is None) == (file is None):
        raise InvalidInput("Give either the variable or the file that the token comes from")
    if variable is not None:
        _check_variable(variable)
    if file is not None and not (file.startswith("/") and len(file) <= MAX_PATH and file.isprintable()):
        raise InvalidInput("Give the absolute path of the token's file, as the workers see it")
    if ":" in username or not (1 <= len(username) <= MAX_USERNAME and _is_plain(username)):
        raise InvalidInput(f"The user name must have 1 to {MAX_USERNAME} printable ASCII characters, and no colon")
    return TokenSource(address, username, variable, file)


def _check_variable(name: str) -> None:
    if _looks_like_a_token(name):
        raise InvalidInput("This looks like a token: give the name of an environment variable that holds it")
    if not _VARIABLE.fullmatch(name):
        raise InvalidInput("The name of an environment variable has letters, digits and underscores only")
    if _NO_TOKENS.fullmatch(name):
        raise InvalidInput("This variable is not for a token: choose one that holds the token and nothing else")


def _looks_like_a_token(name: str) -> bool:
    """Many tokens, such as `ghp_…`, could be the name of a variable; it would be stored and shown."""
    return len(name) >= _LEAST_TOKEN and any(c.islower() for c in name) and any(c.isdigit() for c in name)


def read_credential(source: TokenSource) -> Credential:
    """The credential as it is now. Raises SourceRefused (`credentials_missing`)."""
    if source.token_env is not None:
        text, where = os.environ.get(source.token_env, ""), "environment variable that holds"
    else:
        text, where = _content(Path(source.token_file or "")), "file that holds"
    token = text.strip()
    if not token or len(token) > MAX_TOKEN_BYTES or not _is_plain(token):
        raise SourceRefused(
            f"The {where} this repository's token cannot be read by the workers, or has no token in it; "
            "`kotadb repos tokens` names it.",
            code="credentials_missing",
        )
    return Credential(source.username, token)


def _content(path: Path) -> str:
    """The beginning of a text file, one byte more than a token may have; empty if it cannot be read."""
    try:
        if not path.is_file():  # a pipe could be waited for in vain
            return ""
        with path.open("rb") as file:
            return file.read(MAX_TOKEN_BYTES + 1).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def proxy_secrets(proxy: str | None) -> tuple[str, ...]:
    """What must not be seen of a proxy's address: its password, as it is written and as it is sent."""
    address = proxy or ""
    userinfo = (address.partition("://")[2] or address).rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    if not password:
        return ()
    sent = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return password, unquote(password), sent
