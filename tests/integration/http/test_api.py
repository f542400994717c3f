"""The API's edges: who may ask, what is refused and how, pages, and what every error looks like."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.repos import make_repo
from support.world import World

PUBLIC = {"/health", "/ready", "/openapi.json", "/docs"}


def endpoints(world: World) -> list[tuple[str, str]]:
    """Every (method, path) of the OpenAPI document, with ids filled in."""
    document = world.service.client.get("/openapi.json").json()
    ids = {"job_id": uuid4(), "repository_id": uuid4(), "index_id": 1}
    return [
        (method.upper(), path.format(**ids)) for path, operations in document["paths"].items() for method in operations
    ]


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    body = answer.json()
    assert answer.status_code == body["status"] == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail"} < body.keys()
    return bool(body["code"] == code)


def test_public_endpoints_need_no_key(world: World) -> None:
    for path in PUBLIC:
        assert httpx.get(world.service.client.base_url.join(path)).status_code == 200, path


def test_ready_counts_the_workers_that_are_alive(world: World) -> None:
    assert world.service.client.get("/ready").json() == {"status": "ready", "workers": 3}


@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer nonsense", "Bearer kdb_0_0", "Basic dTpw", "Bearer é"]
)
def test_every_other_endpoint_wants_a_valid_key(world: World, authorization: str | None) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    body = {"repository": "a/b"}
    asked = [(method, path) for method, path in endpoints(world) if path not in PUBLIC]
    assert len(asked) >= 8
    for method, path in asked:
        answer = httpx.request(method, world.service.client.base_url.join(path), headers=headers, json=body)
        assert is_problem(answer, 401, "unauthenticated"), path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_no_key(world: World) -> None:
    key = world.service.command("keys", "create", "--name", "short-lived").strip()
    with httpx.Client(base_url=world.service.client.base_url, headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get("/jobs").status_code == 200
        world.service.command("keys", "revoke", key.split("_")[1])
        assert is_problem(client.get("/jobs"), 401, "unauthenticated")


def test_another_owner_sees_nothing(world: World) -> None:
    repo = make_repo(world.local / "private", {"a.py": ""})
    job = world.service.indexed(str(repo.path))
    key = world.service.command("keys", "create", "--owner", "stranger").strip()
    with httpx.Client(base_url=world.service.client.base_url, headers={"Authorization": f"Bearer {key}"}) as stranger:
        assert (
            stranger.get("/jobs").json() == stranger.get("/repositories").json() == {"items": [], "next_cursor": None}
        )
        repository = f"/repositories/{job['repository_id']}"
        for method, path in (
            ("GET", f"/jobs/{job['job_id']}"), ("POST", f"/jobs/{job['job_id']}/cancel"),
            ("POST", f"/jobs/{job['job_id']}/retry"), ("GET", repository), ("DELETE", repository),
            ("DELETE", f"{repository}/indexes/{job['index_id']}"),
        ):  # fmt: skip
            theirs, nobodys = (
                stranger.request(method, path),
                stranger.request(method, path.replace(path.split("/")[2], str(uuid4()))),
            )
            assert is_problem(theirs, 404, "not_found")
            assert theirs.json() == nobodys.json()
    assert world.service.job(job["job_id"])["status"] == "completed"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]]",
        '{"repository": NaN}',
        '{"repository": "a/b", "repository": "c/d"}',
        "1" * 5000,
        "[" * 10_000,
        b"\xff",
    ],
)
def test_what_is_not_json_is_a_400(world: World, body: str | bytes) -> None:
    answer = world.service.client.post("/index", content=body, headers={"Content-Type": "application/json"})
    assert is_problem(answer, 400, "malformed_json")


def test_no_body_at_all_is_a_missing_field(world: World) -> None:
    assert is_problem(world.service.client.post("/index"), 422, "invalid_input")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "repository"),
        ({"repository": 1}, "repository"),
        ({"repository": "a/b", "force": "yes"}, "force"),
        ({"repository": "a/b", "branch": "x"}, "branch"),
    ],
)
def test_a_wrong_field_is_named(world: World, body: dict[str, Any], field: str) -> None:
    answer = world.service.client.post("/index", json=body)
    assert is_problem(answer, 422, "invalid_input")
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"repository": "git@example.org:o/n"}, "invalid_repository"),
        ({"repository": "ext::sh -c id"}, "invalid_repository"),
        ({"repository": "https://user:secret@example.org/o/n"}, "invalid_repository"),
        ({"repository": "-uploadpack=x"}, "invalid_repository"),
        ({"repository": "file:///etc"}, "invalid_repository"),
        ({"repository": "o/n", "ref": "--upload-pack=x"}, "invalid_ref"),
        ({"repository": "o/n", "commit_sha": "abc"}, "invalid_ref"),
    ],
)
def test_an_address_or_ref_that_is_none_is_a_422_and_stores_nothing(
    world: World, wanted: dict[str, str], code: str
) -> None:
    before = world.service.client.get("/repositories").json()
    answer = world.service.client.post("/index", json=wanted)
    assert is_problem(answer, 422, code)
    assert "secret" not in answer.text
    assert world.service.client.get("/repositories").json() == before


def test_a_body_over_the_limit_is_a_413_whatever_it_claims(world: World) -> None:
    large = json.dumps({"repository": "a/b", "ref": "x" * 70_000})

    def unannounced() -> Any:
        for start in range(0, len(large), 1000):
            yield large[start : start + 1000].encode()

    assert is_problem(world.service.client.post("/index", content=large), 413, "too_large")
    assert is_problem(world.service.client.post("/index", content=unannounced()), 413, "too_large")


def test_curl_need_not_name_the_type(world: World) -> None:
    repo = make_repo(world.local / "curl", {"a.py": ""})
    answer = world.service.client.post(
        "/index",
        content=json.dumps({"repository": str(repo.path)}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{answer.json()['job_id']}"
    world.service.finished(answer.json()["job_id"])


def test_local_paths_outside_the_roots_are_all_the_same(world: World) -> None:
    outside = make_repo(world.local.parent / "outside", {"a.py": ""})
    (world.local / "link").symlink_to(outside.path)
    answers = [
        world.service.client.post("/index", json={"repository": str(path)})
        for path in (
            outside.path,
            world.local.parent / "not-there",
            world.local / "link",
            world.local / ".." / "outside",
        )
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1


def test_lists_are_paged_by_cursor_without_gaps_or_repeats(world: World) -> None:
    jobs = [world.service.indexed(str(make_repo(world.local / f"page{n}", {}).path))["job_id"] for n in range(5)]
    seen: list[str] = []
    cursor = None
    while cursor is not None or not seen:
        page = world.service.client.get("/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert 0 < len(page["items"]) <= 2
        seen += [job["job_id"] for job in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert seen[:5] == jobs[::-1]


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "é", "WyIyMDI2LTAxLTAxIiwgIngiXQ"])
def test_a_cursor_of_somebody_elses_making_is_a_422(world: World, cursor: str) -> None:
    for path in ("/jobs", "/repositories"):
        assert is_problem(world.service.client.get(path, params={"cursor": cursor}), 422, "invalid_cursor")


def test_jobs_can_be_filtered(world: World) -> None:
    job = world.service.indexed(str(make_repo(world.local / "filtered", {"a.py": ""}).path))

    def found(status: str) -> list[str]:
        asked = {"repository_id": job["repository_id"], "status": status}
        return [item["job_id"] for item in world.service.client.get("/jobs", params=asked).json()["items"]]

    assert found("completed") == [job["job_id"]]
    assert found("failed") == []


def test_one_index_of_a_repository_can_be_deleted(world: World) -> None:
    repo = make_repo(world.local / "branches", {"a.py": ""})
    head, main = world.service.indexed(str(repo.path)), world.service.indexed(str(repo.path), ref="main")
    path = f"/repositories/{head['repository_id']}"
    assert world.service.client.delete(f"{path}/indexes/{main['index_id']}").status_code == 204
    assert [index["index_id"] for index in world.service.client.get(path).json()["indexes"]] == [head["index_id"]]
    assert is_problem(world.service.client.delete(f"{path}/indexes/{main['index_id']}"), 404, "not_found")


def test_an_ended_job_cannot_be_cancelled(world: World) -> None:
    job = world.service.indexed(str(make_repo(world.local / "ended", {"a.py": ""}).path))
    assert is_problem(world.service.client.post(f"/jobs/{job['job_id']}/cancel"), 409, "conflict")


def test_unknown_paths_and_methods_are_problems_too(world: World) -> None:
    assert is_problem(world.service.client.get("/nowhere"), 404, "not_found")
    refused = world.service.client.put("/index")
    assert is_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"
    huge = f"/repositories/{uuid4()}/indexes/{10**30}"
    assert is_problem(world.service.client.delete(huge), 422, "invalid_input")
    assert is_problem(world.service.client.get("/jobs/not-a-uuid"), 422, "invalid_input")


def test_a_parameter_that_an_endpoint_does_not_have_is_named(world: World) -> None:
    answer = world.service.client.get("/jobs", params={"limt": 5})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "This endpoint has no parameter 'limt': there are limit, cursor, status, repository_id",
    )
