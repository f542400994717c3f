"""A token reaches the server it is for, and nothing else."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kotadb.errors import JobError, SourceRefused
from kotadb.git.command import Git
from kotadb.git.credentials import Credential
from kotadb.git.sources import RemoteSource, parse_remote
from support.fetching import Fetcher
from support.git_server import LOOPBACK, GitServer, basic
from support.repos import Repo, make_repo

TOKEN = "tok3n-of-a-private-repository"
CREDENTIAL = Credential("someone", TOKEN)
HEADER = basic("someone", TOKEN)


@pytest.fixture
def repo(server: GitServer) -> Repo:
    server.demand("owner/name", "someone", TOKEN)
    return make_repo(server.root / "owner" / "name", {"a.py": ""})


@pytest.fixture
def source(repo: Repo, server: GitServer) -> RemoteSource:
    assert repo.head
    return parse_remote(server.url("owner/name"))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[GitServer]:
    """Another port of the same host, whose certificate is trusted too."""
    folder = tmp_path / "other"
    (folder / "root").mkdir(parents=True)
    with GitServer(folder / "root", folder) as running:
        yield running


def refusal(fetch: Fetcher, source: RemoteSource, credential: Credential | None) -> JobError:
    with pytest.raises(SourceRefused) as caught:
        fetch(source, credential=credential)
    return caught.value


def test_a_private_repository_is_fetched_with_its_token(
    repo: Repo, source: RemoteSource, server: GitServer, fetch_remote: Fetcher
) -> None:
    assert fetch_remote(source, credential=CREDENTIAL).commit_sha == repo.head
    assert server.authorizations == [HEADER] * 4


def test_without_a_token_the_error_says_how_to_give_one(source: RemoteSource, fetch_remote: Fetcher) -> None:
    error = refusal(fetch_remote, source, None)
    assert (error.code, "kotadb repos add" in error.message) == ("authentication_failed", True)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "authentication_failed"), (403, "access_denied"), (404, "repository_not_found")]
)
def test_a_token_that_is_refused_is_said_to_be(
    status: int, code: str, source: RemoteSource, server: GitServer, fetch_remote: Fetcher
) -> None:
    server.answer("owner/name", status, {"WWW-Authenticate": "Basic"})
    error = refusal(fetch_remote, source, replace(CREDENTIAL, token="wrong"))
    assert (error.code, "token" in error.message) == (code, True)


def test_a_token_is_sent_to_no_other_server(
    source: RemoteSource, server: GitServer, other: GitServer, fetch_remote: Fetcher, tmp_path: Path
) -> None:
    server.answer("owner/name", 302, {"Location": other.url("owner/name/info/refs?service=git-upload-pack")})
    refusal(fetch_remote, source, CREDENTIAL)
    assert other.requests == []
    make_repo(other.root / "owner" / "name", {"a.py": ""})
    config = {"http.sslCAInfo": str(other.ca_file)}
    git = Git(tmp_path, {"GIT_ALLOW_PROTOCOL": "https"}, config, CREDENTIAL.config(source.server))
    assert git.run("ls-remote", "--", other.url("owner/name"))
    assert set(other.authorizations) == {None}


def test_a_proxy_does_not_see_the_token(source: RemoteSource, fetch_remote: Fetcher) -> None:
    with socket.create_server((LOOPBACK, 0)) as proxy, ThreadPoolExecutor() as pool:
        settings = fetch_remote.settings.model_copy(
            update={"git_proxy": f"http://user:secret@{LOOPBACK}:{proxy.getsockname()[1]}"}
        )
        running = pool.submit(fetch_remote, source, settings=settings, credential=CREDENTIAL)
        connection, _ = proxy.accept()
        with connection:
            asked = connection.recv(4096).decode()
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(JobError):
            running.result()
    assert asked.startswith("CONNECT ")
    assert HEADER not in asked


def test_what_a_server_repeats_of_the_token_is_not_logged(
    source: RemoteSource, server: GitServer, fetch_remote: Fetcher
) -> None:
    body = f"no such token: {TOKEN}, sent as {HEADER}".encode()
    server.answer("owner/name", 403, {"Content-Type": "text/plain"}, body)
    with capture_logs() as logged:
        error = refusal(fetch_remote, source, CREDENTIAL)
    assert "no such token: <redacted>, sent as Basic <redacted>" in str(logged)
    assert TOKEN not in str(logged) + error.message
    for repeated in (TOKEN, f"%{ord(TOKEN[0]):x}{TOKEN[1:]}"):
        server.answer("owner/name", 301, {"Location": f"/{repeated}/name/info/refs"})
        assert TOKEN not in refusal(fetch_remote, source, CREDENTIAL).message


def test_a_token_that_is_cut_off_with_the_beginning_of_a_long_error_is_not_logged_in_part(tmp_path: Path) -> None:
    config = {"alias.babble": "!yes s3cr3t | tr -d '\\n' | head -c 99996 >&2; false"}
    with capture_logs() as logged, pytest.raises(JobError):
        Git(tmp_path, config=config, secrets=("s3cr3t",)).run("babble")
    assert "<redacted><redacted>" in logged[0]["stderr"]
    assert "3" not in logged[0]["stderr"]


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    git = Git(tmp_path, private_config=CREDENTIAL.config("https://h"), secrets=CREDENTIAL.secrets())
    assert "private" not in repr(git) + repr(CREDENTIAL)
    assert HEADER not in repr(git)
