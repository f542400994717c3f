"""Fetching over https: a real git, a real TLS server, no name resolution."""

import hashlib
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from kotadb.errors import JobError, LimitExceeded, SourceRefused, SourceUnreachable
from kotadb.git.sources import RemoteSource, parse_remote
from kotadb.settings import MIB, Settings
from support.fetching import Fetcher, contents, listing
from support.git_server import LOOPBACK, GitServer
from support.repos import Repo, make_repo

FILES: dict[str, str | bytes] = {
    "a.py": "x = 1\n",
    "folder/b.ts": "export {}\n",
    "empty": "",
    "data": bytes(range(256)),
}


@pytest.fixture
def repo(server: GitServer) -> Repo:
    return make_repo(server.root / "owner" / "name", FILES)


@pytest.fixture
def source(server: GitServer) -> RemoteSource:
    return parse_remote(server.url("owner/name"))


def refused(
    fetch: Fetcher, source: RemoteSource, error: type[JobError], code: str,
    *, ref: str | None = None, commit: str | None = None,
) -> None:  # fmt: skip
    with pytest.raises(error) as caught:
        fetch(source, ref=ref, commit=commit)
    assert caught.value.code == code


# ---- what arrives ----------------------------------------------------------------------------------------------------


def test_head_arrives_with_its_branch(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    fetched = fetch_remote(source)
    assert (fetched.commit_sha, fetched.branch) == (repo.head, "main")
    assert contents(fetched) == {
        name.encode(): text.encode() if isinstance(text, str) else text for name, text in FILES.items()
    }
    assert len(server.requests) == 4


def test_a_listing_is_what_git_lists(repo: Repo, source: RemoteSource, fetch_remote: Fetcher) -> None:
    expected = repo.git("ls-tree", "-rz", "HEAD").split("\0")[:-1]
    listed = listing(fetch_remote(source)).values()
    assert [f"{entry.mode} blob {entry.blob_sha}\t{entry.path.decode()}" for entry in listed] == expected


def test_branches_tags_and_commits_arrive_in_few_requests(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    first = repo.head
    repo.git("tag", "--annotate", "--message=one", "v1")
    repo.git("branch", "tag")  # a word of git's own
    second = repo.commit({"c.py": ""})
    repo.git("branch", "feature/x")
    for ref, commit in [
        ("v1", first),
        ("refs/tags/v1", first),
        ("tag", first),
        ("main", second),
        ("feature/x", second),
    ]:
        server.requests.clear()
        fetched = fetch_remote(source, ref=ref)
        assert (fetched.commit_sha, fetched.branch) == (commit, None)
        assert len(server.requests) == 3
    server.requests.clear()
    assert fetch_remote(source, commit=first).commit_sha == first
    assert fetch_remote(source, ref="main", commit=first).commit_sha == first
    assert len(server.requests) == 4


def test_nothing_older_than_the_commit_arrives(repo: Repo, source: RemoteSource, fetch_remote: Fetcher) -> None:
    repo.commit({"a.py": "x = 2\n"})
    fetched = fetch_remote(source)
    assert (fetched.git_dir / "shallow").read_text().split() == [repo.head]


def test_an_empty_repository_has_no_commit(server: GitServer, source: RemoteSource, fetch_remote: Fetcher) -> None:
    (server.root / "owner" / "name").mkdir(parents=True)
    Repo(server.root / "owner" / "name").git("init", "-q")
    assert fetch_remote(source).commit_sha is None


def test_a_detached_head_has_no_branch(repo: Repo, source: RemoteSource, fetch_remote: Fetcher) -> None:
    repo.git("checkout", "-q", "--detach")
    fetched = fetch_remote(source)
    assert (fetched.commit_sha, fetched.branch) == (repo.head, None)


def test_a_repository_of_sha256_is_one_too(server: GitServer, source: RemoteSource, fetch_remote: Fetcher) -> None:
    path = server.root / "owner" / "name"
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "-q", "--object-format=sha256", "--initial-branch=main")
    repo.commit({"a.py": "x"})
    for fetched in (fetch_remote(source), fetch_remote(source, ref="main"), fetch_remote(source, commit=repo.head)):
        assert fetched.commit_sha == repo.head
        assert contents(fetched) == {b"a.py": b"x"}


def test_large_blobs_stay_where_they_are(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    limit = fetch_remote.settings.max_file_bytes
    repo.commit({"fits": b"x" * limit, "large": b"y" * (limit + 1)})
    fetched = fetch_remote(source)
    server.requests.clear()
    sizes = {path: entry.size_bytes for path, entry in listing(fetched).items()}
    assert (sizes[b"fits"], sizes[b"large"]) == (limit, None)
    read = contents(fetched)
    assert (read[b"fits"], read[b"large"]) == (b"x" * limit, None)
    assert server.requests == []


def test_a_repository_known_only_with_its_suffix_is_found(
    server: GitServer, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    repo = make_repo(server.root / "owner" / "name.git", FILES)
    server.answer("owner/name/", 301, {"Location": server.url("owner/name.git/info/refs?service=git-upload-pack")})
    assert fetch_remote(source).commit_sha == repo.head


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("commit", [None, "a" * 40])
@pytest.mark.parametrize("location", ["https://{host}/new/name", "/new/name"])
def test_a_repository_that_moved_away_is_named_and_not_contacted(
    location: str, commit: str | None, server: GitServer, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    target = location.format(host=server.host_port) + ".git/info/refs?service=git-upload-pack"
    server.answer("owner/name", 301, {"Location": target})
    with pytest.raises(SourceRefused, match="redirects to ") as caught, capture_logs() as logged:
        fetch_remote(source, commit=commit)
    assert caught.value.code == "repository_moved"
    assert f" {server.url('new/name')};" in caught.value.message
    assert not any("/new/" in request for request in server.requests)
    assert "Recv header" not in str(logged)


@pytest.mark.usefixtures("repo")
def test_a_repository_that_moved_on_from_its_other_spelling_is_named(
    server: GitServer, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    server.answer("owner/name/", 301, {"Location": "/owner/name.git/info/refs?service=git-upload-pack"})
    server.answer("owner/name.git/", 301, {"Location": "/new/name.git/info/refs?service=git-upload-pack"})
    with pytest.raises(SourceRefused, match="/new/name; give that address"):
        fetch_remote(source)


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("location", ["http://{host}/new/name", "https://u:p@{host}/new/name", "file:///etc", ""])
def test_a_redirect_to_what_is_never_fetched_is_not_repeated(
    location: str, server: GitServer, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    server.answer("owner/name/", 301, {"Location": location.format(host=server.host_port)})
    with pytest.raises(SourceRefused, match="redirects to another address") as caught:
        fetch_remote(source)
    assert caught.value.code == "repository_moved"


# ---- one resolution --------------------------------------------------------------------------------------------------


def test_a_branch_that_moves_meanwhile_does_not_matter(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    gate, before = server.hold("info/refs", after=1), repo.head
    with ThreadPoolExecutor() as pool:
        running = pool.submit(fetch_remote, source)
        gate.reached.wait()
        repo.commit({"later.py": ""})
        gate.release.set()
        assert running.result().commit_sha == before


def test_a_branch_that_is_rewritten_meanwhile_is_tried_again(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    gate = server.hold("info/refs", after=1)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(fetch_remote, source)
        gate.reached.wait()
        repo.git("commit", "-q", "--amend", "-m", "rewritten")
        repo.git("reflog", "expire", "--all", "--expire=now")
        repo.git("prune", "--expire=now")
        gate.release.set()
        with pytest.raises(SourceUnreachable) as caught:
            running.result()
    assert caught.value.code == "ref_moved"


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("repo")
def test_what_does_not_exist_is_said_at_once(source: RemoteSource, fetch_remote: Fetcher, server: GitServer) -> None:
    refused(fetch_remote, source, SourceRefused, "ref_not_found", ref="nope")
    refused(fetch_remote, source, SourceRefused, "commit_not_found", commit=hashlib.sha1(b"").hexdigest())
    refused(fetch_remote, source, SourceRefused, "object_format", commit=hashlib.sha256(b"").hexdigest())
    refused(fetch_remote, parse_remote(server.url("owner/other")), SourceRefused, "repository_not_found")


def test_a_tag_of_a_file_is_no_commit(repo: Repo, source: RemoteSource, fetch_remote: Fetcher) -> None:
    repo.git("tag", "file", "HEAD:a.py")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    refused(fetch_remote, source, SourceRefused, "not_a_commit", ref="file")
    refused(fetch_remote, source, SourceRefused, "not_a_commit", commit=tree)


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("where", ["info/refs", "git-upload-pack"])
@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (301, SourceRefused, "repository_moved"),
        (401, SourceRefused, "authentication_failed"),
        (403, SourceRefused, "access_denied"),
        (404, SourceRefused, "repository_not_found"),
        (410, SourceRefused, "repository_not_found"),
        (429, SourceUnreachable, "rate_limited"),
        (500, SourceUnreachable, "server_error"),
        (503, SourceUnreachable, "server_error"),
    ],
)
def test_a_status_has_its_meaning(
    where: str, status: int, error: type[JobError], code: str, source: RemoteSource, fetch_remote: Fetcher,
    server: GitServer,
) -> None:  # fmt: skip
    server.answer(where, status, {"Location": server.url("elsewhere"), "WWW-Authenticate": 'Basic realm="x"'})
    refused(fetch_remote, source, error, code)
    assert not any("elsewhere" in request for request in server.requests)


@pytest.mark.usefixtures("repo")
def test_an_answer_that_is_not_git_is_no_repository(
    source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    server.answer("owner/name", 200, {"Content-Type": "text/html"}, b"<html>sign in</html>")
    refused(fetch_remote, source, SourceRefused, "not_a_repository")


@pytest.mark.usefixtures("repo")
def test_a_private_host_is_contacted_only_if_allowed(
    source: RemoteSource, fetch_remote: Fetcher, server: GitServer
) -> None:
    with pytest.raises(SourceRefused) as caught:
        fetch_remote(source, settings=Settings(git_ca_file=server.ca_file))
    assert caught.value.code == "forbidden_address"
    assert server.requests == []
    assert fetch_remote(source).commit_sha


def test_git_contacts_the_address_that_was_checked(repo: Repo, server: GitServer, fetch_remote: Fetcher) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return [LOOPBACK]

    settings = Settings(git_allowed_hosts=(f"git.example:{server.port}",), git_ca_file=server.ca_file)
    source = parse_remote(f"https://git.example:{server.port}/owner/name")
    assert fetch_remote(source, settings=settings, resolve=resolve).commit_sha == repo.head


@pytest.mark.usefixtures("repo")
def test_a_certificate_must_be_trusted(source: RemoteSource, fetch_remote: Fetcher, server: GitServer) -> None:
    with pytest.raises(SourceRefused) as caught:
        fetch_remote(source, settings=Settings(git_allowed_hosts=(server.host_port,)))
    assert caught.value.code == "tls_certificate"
    assert server.requests == []


def test_a_closed_port_may_open_again(fetch_remote: Fetcher) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnreachable) as caught:
        fetch_remote(
            parse_remote(f"https://{LOOPBACK}:{port}/o/n"), settings=Settings(git_allowed_hosts=(f"{LOOPBACK}:{port}",))
        )
    assert caught.value.code == "connection_failed"


def test_a_proxy_is_used_and_its_password_is_in_no_process_list(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    with socket.create_server((LOOPBACK, 0)) as proxy, ThreadPoolExecutor() as pool:
        port = proxy.getsockname()[1]
        settings = fetch_remote.settings.model_copy(update={"git_proxy": f"http://user:secret@{LOOPBACK}:{port}"})
        running = pool.submit(fetch_remote, source, settings=settings)
        connection, _ = proxy.accept()
        with connection:
            asked = connection.recv(4096)
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(JobError) as caught:
            running.result()
    assert asked.startswith(f"CONNECT {source.host}:{source.port} ".encode())
    assert caught.value.code == "proxy_failed"
    assert repo.head


def test_a_proxy_is_not_asked_for_an_internal_address(source: RemoteSource, fetch_remote: Fetcher) -> None:
    with socket.create_server((LOOPBACK, 0)) as proxy:
        with pytest.raises(SourceRefused) as caught:
            fetch_remote(source, settings=Settings(git_proxy=f"http://{LOOPBACK}:{proxy.getsockname()[1]}"))
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert caught.value.code == "forbidden_address"


def test_a_repository_larger_than_the_limit_is_given_up(
    repo: Repo, source: RemoteSource, fetch_remote: Fetcher
) -> None:
    repo.commit({f"{n}.bin": hashlib.shake_256(b"%d" % n).digest(MIB // 2) for n in range(4)})
    small = fetch_remote.settings.model_copy(update={"max_fetch_bytes": MIB})
    with pytest.raises(LimitExceeded) as caught:
        fetch_remote(source, settings=small)
    assert caught.value.code == "fetch_too_large"
    assert fetch_remote(source).commit_sha == repo.head
