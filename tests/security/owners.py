"""What belongs to one owner is neither seen nor touched by another, at every endpoint that there is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from kotadb.access.keys import create_key, list_keys, revoke_key
from proving.check import Check, Figures, Scale
from proving.site import Site, sources, until
from support.service import Service

MARK = "victims-own"
"""Is in every name that the victim gives: it must be in no answer to the attacker."""


@dataclass(frozen=True)
class Belongings:
    """Ids of things. `strangers` are ids of nothing, to compare with."""

    repository: str
    jobs: tuple[str, ...]
    index: int
    cursor: str
    address: str

    @classmethod
    def strangers(cls, like: "Belongings") -> "Belongings":
        ids = tuple(str(uuid4()) for _ in like.jobs)
        return cls(str(uuid4()), ids, like.index, like.cursor, like.address)

    def ids(self) -> set[str]:
        return {self.repository, *self.jobs}


Ask = Callable[[httpx.Client, Belongings], Iterable[httpx.Response]]

QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "search": {"query": "f"},
    "symbols": {"query": "f"},
    "symbol": {"symbol": "f"},
    "usages": {"symbol": "f"},
    "hierarchy": {"symbol": "C"},
    "dependencies": {"of": "m0.py"},
    "dependents": {"of": "m0.py"},
    "path": {"from_path": "m0.py", "to_path": "m1.py"},
    "cycles": {},
    "outline": {},
    "explain": {"what": "m0.py"},
    "unused": {},
}
"""What each question is asked with, beside the repository. A new one needs a line here."""


def _asking(question: str, parameters: Mapping[str, str]) -> Ask:
    return lambda as_, of: [
        as_.get(f"/{question}", params={"repository": named, **parameters}) for named in (of.repository, of.address)
    ]


ATTEMPTS: Mapping[tuple[str, str], Ask] = {
    ("GET", "/health"): lambda as_, _: [as_.get("/health")],
    ("GET", "/ready"): lambda as_, _: [as_.get("/ready")],
    ("GET", "/metrics"): lambda as_, _: [as_.get("/metrics")],
    ("POST", "/index"): lambda as_, of: [as_.post("/index", json={"repository": of.address})],
    ("GET", "/jobs"): lambda as_, of: [
        as_.get("/jobs", params=params)
        for params in (
            {},
            {"repository_id": of.repository},
            {"cursor": of.cursor},
            {"status": "failed"},
            {"limit": 200},
            {"owner": "victim"},
            {"owner_id": of.repository},
        )
    ],
    ("GET", "/jobs/{job_id}"): lambda as_, of: [as_.get(f"/jobs/{job}") for job in of.jobs],
    ("POST", "/jobs/{job_id}/cancel"): lambda as_, of: [as_.post(f"/jobs/{job}/cancel") for job in of.jobs],
    ("POST", "/jobs/{job_id}/retry"): lambda as_, of: [as_.post(f"/jobs/{job}/retry") for job in of.jobs],
    ("GET", "/repositories"): lambda as_, of: [
        as_.get("/repositories", params=params) for params in ({}, {"cursor": of.cursor}, {"limit": 200})
    ],
    ("GET", "/repositories/{repository_id}"): lambda as_, of: [as_.get(f"/repositories/{of.repository}")],
    ("DELETE", "/repositories/{repository_id}"): lambda as_, of: [as_.delete(f"/repositories/{of.repository}")],
    ("DELETE", "/repositories/{repository_id}/indexes/{index_id}"): lambda as_, of: [
        as_.delete(f"/repositories/{of.repository}/indexes/{of.index}")
    ],
    ("POST", "/impact"): lambda as_, of: [
        as_.post("/impact", json={"repository": named, "paths": ["m0.py"]}) for named in (of.repository, of.address)
    ],
    **{("GET", f"/{question}"): _asking(question, parameters) for question, parameters in QUESTIONS.items()},
}
"""How each endpoint of the OpenAPI document is attacked, with ids of somebody else. A new one needs a line here."""

INDEX = ("POST", "/index")
OPEN = {("GET", "/health"), ("GET", "/ready")}


@dataclass
class Tally:
    """What the attacker got."""

    attempts: int = 0
    leaks: list[str] = field(default_factory=list)

    def note(
        self, what: str, answers: list[httpx.Response], about_nothing: list[httpx.Response], belongings: Belongings
    ) -> None:
        """The answers about the victim's things, and those about things that are not there."""
        for answer, other in zip(answers, about_nothing, strict=True):
            self.attempts += 1
            told = answer.text + str(answer.headers)
            if MARK in told or any(id_ in answer.text for id_ in belongings.ids()):
                self.leaks.append(f"{what}: {answer.status_code} {answer.text[:200]}")
            elif _shape(answer) != _shape(other):
                self.leaks.append(f"{what}: {answer.status_code}, but {other.status_code} for nothing")


def _shape(answer: httpx.Response) -> tuple[int, str]:
    """What tells one answer from another, without what differs every time."""
    return answer.status_code, answer.text if answer.is_error else ""


def attack_endpoints(site: Site, scale: Scale, figures: Figures) -> None:
    with site.service(workers=1, retry_delay=3600) as service:
        victim = _client(service, create_key(site.database, "victim", "v"))
        belongings = _belongings(site, victim)
        attacker = _client(service, create_key(site.database, "attacker", "a"))
        control = _seen_by(victim, belongings)
        before = _state(site)
        tally = Tally()
        operations = _operations(service)
        for method, path in (operations & ATTEMPTS.keys()) - {INDEX}:
            answers = list(ATTEMPTS[method, path](attacker, belongings))
            about_nothing = list(ATTEMPTS[method, path](attacker, Belongings.strangers(belongings)))
            tally.note(f"{method} {path}", answers, about_nothing, belongings)
        _attack_index(tally, attacker, belongings)
        after = _state(site)
        let_in = _without_a_key(site, service, belongings, operations & ATTEMPTS.keys())
        for client in (victim, attacker):
            client.close()
    figures.at_least("endpoints", len(operations), 10)
    figures.none("endpoints that no attempt covers", len(operations - ATTEMPTS.keys()))
    figures.at_least("attempts", tally.attempts, len(operations))
    figures.none("leaks", len(tally.leaks))
    figures.none("rows of the victim changed", sum(row not in after for row in before))
    figures.none("answers without a valid key", let_in)
    figures.at_least("answers in which the victim sees its own", control, 5)


def _client(service: Service, key: str) -> httpx.Client:
    return httpx.Client(base_url=service.client.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def _belongings(site: Site, victim: httpx.Client) -> Belongings:
    """A repository with an index and jobs that are completed, failed for good, and waiting for another attempt."""
    address, _ = site.repository(sources(1), f"owner/{MARK}")
    jobs = [_job(victim, {"repository": address})]
    jobs.append(_job(victim, {"repository": address, "ref": f"{MARK}-branch"}))
    ended = [_ended(victim, job) for job in jobs]
    assert [job["status"] for job in ended] == ["completed", "failed"], ended
    site.git.answer(f"{MARK}/", 503)
    jobs.append(_job(victim, {"repository": address, "force": True}))
    assert until(lambda: _get(victim, jobs[-1])["history"] != [])
    page = victim.get("/jobs", params={"limit": 1}).json()
    return Belongings(ended[0]["repository_id"], tuple(jobs), ended[0]["index_id"], page["next_cursor"], address)


def _job(client: httpx.Client, wanted: dict[str, Any]) -> str:
    answer = client.post("/index", json=wanted)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def _get(client: httpx.Client, job_id: str, wait: int = 0) -> dict[str, Any]:
    job: dict[str, Any] = client.get(f"/jobs/{job_id}", params={"wait": wait}).json()
    return job


def _ended(client: httpx.Client, job_id: str) -> dict[str, Any]:
    return _get(client, job_id, 60)


def _seen_by(victim: httpx.Client, belongings: Belongings) -> int:
    """In how many answers the owner sees the mark: those are the ones that could leak it."""
    answers = [
        answer for method, path in ATTEMPTS if method == "GET" for answer in ATTEMPTS[method, path](victim, belongings)
    ]
    return sum(MARK in answer.text for answer in answers)


def _attack_index(tally: Tally, attacker: httpx.Client, belongings: Belongings) -> None:
    """The same address is another repository and another job for another owner, and no way to the victim's index."""
    [answer] = ATTEMPTS[INDEX](attacker, belongings)
    if answer.status_code != 202 or belongings.ids() & set(answer.json().values()):
        tally.leaks.append(f"POST /index: {answer.text}")
    deleted = attacker.delete(f"/repositories/{answer.json()['repository_id']}/indexes/{belongings.index}")
    if deleted.status_code != 404:
        tally.leaks.append(f"DELETE of the victim's index below the attacker's repository: {deleted.text}")
    tally.attempts += 2


def _operations(service: Service) -> set[tuple[str, str]]:
    document = httpx.get(f"{service.client.base_url}/openapi.json").json()
    return {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}


def _state(site: Site) -> list[str]:
    """Every row of the victim's, as text."""
    tables = {
        "repositories": "owner_id = {victim}",
        "indexes": "repository_id in (select id from repositories where owner_id = {victim})",
        "indexed_files": "repository_id in (select id from repositories where owner_id = {victim})",
        "index_jobs": "owner_id = {victim}",
        "api_keys": "owner_id = {victim}",
    }
    victim = "(select id from owners where name = 'victim')"
    return [
        f"{table} {row['row']}"
        for table, condition in tables.items()
        for row in site.rows(f"select to_jsonb(t)::text as row from {table} t where {condition.format(victim=victim)}")
    ]


def _without_a_key(site: Site, service: Service, belongings: Belongings, operations: Iterable[tuple[str, str]]) -> int:
    """How many answers of private endpoints are not a 401 for who has no valid key."""
    revoked = create_key(site.database, "victim", "revoked")
    revoke_key(site.database, revoked)
    prefix = next(key.prefix for key in list_keys(site.database) if key.owner_name == "victim")
    headers: list[dict[str, str]] = [
        {}, {"Authorization": f"Bearer {revoked}"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer kdb_{prefix}_{'0' * 64}"}, {"Authorization": f"Basic {revoked}"},
        {"Authorization": "Bearer ' or true --"}, {"X-API-Key": revoked}, {"Authorization": f"Bearer kdb_{prefix}_"},
        {"Authorization": f"Bearer kdb_{'%' * 12}_{'0' * 64}"}, {"Cookie": f"key={revoked}"},
    ]  # fmt: skip
    let_in = 0
    for header in headers:
        with httpx.Client(base_url=service.client.base_url, headers=header, timeout=60) as client:
            for method, path in set(operations) - OPEN:
                let_in += sum(answer.status_code != 401 for answer in ATTEMPTS[method, path](client, belongings))
    return let_in


OWNERS = Check(
    "owners",
    "what belongs to one owner is neither seen nor touched by another, at every endpoint",
    attack_endpoints,
    breaks=("owner_of_job", "owner_of_list", "hash"),
)

CHECKS = (OWNERS,)
