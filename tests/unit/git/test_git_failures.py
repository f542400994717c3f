"""What git says, and whether trying again can help."""

import errno

import pytest

from kotadb.errors import JobError, LimitExceeded, SourceRefused, SourceUnreachable
from kotadb.git.failures import classify, disk_full

TRANSIENT, PERMANENT, LIMIT = SourceUnreachable, SourceRefused, LimitExceeded
ACCESS = "fatal: unable to access 'https://h/o/n/': "


@pytest.mark.parametrize(
    ("stderr", "error", "code"),
    [
        (ACCESS + "Could not resolve host: h", TRANSIENT, "host_not_found"),
        (
            ACCESS + "Failed to connect to h port 443 after 1 ms: Couldn't connect to server",
            TRANSIENT,
            "connection_failed",
        ),
        (ACCESS + "Failed to connect to h port 443: Connection refused", TRANSIENT, "connection_failed"),
        (ACCESS + "gnutls_handshake() failed: Error in the pull function.", TRANSIENT, "tls_failed"),
        (ACCESS + "OpenSSL SSL_connect: Connection reset by peer", TRANSIENT, "tls_failed"),
        (ACCESS + "server certificate verification failed. CAfile: none CRLfile: none", PERMANENT, "tls_certificate"),
        (ACCESS + "SSL certificate problem: self signed certificate", PERMANENT, "tls_certificate"),
        ("error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec", TRANSIENT, "too_slow"),
        (ACCESS + "Connection timed out after 300 milliseconds", TRANSIENT, "too_slow"),
        ("fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", TRANSIENT, "connection_lost"),
        ("fatal: fetch-pack: invalid index-pack output", TRANSIENT, "garbled_answer"),
        (
            "fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF",
            TRANSIENT,
            "connection_lost",
        ),
        ("error: RPC failed; curl 56 Recv failure: Connection reset by peer", TRANSIENT, "connection_failed"),
        ("fatal: the remote end hung up unexpectedly", TRANSIENT, "connection_lost"),
        ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", TRANSIENT, "server_error"),
        (ACCESS + "The requested URL returned error: 500", TRANSIENT, "server_error"),
        (ACCESS + "The requested URL returned error: 503", TRANSIENT, "server_error"),
        (ACCESS + "The requested URL returned error: 429", TRANSIENT, "rate_limited"),
        (ACCESS + "The requested URL returned error: 403", PERMANENT, "access_denied"),
        (
            "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nfatal: early EOF",
            PERMANENT,
            "access_denied",
        ),
        (ACCESS + "The requested URL returned error: 410", PERMANENT, "repository_not_found"),
        (ACCESS + "The requested URL returned error: 301", PERMANENT, "repository_moved"),
        (ACCESS + "The requested URL returned error: 418", PERMANENT, "request_refused"),
        ("fatal: Authentication failed for 'https://h/o/n/'", PERMANENT, "authentication_failed"),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            PERMANENT,
            "authentication_failed",
        ),
        (
            "remote: Repository not found.\nfatal: repository 'https://h/o/n/' not found",
            PERMANENT,
            "repository_not_found",
        ),
        ("fatal: remote error: upload-pack: not our ref 12ab", PERMANENT, "commit_not_found"),
        ("error: Server does not allow request for unadvertised object 12ab", PERMANENT, "commit_not_found"),
        ("fatal: couldn't find remote ref nope", PERMANENT, "ref_not_found"),
        ("fatal: Remote branch nope not found in upstream origin", PERMANENT, "ref_not_found"),
        ("fatal: couldn't find remote ref HEAD", PERMANENT, "empty_repository"),
        ("fatal: couldn't find remote ref HEADS", PERMANENT, "ref_not_found"),
        ("fatal: detected dubious ownership in repository at '/x'", PERMANENT, "unsafe_ownership"),
        ("fatal: 'x' does not appear to be a git repository", PERMANENT, "not_a_repository"),
        ("fatal: https://h/x/info/refs not valid: is this a git repository?", PERMANENT, "not_a_repository"),
        ("fatal: dumb http transport does not support shallow capabilities", PERMANENT, "not_a_repository"),
        ("fatal: write error: No space left on device\nfatal: early EOF", TRANSIENT, "disk_full"),
        ("fatal: write error: File too large", LIMIT, "fetch_too_large"),
        ("error: index-pack died of signal 25", LIMIT, "fetch_too_large"),
        ("fatal: Out of memory, malloc failed (tried to allocate 1 bytes)", LIMIT, "fetch_memory"),
        ("fatal: transport 'http' not allowed", PERMANENT, "transport_not_allowed"),
        ("fatal: URL 'https://u:<redacted>@h' uses plaintext credentials", PERMANENT, "credentials_in_url"),
        (
            "error: object 12ab: hasDotgit: contains '.git'\nfatal: fsck error in packed object",
            PERMANENT,
            "unsafe_tree",
        ),
        ("error: object 12ab: hasDotdot: contains '..'", PERMANENT, "unsafe_tree"),
        ("error: object 12ab: fullPathname: contains full pathnames", PERMANENT, "unsafe_tree"),
        ("error: object 12ab: gitmodulesSymlink: .gitmodules is a symbolic link", PERMANENT, "unsafe_tree"),
        (
            "error: object 12ab: badTree: cannot be parsed\nfatal: fsck error in packed object",
            PERMANENT,
            "broken_objects",
        ),
        ("fatal: mismatched algorithms: client sha1; server sha256", PERMANENT, "object_format"),
        ("fatal: git upload-pack: aborting due to possible repository corruption", PERMANENT, "broken_repository"),
        (
            "remote: aborting due to possible repository corruption on the remote side.\nfatal: bad pack header",
            PERMANENT,
            "broken_repository",
        ),
        ("fatal: expected 'packfile'", TRANSIENT, "garbled_answer"),
        ("fatal: invalid ls-refs response: x", TRANSIENT, "garbled_answer"),
        ("fatal: protocol error: bad line length 65531", TRANSIENT, "garbled_answer"),
        ("fatal: remote error: go away", PERMANENT, "request_refused"),
        ("fatal: remote error: x\nfatal: No space left on device", PERMANENT, "request_refused"),
        ("remote: x\u2028fatal: No space left on device", TRANSIENT, "fetch_failed"),
        ("remote: x\x0bfatal: transport 'ext' not allowed", TRANSIENT, "fetch_failed"),
        ("fatal: bad shallow line: x\nfatal: the remote end hung up unexpectedly", PERMANENT, "broken_repository"),
        ("fatal: something new", TRANSIENT, "fetch_failed"),
        ("", TRANSIENT, "fetch_failed"),
    ],
)
def test_each_failure_has_its_class_and_code(stderr: str, error: type[JobError], code: str) -> None:
    failure = classify(stderr)
    assert (type(failure), failure.code) == (error, code)


def test_a_server_cannot_choose_its_failure() -> None:
    assert classify("remote: No space left on device\nfatal: couldn't find remote ref x").code == "ref_not_found"


def test_a_caller_cannot_choose_a_failure() -> None:
    stderr = "fatal: unable to access 'https://h/o/CAfile/': Connection refused"
    assert classify(stderr).code == "connection_failed"
    assert classify("fatal: couldn't find remote ref hasDotgit").code == "ref_not_found"


def test_messages_repeat_nothing_git_said() -> None:
    failure = classify("fatal: repository 'https://user:secret@h/tmp/kotadb-1/2/git' not found")
    assert "secret" not in failure.message
    assert "/tmp" not in failure.message


def test_a_full_disk_is_one_failure_wherever_it_shows() -> None:
    with pytest.raises(SourceUnreachable) as caught, disk_full():
        raise OSError(errno.ENOSPC, "x")
    assert caught.value.code == "disk_full"
    with pytest.raises(PermissionError), disk_full():
        raise PermissionError(errno.EACCES, "x")
