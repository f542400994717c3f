"""API keys: 256 random bits, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from kotadb.access.limits import Allowance, RateLimits
from kotadb.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from kotadb.model import Key, Owner
from kotadb.postgres import access
from kotadb.postgres.database import Database

LOCAL_OWNER = "local"
"""The owner that the command line acts as."""

SCHEME = "kdb"
MAX_NAME = 200

NOBODYS_SECRET = bytes(32)
"""What is compared where there is no such key. No secret has this hash."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how often they still may; None where that is not limited."""

    owner: Owner
    allowance: Allowance | None


def local_owner(database: Database) -> Owner:
    """The owner that the command line acts as, made at its first use."""
    with database.transaction() as connection:
        return access.ensure_owner(connection, LOCAL_OWNER)


def find_owner(database: Database, name: str) -> Owner:
    """The owner of this name. Raises NotFound."""
    with database.transaction() as connection:
        owner = access.find_owner(connection, name)
    if owner is None:
        raise NotFound(f"There is no owner {name!r}: `kotadb keys create --owner` makes one with its first key")
    return owner


def create_key(database: Database, owner_name: str, name: str) -> str:
    """Make a key for an owner, who is made where it is new. Returns the key: it cannot be shown again."""
    for what, value in (("owner", owner_name), ("name", name)):
        if not 1 <= len(value) <= MAX_NAME or not value.isprintable():
            raise InvalidInput(f"The key's {what} must have 1 to {MAX_NAME} printable characters")
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    with database.transaction() as connection:
        owner = access.ensure_owner(connection, owner_name)
        access.insert_key(connection, owner.id, name, prefix, _hash(secret))
    return f"{SCHEME}_{prefix}_{secret}"


def create_first_key(database: Database) -> str | None:
    """A key for the local owner if no key was ever made here; otherwise None."""
    with database.transaction() as connection:
        if access.has_keys(connection):
            return None
    return create_key(database, LOCAL_OWNER, "first")


def authenticate(database: Database, limits: RateLimits, key: str) -> Caller:
    """Who has this key; their request is charged to it.

    Raises Unauthenticated, the same for every way of being wrong, and RateLimited.
    """
    scheme, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    if scheme != SCHEME or not (prefix + secret).isalnum() or not key.isascii():
        raise Unauthenticated
    secret_sha256 = _hash(secret)
    limits.check(secret_sha256)
    with database.transaction() as connection:
        found = access.find_key(connection, prefix)
        is_right = hmac.compare_digest(found.secret_sha256 if found else NOBODYS_SECRET, secret_sha256)
        if found is None or not is_right:
            raise Unauthenticated
        return Caller(found.owner, limits.charge(connection, found.id, secret_sha256))


def require_operator(owner: Owner) -> None:
    """Raises Forbidden for all but the owner that the command line acts as: who has that runs this service."""
    if owner.name != LOCAL_OWNER:
        raise Forbidden(f"This is about all owners: use a key of the owner {LOCAL_OWNER!r}")


def list_keys(database: Database) -> list[Key]:
    """All keys, oldest first, without their secrets."""
    with database.transaction() as connection:
        return access.list_keys(connection)


def revoke_key(database: Database, key: str) -> None:
    """Make a key worthless, named by its prefix or given whole. Raises NotFound."""
    prefix = key.removeprefix(f"{SCHEME}_").partition("_")[0]
    with database.transaction() as connection:
        if not access.revoke_key(connection, prefix):
            raise NotFound(f"There is no valid key with the prefix {prefix!r}: `kotadb keys list` shows them")


def _hash(secret: str) -> bytes:
    # Plain SHA-256: the secret is 256 random bits, not a password to be guessed.
    return hashlib.sha256(secret.encode()).digest()
