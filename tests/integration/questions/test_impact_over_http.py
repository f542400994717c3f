"""`POST /impact`: a question whose parameters are a body."""

from kotadb.access.keys import create_key
from kotadb.model import Owner
from kotadb.postgres.database import Database
from kotadb.settings import Settings
from support.api import serving
from support.questions import MakeIndexed

DIFF = "--- a/b.py\n+++ b/b.py\n@@ -2 +2 @@\n-    return 1\n+    return 2\n"


def test_impact_is_asked_by_a_body(indexed: MakeIndexed, settings: Settings, database: Database, owner: Owner) -> None:
    at = indexed({"a.py": "from b import b\n\n\ndef a():\n    b()\n", "b.py": "def b():\n    return 1\n"})
    body = {"repository": str(at.repository.uuid), "diff": DIFF}
    with serving(settings, database, create_key(database, owner.name, "test")) as client:
        answer = client.post("/impact", json=body)
        assert answer.status_code == 200
        assert answer.json() == at.ask("impact", diff=DIFF)
        assert answer.json()["affected"][0]["symbol"] == "a"

        assert client.get("/impact", params=body).status_code == 405
        assert client.post("/dependents").status_code == 405
        assert client.post("/impact", json=body, params={"depth": 1}).status_code == 422
        wrong = [{}, {"repository": "x"}, body | {"dept": 1}, body | {"depth": "1"}, body | {"paths": "b.py"}, [body]]
        for refused in wrong:
            assert client.post("/impact", json=refused).status_code == 422, refused
        assert client.post("/impact", json=body | {"paths": ["no.py"]}).status_code == 404
        answer = client.post("/impact", json=body | {"diff": "no diff"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        large = "".join(f"--- a/no{number}.md\n+++ b/no{number}.md\n@@ -1 +1 @@\n-a\n+b\n" for number in range(2_000))
        assert settings.max_body_bytes < len(large) < settings.max_diff_bytes
        assert client.post("/impact", json=body | {"diff": DIFF + large}).json()["changed"][0]["path"] == "b.py"
        assert client.post("/impact", json=body | {"diff": "+" * settings.max_diff_bytes}).status_code == 413
        assert client.post("/index", json={"repository": "+" * settings.max_body_bytes}).status_code == 413
        assert client.post("/impact", content=b'{"repository": "x", "repository": "y"}').status_code == 400
