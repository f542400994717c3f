"""A setting that does not fit is named, with what to write instead; no secret is shown with it."""

import pytest

from kotadb.errors import ConfigurationError
from kotadb.postgres.database import check_url
from kotadb.settings import get_settings


@pytest.mark.parametrize("hosts", ["git.corp", "https://git.corp", "user@git.corp:443", "git.corp:443/o", "a:443,b"])
def test_hosts_are_allowed_at_a_port(hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOTADB_GIT_ALLOWED_HOSTS", hosts)
    with pytest.raises(ConfigurationError, match=r"KOTADB_GIT_ALLOWED_HOSTS: write host:port, such as git\.corp:443"):
        get_settings()


@pytest.mark.parametrize(
    "url",
    [
        "postgres//kotadb:s3cret@host/db",
        "postgresql://kotadb:s3cret@host/db?bogus=1",
        "postgresql://kotadb:pass@s3cret@host/db",
        "postgresql://kotadb:s3cret%zz@host/db",
        "host=h password=s3cret bogus",
    ],
)
def test_a_connection_string_that_is_wrong_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not a connection string") as caught:
        check_url(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_passwords_are_not_part_of_what_settings_look_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kotadb:s3cret@host/db")
    monkeypatch.setenv("KOTADB_GIT_PROXY", "http://user:s3cret@proxy:3128")
    assert "s3cret" not in repr(get_settings())
