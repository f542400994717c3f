"""One commit of a repository, without history, into a bare repository of the job's own.

Nothing is ever checked out. A remote repository's blobs come along up to the size that is indexed; a local one's stay
where they are and are borrowed (see docs/decisions/0002).
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote_from_bytes

from kotadb.errors import JobError, SourceRefused, SourceUnreachable
from kotadb.git.addresses import Resolve, is_numeric, pin, resolve_host
from kotadb.git.command import Check, Git, git_version, go_on
from kotadb.git.credentials import Credential, proxy_secrets
from kotadb.git.failures import SECURITY_CODES, TOKEN_REFUSED, disk_full
from kotadb.git.layout import Repository, find_repository
from kotadb.git.redirects import new_address
from kotadb.git.sources import LocalSource, RemoteSource, Source
from kotadb.logs import get_logger
from kotadb.settings import Settings

log = get_logger(__name__)

HEAD = "HEAD"
_SHA256_DIGITS = 64
_NO_COMMIT = "f" * 40


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: read its objects from `git_dir`.

    `commit_sha` is None for a repository whose HEAD has no commit yet. `branch` is the one HEAD resolved to, None if it
    is detached or another ref or a commit was asked for.
    """

    git_dir: Path
    commit_sha: str | None
    branch: str | None

    @property
    def is_local(self) -> bool:
        """Whether blobs are borrowed from a repository on this machine."""
        return (self.git_dir / "objects" / "info" / "alternates").exists()


def fetch(
    source: Source,
    *,
    ref: str | None = None,
    commit: str | None = None,
    into: Path,
    settings: Settings,
    credential: Credential | None = None,
    roots: Sequence[Path] | None = None,
    resolve: Resolve = resolve_host,
    lock_fd: int | None = None,
    check: Check = go_on,
) -> Fetched:
    """Fetch `commit`, or else what `ref` (default HEAD) names now, into the existing folder `into`.

    `ref` and `commit` are as `parse_ref` and `parse_commit` return them. `credential` is sent to the server of a remote
    source and nowhere else. A local source must not lead out of `roots`, if they are given. `check` is called a few
    times a second and may raise to stop. Raises SourceUnreachable, which may pass, SourceRefused and LimitExceeded,
    which do not, each with its code.
    """
    git_version()
    git = Git(
        into / "git", file_bytes=settings.max_fetch_bytes, memory_bytes=settings.max_git_memory_bytes,
        deadline=time.monotonic() + settings.max_fetch_seconds, lock_fd=lock_fd, check=check,
    )  # fmt: skip
    with _reported(), disk_full():
        if isinstance(source, LocalSource):
            return _fetch_local(git, source, ref or HEAD, commit, roots)
        return _fetch_remote(git, source, ref or HEAD, commit, settings, resolve, credential)


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except JobError as error:
        if error.code in SECURITY_CODES:
            log.warning("security_event", code=error.code)
        raise


# ---- remote ----------------------------------------------------------------------------------------------------------


def _fetch_remote(
    git: Git, source: RemoteSource, ref: str, commit: str | None, settings: Settings, resolve: Resolve,
    credential: Credential | None,
) -> Fetched:  # fmt: skip
    remote = replace(
        git,
        environment={"GIT_ALLOW_PROTOCOL": "https"},
        config=_https_config(source, settings, resolve),
        private_config=_private_config(source, settings, credential),
        secrets=(*proxy_secrets(settings.git_proxy), *(credential.secrets() if credential else ())),
    )
    # git leaves out blobs of this size and more.
    filter_ = f"blob:limit={settings.max_file_bytes + 1}"
    urls = source.address, f"{source.address}.git"
    try:
        return _first_found(lambda url: _fetch_from(remote, url, ref, commit, filter_), urls)
    except SourceRefused as error:
        address = new_address(remote, source, urls) if error.code == "repository_moved" else None
        if address is not None:
            raise SourceRefused(f"The server redirects to {address}; give that address.", code=error.code) from error
        if credential is not None and error.code in TOKEN_REFUSED:
            raise SourceRefused(TOKEN_REFUSED[error.code], code=error.code) from error
        raise


def _private_config(source: RemoteSource, settings: Settings, credential: Credential | None) -> Mapping[str, str]:
    config = {"http.proxy": settings.git_proxy} if settings.git_proxy else {}
    return config | (credential.config(source.server) if credential else {})


def _https_config(source: RemoteSource, settings: Settings, resolve: Resolve) -> Mapping[str, str]:
    config = {}
    if settings.git_ca_file is not None:
        config["http.sslCAInfo"] = str(settings.git_ca_file)
    # Behind a proxy it is the proxy that looks names up, and decides which may be reached.
    if settings.git_proxy is None or is_numeric(source.host):
        addresses = pin(source.host, source.port, settings.git_allowed_hosts, resolve)
        config["http.curloptResolve"] = f"{source.host}:{source.port}:{','.join(addresses)}"
    return config


def _first_found(attempt: Callable[[str], Fetched], urls: tuple[str, str]) -> Fetched:
    """Some servers know a repository only as `name`, some only as `name.git`, and some redirect from one to the other.

    Redirects are refused, and both spellings are the same address to us, so try them in turn. Where the second finds
    nothing, it is the first that tells: a repository that moved away is not there with a suffix either.
    """
    try:
        return attempt(urls[0])
    except SourceRefused as error:
        if error.code not in ("repository_moved", "repository_not_found"):
            raise
        first = error
    try:
        return attempt(urls[1])
    except SourceRefused as error:
        if error.code != "repository_not_found":
            raise
        raise first from None


# ---- local -----------------------------------------------------------------------------------------------------------


def _fetch_local(git: Git, source: LocalSource, ref: str, commit: str | None, roots: Sequence[Path] | None) -> Fetched:
    """Commits and trees come through git's own protocol, blobs are borrowed: one that is missing harms nobody else."""
    repository = find_repository(source.path)
    if repository is None or repository.top != source.path:
        raise SourceRefused("There is no git repository at this path any more.", code="not_a_repository")
    if roots is not None:
        _require_inside(repository, roots)
    config = git.git_dir.with_name("gitconfig")
    config.write_text(_local_config(repository), "utf-8", "surrogateescape")
    local = replace(
        git,
        environment={"GIT_ALLOW_PROTOCOL": "file", "GIT_CONFIG_GLOBAL": str(config)},
        # Strictly this folder: else, where git finds it is no repository, it tries others of similar names.
        config={"remote.lender.url": _url(repository), "remote.lender.uploadpack": "git-upload-pack --strict"},
    )
    fetched = _fetch_from(local, "lender", ref, commit, "blob:none")
    # Only now: a fetch into a repository with alternates would run git, with its configuration, in the lender.
    alternates = git.git_dir / "objects" / "info" / "alternates"
    alternates.parent.mkdir(exist_ok=True)
    store = bytes(repository.objects)
    if b"\n" in store:  # a link in it changed this moment
        raise SourceRefused("There is no git repository at this path any more.", code="not_a_repository")
    alternates.write_bytes(store + b"\n")
    return fetched


def _require_inside(repository: Repository, roots: Sequence[Path]) -> None:
    """Looked at once more: since it was asked for, links may have changed, and the roots. Raises SourceRefused."""
    if not repository.lies_inside([Path(os.path.realpath(root)) for root in roots]):
        raise SourceRefused(
            "The repository leads out of the folders that KOTADB_LOCAL_ROOTS names.", code="outside_of_roots"
        )


def _url(repository: Repository) -> str:
    return "file://" + quote_from_bytes(bytes(repository.git_dir))


def _local_config(repository: Repository) -> str:
    """What the local end of the fetch must be told; it reads no `-c`. All its owners' files are safe: none is run."""
    folders = {repository.top, repository.top / ".git", repository.git_dir, repository.common_dir}
    lines = ["[uploadpack]", "allowFilter = true", "allowAnySHA1InWant = true", "[safe]"]
    lines += sorted(f"directory = {_quoted(str(folder))}" for folder in folders)
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# ---- both ------------------------------------------------------------------------------------------------------------


def _fetch_from(git: Git, url: str, ref: str, commit: str | None, filter_: str) -> Fetched:
    """As `fetch`, from one URL."""
    if commit is not None:
        return Fetched(git.git_dir, _download(git, url, commit, filter_, commit), None)
    if ref != HEAD:
        return Fetched(git.git_dir, _download_ref(git, url, ref, filter_), None)
    tip, branch = _remote_head(git, url)
    if tip is None:
        _require_git(git, url, filter_)
        return Fetched(git.git_dir, None, branch)
    return Fetched(git.git_dir, _download_tip(git, url, tip, filter_), branch)


def _remote_head(git: Git, url: str) -> tuple[str | None, str | None]:
    """The commit HEAD names, and the branch it does so through: one look, so that they belong together."""
    commit, branch = None, None
    for line in git.run("ls-remote", "--symref", "--", url, HEAD).decode("utf-8", "surrogateescape").splitlines():
        value, _, name = line.partition("\t")
        if name == HEAD and value.startswith("ref: "):
            branch = value.removeprefix("ref: ").removeprefix("refs/heads/")
        elif name == HEAD:
            commit = value
    return commit, branch


def _download_tip(git: Git, url: str, tip: str, filter_: str) -> str:
    try:
        return _download(git, url, tip, filter_, tip)
    except SourceRefused as error:
        if error.code != "commit_not_found":
            raise
        raise SourceUnreachable("The branch was rewritten while it was fetched.", code="ref_moved") from error


def _require_git(git: Git, url: str, filter_: str) -> None:
    """What lists no HEAD is an empty repository, or a web page: only git says that it lacks a commit."""
    try:
        _download(git, url, _NO_COMMIT, filter_)
    except SourceRefused as error:
        if error.code not in ("commit_not_found", "object_format"):
            raise


def _download_ref(git: Git, url: str, ref: str, filter_: str) -> str:
    wanted = f"+{ref}"  # "+" keeps git from reading a branch called `tag` as a keyword
    try:
        return _download(git, url, wanted, filter_)
    except SourceRefused as error:
        if error.code != "object_format":
            raise
    return _download(git, url, wanted, filter_, object_format="sha256")


def _download(
    git: Git, url: str, wanted: str, filter_: str, commit: str | None = None, object_format: str | None = None
) -> str:
    """Fetch `wanted`, and return the commit it is, which must be `commit` if that is given."""
    shutil.rmtree(git.git_dir, ignore_errors=True)  # of the attempt before
    if object_format is None:
        object_format = "sha256" if commit is not None and len(commit) == _SHA256_DIGITS else "sha1"
    git.run("init", "-q", "--bare", f"--object-format={object_format}")
    config = git.git_dir / "config"
    before = config.read_bytes()
    git.run("fetch", "-q", "--depth", "1", "--no-tags", f"--filter={filter_}", "--", url, wanted)
    # git noted the address as one to download missing blobs from, later and unasked: forget it.
    config.write_bytes(before)
    found = _fetched_commit(git)
    if found is None or commit not in (None, found):
        raise SourceRefused("What was asked for is not a commit.", code="not_a_commit")
    return found


def _fetched_commit(git: Git) -> str | None:
    """The commit that was fetched, a tag of it peeled; None if it is something else."""
    try:
        return git.run("rev-parse", "--verify", "-q", "FETCH_HEAD^{commit}").decode().strip()
    except JobError as error:
        if error.code == "fetch_timeout":
            raise
    return None
