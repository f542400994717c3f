"""Jobs that stand still at a known point of their run, for a check to do something there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from proving.site import PATIENCE_SECONDS, Barrier, Site, until
from support.service import Service

STAGES = ("fetch", "parse", "resolve", "store")


@dataclass(frozen=True, slots=True)
class Held:
    """A job that was begun, the worker that stands still with it, and how to let it go on."""

    job_id: str
    repository_id: str
    worker: psutil.Process
    let_go: Callable[[], None]

    def below(self) -> list[psutil.Process]:
        """The worker's processes: git and parsers."""
        return self.worker.children(recursive=True)


def hold(site: Site, service: Service, address: str, stage: str, *, send_on: bool = False, **wanted: Any) -> Held:
    """Ask for the repository, and return once its run stands at the stage.

    At the fetch it is the git server that holds it, and lets go. Elsewhere the worker stands there for ever, unless it
    is to be sent on.
    """
    if stage == "fetch":
        return _hold_fetch(site, service, address, wanted)
    barrier = Barrier(site.barriers, stage, send_on=send_on)
    job = service.index(address, **{"force": True} | wanted)
    worker = barrier.wait()
    assert worker is not None, f"no worker came to {stage}"
    return Held(job["job_id"], job["repository_id"], worker, barrier.send_on if send_on else _nothing)


def _hold_fetch(site: Site, service: Service, address: str, wanted: dict[str, Any]) -> Held:
    name = address.rsplit("/", 1)[1] + "/"
    gate = site.git.hold(name)
    job = service.index(address, **{"force": True} | wanted)
    assert gate.reached.wait(PATIENCE_SECONDS), "git did not ask"
    # It may have been for an older job of the repository.
    assert until(lambda: _worker(service, job["job_id"]) is not None), "no worker took the job"
    worker = _worker(service, job["job_id"])
    assert worker is not None
    return Held(job["job_id"], job["repository_id"], worker, lambda: site.git.let_go(name))


def _worker(service: Service, job_id: str) -> psutil.Process | None:
    try:
        return service.worker_of(job_id)
    except (ValueError, psutil.NoSuchProcess):
        return None


def _nothing() -> None:
    """There is nobody to be sent on."""


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run; one that ended and was not waited for does not."""
    return [process for process in processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
