"""What git's error output means: whether trying again can help, a stable code, and a sentence for people.

git exits with 128 for nearly everything, so its text is matched, in the C locale. The sentences are our own: git's text
may hold folders of this machine, and a server may put anything into it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC

from kotadb.errors import JobError, LimitExceeded, SourceRefused, SourceUnreachable


@dataclass(frozen=True, slots=True)
class _Failure:
    pattern: re.Pattern[str]
    error: type[JobError]
    code: str
    message: str


def _failure(pattern: str, error: type[JobError], code: str, message: str) -> _Failure:
    return _Failure(re.compile(pattern, re.IGNORECASE), error, code, message)


_REMOTE_BROKEN = "remote: aborting due to possible repository corruption"
_LAST_WORDS = "fatal: remote error: "
_KNOWN_WORDS = re.compile(r"not our ref|unadvertised object|access denied or repository not exported", re.IGNORECASE)
_QUOTED_URL = re.compile(r"'\w+://[^']*'")

# The first that matches counts: causes stand before the consequences git reports next to them.
_FAILURES = (
    _failure(
        r"No space left|Disk quota exceeded", SourceUnreachable, "disk_full",
        "The server's temporary disk is full; the job is tried again later."),
    _failure(
        r"File too large|died of signal 25", LimitExceeded, "fetch_too_large",
        "The repository is larger than KOTADB_MAX_FETCH_BYTES allows."),
    _failure(
        r"Out of memory|mmap failed|unable to create thread", LimitExceeded, "fetch_memory",
        "The repository needs more memory to fetch than KOTADB_MAX_GIT_MEMORY_BYTES allows."),
    # Attacks: the log has them as security events.
    _failure(
        r"transport '[^']*' not allowed", SourceRefused, "transport_not_allowed",
        "The repository asks for a protocol other than https."),
    _failure(
        r"plaintext credentials|credentials in URL|uses plaintext", SourceRefused, "credentials_in_url",
        "The address holds credentials; leave them out."),
    _failure(
        r"object \w+: (hasDot|hasDotdot|hasDotgit|fullPathname|gitmodules(Symlink|Blob|Path|Name|Url|Update)|"
        r"git(attributes|ignore)Symlink):",
        SourceRefused, "unsafe_tree",
        "The commit's tree holds names that could overwrite files elsewhere; it is not indexed."),
    _failure(
        r"fsck error|error in object", SourceRefused, "broken_objects",
        "The repository holds objects that git rejects; `git fsck` names them."),
    # What HTTP says.
    _failure(
        r"CONNECT tunnel failed|HTTP code \d+ from proxy|error: 407|resolve proxy: ", SourceUnreachable, "proxy_failed",
        "The proxy in KOTADB_GIT_PROXY does not let git through."),
    _failure(
        r"error: 429|HTTP 429", SourceUnreachable, "rate_limited",
        "The server asks for fewer requests; the job is tried again later."),
    _failure(
        r"(error:|HTTP) 5\d\d", SourceUnreachable, "server_error",
        "The server answered with an error of its own."),
    _failure(
        r"(error:|HTTP) 30\d|unable to update url base from redirection", SourceRefused, "repository_moved",
        "The server redirects to another address; give that address."),
    _failure(
        r"(error:|HTTP) 401|Authentication failed|could not read (Username|Password)|terminal prompts disabled",
        SourceRefused, "authentication_failed",
        "The repository does not exist or is private; for a private one: `kotadb repos add … --token-from-env NAME`."),
    _failure(
        r"(error:|HTTP) 403", SourceRefused, "access_denied",
        "The server denies access to this repository."),
    _failure(
        r"(error:|HTTP) 4(04|10)|repository '.*' not found|access denied or repository not exported",
        SourceRefused, "repository_not_found",
        "There is no repository at this address; check its spelling."),
    _failure(
        r"(error:|HTTP) 4\d\d", SourceRefused, "request_refused",
        "The server refuses the request."),
    # What git's own protocol says.
    _failure(
        r"couldn't find remote ref \"?HEAD\b", SourceRefused, "empty_repository",
        "The repository has no commit yet."),
    _failure(
        r"couldn't find remote ref|Remote branch .* not found", SourceRefused, "ref_not_found",
        "The repository has no such branch or tag."),
    _failure(
        r"not our ref|unadvertised object|no matching remote head", SourceRefused, "commit_not_found",
        "The repository has no such commit, or the server does not hand it out."),
    _failure(
        r"mismatched algorithms", SourceRefused, "object_format",
        "The repository uses another hash than the commit given."),
    _failure(
        r"dubious ownership", SourceRefused, "unsafe_ownership",
        "The repository belongs to another user and git refuses to read it."),
    _failure(
        r"dumb http transport|is this a git repository\?|not a git repository|does not appear to be a git repository",
        SourceRefused, "not_a_repository",
        "There is no git repository at this address, or its server does not speak git's smart protocol."),
    _failure(
        r"repository corruption|bad object|unable to read tree|not a tree object|Not a valid object name|"
        r"missing tree|did not send all necessary objects|"
        r"loose object .* is corrupt|unable to parse commit|bad shallow line|bad graft data|bad config line",
        SourceRefused, "broken_repository",
        "The repository lacks objects that its commit needs; `git fsck` names them."),
    # The way there.
    _failure(
        r"Could not resolve host", SourceUnreachable, "host_not_found",
        "The repository's host name cannot be resolved."),
    _failure(
        r"SSL certificate problem|certificate verification failed|certificate subject name|"
        r"CAfile|unable to get local issuer|certificate has expired",
        SourceRefused, "tls_certificate",
        "The server's certificate is not one this machine trusts; for a private authority set KOTADB_GIT_CA_FILE."),
    _failure(
        r"handshake|SSL_connect|SSL connect|TLS connect|SSL connection|SSL routines|gnutls_", SourceUnreachable,
        "tls_failed", "The encrypted connection to the server failed."),
    _failure(
        r"Operation too slow|timed? ?out", SourceUnreachable, "too_slow",
        "The server sends too slowly."),
    _failure(
        r"Failed to connect|Couldn't connect|Connection (refused|reset)|Network is unreachable|No route to host",
        SourceUnreachable, "connection_failed",
        "The server cannot be reached."),
    _failure(
        r"early EOF|RPC failed|hung up unexpectedly|unexpected disconnect|transfer closed|Empty reply|Recv failure",
        SourceUnreachable, "connection_lost",
        "The connection to the server broke off."),
    # By itself: git says it of connections that broke off, too.
    _failure(
        r"invalid index-pack output|expected 'packfile'|bad pack header|index-pack failed|protocol error|"
        r"invalid ls-refs response", SourceUnreachable,
        "garbled_answer", "The server's answer makes no sense to git."),
    _failure(
        r"fatal: remote error: ", SourceRefused, "request_refused",
        "The server refuses the request."),
)  # fmt: skip

TOKEN_REFUSED = {
    "authentication_failed": "The server refuses the token: it may have expired, or belong to another user name. "
    "`kotadb repos tokens` shows where it comes from.",
    "access_denied": "The server refuses the token for this repository: it may lack the right to read it. "
    "`kotadb repos tokens` shows where it comes from.",
    "repository_not_found": "There is no repository at this address, or the token lacks the right to read it. "
    "`kotadb repos tokens` shows where it comes from.",
}
"""What these codes mean where a credential was sent."""

SECURITY_CODES = frozenset({"transport_not_allowed", "credentials_in_url", "unsafe_tree"})
"""Codes that an honest repository does not bring about."""


def classify(stderr: str) -> JobError:
    """The error that git's `stderr` means.

    SourceUnreachable may pass, SourceRefused and LimitExceeded do not; what is unknown may. `garbled_answer` is worth
    one more attempt only.
    """
    # What the server says comes after "remote:" and may be anything; one sentence of its git's is worth hearing.
    own = "\n".join(
        line
        for line in re.split(r"[\n\r]", stderr)
        if not line.startswith("remote:") or line.startswith(_REMOTE_BROKEN)
    )
    own = _QUOTED_URL.sub("''", _without_last_words(own))
    for failure in _FAILURES:
        if failure.pattern.search(own):
            return failure.error(failure.message, code=failure.code)
    return SourceUnreachable(
        "git failed for a reason kotadb does not know; the log has its words.", code="fetch_failed"
    )


def _without_last_words(own: str) -> str:
    """git ends with what the server says went wrong, in as many lines as it likes: only what servers do say counts."""
    before, dies, words = own.partition(_LAST_WORDS)
    return before + dies + " ".join(_KNOWN_WORDS.findall(words)[:1])


@contextmanager
def disk_full() -> Iterator[None]:
    """Our own writes that find the disk full fail as git's do."""
    try:
        yield
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT):
            raise
        raise classify(os.strerror(ENOSPC)) from error
