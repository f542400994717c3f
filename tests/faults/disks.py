"""Disks that fill up: small file systems in memory, mounted for the check."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from kotadb.postgres.database import connect
from kotadb.postgres.embedded import UNPRIVILEGED_USERS
from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, sources, until
from support.databases import database_url, drop_database
from support.service import Service

TABLESPACE_MEGABYTES = 128
TEMP_MEGABYTES = 64


def fill_database(site: Site, scale: Scale, figures: Figures) -> None:
    """The disk that the index is on is full, and then it is not."""
    with small_disk(site.folder / "tablespace", TABLESPACE_MEGABYTES) as disk, moved(site, disk):
        wait_for_space(site, scale, disk, figures, code="database_full")


def fill_temporary(site: Site, scale: Scale, figures: Figures) -> None:
    """The disk that repositories are fetched to is full, and then it is not."""
    site.temp_dir.mkdir()
    with small_disk(site.temp_dir, TEMP_MEGABYTES):
        wait_for_space(site, scale, site.temp_dir, figures, code="disk_full")
        figures.none("orphan directories", len(site.orphans()))


def wait_for_space(site: Site, scale: Scale, disk: Path, figures: Figures, *, code: str) -> None:
    """Index, fill the disk, ask for more, look, make room, and see the job done."""
    tries: dict[str, object] = {"retry_limit": 20, "retry_backoff": 1.2} if scale.short else {"retry_limit": 8}
    with site.service(workers=1, retry_delay=0.1, **tries) as service:
        address, repo = site.repository(sources(1))
        first = service.indexed(address)
        digest = site.digest(first["repository_id"])
        repo.commit(much(scale.of(20_000, 4_000)))
        with ballast(disk):
            job_id = service.index(address)["job_id"]
            told = until(lambda: service.logs("run failed", 0, job_id=job_id, code=code) is not None)
            waits = service.job(job_id)
            figures.all("said what it waits for", told, 1)
            figures.none("ended while the disk was full", waits["finished_at"] is not None)
            figures.all("old index served", site.digest(first["repository_id"]) == digest, 1)
            figures.all("/ready is red", until(lambda: is_red(service, code)), 1)
        done = service.job(job_id, PATIENCE_SECONDS)
        figures.all("completed once there was space", done["status"] == "completed", 1)
        figures.all("/ready is green again", until(lambda: not is_red(service, code)), 1)


def much(lines: int) -> dict[str, str | bytes]:
    """More than fits into what is left of a full disk, and is not worth compressing."""
    text = "\n".join(f"value_{number} = {hash(number * 7919)}" for number in range(lines))
    return {f"big{number}.py": f"# {number}\n{text}\n" for number in range(4)}


def is_red(service: Service, code: str) -> bool:
    answer = service.client.get("/ready")
    return answer.status_code == 503 and answer.json()["code"] == code and "retry-after" in answer.headers


@contextmanager
def moved(site: Site, disk: Path) -> Iterator[None]:
    """The site's database lies on that disk, and is dropped at the end: the disk is about to go."""
    server, name = database_url(site.url, "postgres"), site.url.partition("?")[0].rpartition("/")[2]
    with connect(server, autocommit=True) as connection:
        space = sql.Identifier(f"disk_of_{name}")
        connection.execute(sql.SQL("create tablespace {} location {}").format(space, sql.Literal(str(disk))))
        connection.execute(sql.SQL("alter database {} set tablespace {}").format(sql.Identifier(name), space))
        try:
            yield
        finally:
            drop_database(server, site.url)
            connection.execute(sql.SQL("drop tablespace {}").format(space))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own at `folder`, of the user that the embedded server runs as."""
    folder.mkdir(exist_ok=True)
    user = pwd.getpwnam(next(name for name in UNPRIVILEGED_USERS if _is_user(name)))
    options = f"size={megabytes}m,mode=1777,uid={user.pw_uid},gid={user.pw_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def ballast(disk: Path) -> Iterator[None]:
    """Not a byte is left on the disk, for as long as the context lasts."""
    file = disk / "ballast"
    with file.open("wb", buffering=0) as heap:
        try:
            while shutil.disk_usage(disk).free:
                heap.write(bytes(min(shutil.disk_usage(disk).free, 2**20)))
        except OSError:
            pass
        try:
            yield
        finally:
            file.unlink()


def root() -> str | None:
    return None if os.geteuid() == 0 else "needs root, to mount a small file system"


DATABASE_DISK = Check(
    "database_disk",
    "a job that finds the database's disk full waits, the old index is served, and it is done once there is space",
    fill_database,
    breaks=("full",),
    needs=root,
)
TEMP_DISK = Check(
    "temp_disk",
    "a job that finds the temporary disk full waits, the old index is served, and it is done once there is space",
    fill_temporary,
    breaks=("full",),
    needs=root,
)

CHECKS = (DATABASE_DISK, TEMP_DISK)
