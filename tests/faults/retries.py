"""Errors that pass, errors that never do, and errors that cannot."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import Any

from proving.check import Check, Figures, Scale
from proving.site import PATIENCE_SECONDS, Site, until
from support.git_server import Answer
from support.service import Service

RETRY_LIMIT = 3
DELAY_SECONDS = 0.5


def fail_once(site: Site, scale: Scale, figures: Figures) -> None:
    """The network fails on the first run, and works on the second."""
    times = scale.of(10, 1)
    right = 0
    with site.service(workers=2, retry_delay=DELAY_SECONDS) as service:
        for _ in range(times):
            address, _ = site.repository()
            name = address.rsplit("/", 1)[1]
            site.git.answer(name, scale.random.choice([429, 500, 502, 503]))
            accepted = service.index(address)
            waiting = service.logs("job waits again", PATIENCE_SECONDS / 3, job_id=accepted["job_id"])
            between = service.job(accepted["job_id"])
            site.git.answer_no_more(name)
            done = service.job(accepted["job_id"], PATIENCE_SECONDS)
            right += waiting is not None and is_waiting(between) and is_done_at_second(done)
    figures.all("same job completed at its second attempt, history kept", right, times)


def is_waiting(job: dict[str, Any]) -> bool:
    return (job["status"], job["attempt"]) == ("pending", 1) and job["next_attempt_at"] is not None


def is_done_at_second(job: dict[str, Any]) -> bool:
    codes = [entry["code"] for entry in job["history"]]
    return (job["status"], job["attempt"]) == ("completed", 2) and codes in (["server_error"], ["rate_limited"])


def never_clear(site: Site, scale: Scale, figures: Figures) -> None:
    """A fault that never clears; then it does, and somebody asks for another try."""
    with site.service(workers=2, retry_delay=DELAY_SECONDS) as service:
        address, _ = site.repository()
        name = address.rsplit("/", 1)[1]
        site.git.answer(name, 503)
        job = service.job(service.index(address)["job_id"], PATIENCE_SECONDS)
        figures.all("runs", len(starts(service, job["job_id"])), RETRY_LIMIT + 1)
        figures.all("ended as failed", job["status"] == "failed", 1)
        figures.all("dead letters", len(letters(site, job["job_id"])), 1)
        figures.all("complete dead letters", sum(is_complete(letter) for letter in letters(site, job["job_id"])), 1)
        figures.none("delays that are too short", sum(short_delays(service, job["job_id"])))
        site.git.answer_no_more(name)
        service.client.post(f"/jobs/{job['job_id']}/retry")
        again = service.job(job["job_id"], PATIENCE_SECONDS)
        figures.all("completed with fresh attempts", (again["status"], again["attempt"]) == ("completed", 1), 1)
        figures.none("dead letters after that", len(letters(site, job["job_id"])))


def starts(service: Service, job_id: str) -> list[datetime]:
    """When the runs of the job began."""
    lines = [line for line in list(service.log) if line["event"] == "job started" and line["job_id"] == job_id]
    return [datetime.fromisoformat(line["timestamp"]) for line in lines]


def short_delays(service: Service, job_id: str) -> list[bool]:
    """Whether each further run came before its time: half a second, one, two."""
    began = starts(service, job_id)
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(began)]
    return [wait < DELAY_SECONDS * 2**number for number, wait in enumerate(waits)]


def letters(site: Site, job_id: str) -> list[dict[str, Any]]:
    rows = site.rows(
        """select args from procrastinate_jobs
           where queue_name = 'index-repo_dlq' and status = 'todo' and args ->> 'job_id' = %s""",
        job_id,
    )
    return [row["args"] for row in rows]


def is_complete(letter: dict[str, Any]) -> bool:
    attempts = [entry["attempt"] for entry in letter["history"]]
    has_payload = {"job_id", "repository_id", "commit_sha"} <= letter.keys()
    return (
        has_payload
        and letter["error"]["code"] == "server_error"
        and "Traceback" in letter["traceback"]
        and attempts == list(range(1, RETRY_LIMIT + 2))
    )


PERMANENT = {
    "repository_not_found": Answer(404),
    "access_denied": Answer(403),
    "repository_moved": Answer(301, {"Location": "https://elsewhere.example/owner/r"}),
    "authentication_failed": Answer(401, {"WWW-Authenticate": "Basic"}),
}
TRANSIENT = {"server_error": Answer(503), "rate_limited": Answer(429)}


def tell_apart(site: Site, scale: Scale, figures: Figures) -> None:
    """What cannot pass fails at its first run; what may is not given up before its last."""
    expected: dict[str, str] = {}
    with site.service(workers=3, retry_delay=DELAY_SECONDS) as service:
        for code, answer in PERMANENT.items():
            address, _ = site.repository()
            site.git.answer(address.rsplit("/", 1)[1], answer.status, answer.headers)
            expected[service.index(address)["job_id"]] = code
        address, _ = site.repository()
        expected[service.index(address, ref="nowhere")["job_id"]] = "ref_not_found"
        expected[service.index(address, commit_sha="d" * 40)["job_id"]] = "commit_not_found"
        ended = {job_id: service.job(job_id, PATIENCE_SECONDS) for job_id in expected}
        figures.none("permanent errors retried", sum(job["attempt"] != 1 for job in ended.values()))
        figures.none("wrong codes", sum((job["error"] or {}).get("code") != expected[i] for i, job in ended.items()))
        figures.none("not exactly one dead letter", sum(len(letters(site, job_id)) != 1 for job_id in ended))
        with ThreadPoolExecutor() as callers:  # each waits for a second run
            early = sum(callers.map(lambda each: ends_early(site, service, *each), TRANSIENT.items()))
        figures.none("transient errors dead-lettered early", early)


def ends_early(site: Site, service: Service, code: str, answer: Answer) -> bool:
    address, _ = site.repository()
    site.git.answer(address.rsplit("/", 1)[1], answer.status)
    job_id = service.index(address)["job_id"]
    until(lambda: bool(service.job(job_id)["history"]))
    seen = service.job(job_id)
    site.git.answer_no_more(address.rsplit("/", 1)[1])
    ended = service.job(job_id, PATIENCE_SECONDS)
    return (seen["history"][0]["code"], ended["status"]) != (code, "completed")


FLAKY = Check(
    "flaky", "a network that fails on the first run costs an attempt and nothing else", fail_once, breaks=("retries",)
)
NEVER_CLEARS = Check(
    "never_clears",
    "a fault that never clears is tried four times, with growing delays, and then is one dead letter",
    never_clear,
    breaks=("dead_letters", "retries"),
)
PERMANENT_ERRORS = Check(
    "permanent",
    "what cannot pass is not tried again, and what may is not given up early",
    tell_apart,
    breaks=("permanent", "retries"),
)

CHECKS = (FLAKY, NEVER_CLEARS, PERMANENT_ERRORS)
