"""A repository that is indexed by the command line, with a database of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kotadb.postgres.embedded import EmbeddedServer
from support.databases import create_database, drop_database
from support.repos import Repo, make_repo
from support.service import environment, run


@contextmanager
def indexed_by_command(
    server: EmbeddedServer, folder: Path, files: Mapping[str, str | bytes]
) -> Iterator[tuple[Repo, dict[str, str]]]:
    """The repository, and the environment of commands about it."""
    url = create_database(server.url)
    env = environment(url, folder)
    repo = make_repo(folder / "repo", files)
    run(["index", str(repo.path)], env)
    yield repo, env
    drop_database(server.url, url)
