"""API keys: what is kept of them, and how they are compared."""

import hashlib
import hmac

import pytest

from kotadb.access import keys
from kotadb.access.limits import RateLimits
from kotadb.errors import InvalidInput, Unauthenticated
from kotadb.postgres import access
from kotadb.postgres.database import Database

pytestmark = pytest.mark.every_server


@pytest.fixture
def key(database: Database) -> str:
    return keys.create_key(database, "somebody", "test")


def test_a_wrong_secret_and_an_unknown_key_are_compared_alike(
    database: Database, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    scheme, prefix, secret = key.split("_")
    for wrong in (f"{scheme}_{prefix}_{secret[::-1]}", f"{scheme}_{prefix[::-1]}_{secret}"):
        with pytest.raises(Unauthenticated):
            keys.authenticate(database, RateLimits(60), wrong)
    assert compared == [(32, 32)] * 2


def test_the_database_has_the_hash_of_256_bits_and_nothing_else_of_a_key(database: Database, key: str) -> None:
    _, prefix, secret = key.split("_")
    assert len(bytes.fromhex(secret)) == 32
    with database.transaction() as connection:
        found = access.find_key(connection, prefix)
        row = connection.execute("select api_keys::text as text from api_keys").fetchone()
    assert found is not None
    assert row is not None
    assert found.secret_sha256 == hashlib.sha256(secret.encode()).digest()
    assert secret not in row["text"]


@pytest.mark.parametrize(
    "name", ["", "x" * 201, "a\x1b[2Jb", "a\x9bb", "a\u202eb", "a\nb", "a\0b", "\ud800"], ids=ascii
)
def test_a_name_that_would_not_be_safe_to_show_is_refused(database: Database, name: str) -> None:
    for owner, called in ((name, "key"), ("somebody", name)):
        with pytest.raises(InvalidInput):
            keys.create_key(database, owner, called)
    assert keys.list_keys(database) == []
