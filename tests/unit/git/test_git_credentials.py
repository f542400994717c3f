"""What may name a token, what a token may be, and what of a proxy is secret."""

from pathlib import Path

import pytest

from kotadb.errors import InvalidInput, SourceRefused
from kotadb.git.credentials import MAX_TOKEN_BYTES, proxy_secrets, read_credential, token_source
from kotadb.model import TokenSource

ADDRESS = "https://h/owner/name"


@pytest.mark.parametrize(
    ("variable", "file", "username"),
    [
        (None, None, "u"),
        ("GIT_TOKEN", "/token", "u"),
        ("", None, "u"),
        ("1TOKEN", None, "u"),
        ("GIT TOKEN", None, "u"),
        ("KOTADB_GIT_PROXY", None, "u"),
        ("DATABASE_URL", None, "u"),
        ("PGPASSWORD", None, "u"),
        ("PATH", None, "u"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", None, "u"),
        (None, "token", "u"),
        (None, "/to\nken", "u"),
        ("GIT_TOKEN", None, ""),
        ("GIT_TOKEN", None, "a:b"),
        ("GIT_TOKEN", None, "a\r\nHost: x"),
    ],
)
def test_what_cannot_name_a_token_is_refused_and_not_repeated(
    variable: str | None, file: str | None, username: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        token_source(ADDRESS, username, variable, file)
    assert not variable or variable not in caught.value.message


@pytest.mark.parametrize("variable", ["GIT_TOKEN", "github_token_2", "_T", "PG_TOKEN"])
def test_a_variable_may_name_a_token(variable: str) -> None:
    assert token_source(ADDRESS, "u", variable, None) == TokenSource(ADDRESS, "u", variable, None)


def test_a_token_is_read_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    from_file, from_env = TokenSource(ADDRESS, "u", None, str(file)), TokenSource(ADDRESS, "u", "GIT_TOKEN", None)
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        monkeypatch.setenv("GIT_TOKEN", f" {token}\n")
        assert [read_credential(each).token for each in (from_file, from_env)] == [token, token]


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\x00", b"\xff\xfe", b"x" * (MAX_TOKEN_BYTES + 1)])
def test_what_is_no_token_is_missing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SourceRefused, match="has no token in it") as caught:
        read_credential(TokenSource(ADDRESS, "u", None, str(tmp_path / "token")))
    assert caught.value.code == "credentials_missing"


@pytest.mark.parametrize(("variable", "file"), [("NOT_SET_ANYWHERE", None), (None, "/not/there"), (None, "/dev/zero")])
def test_a_token_that_is_not_there_is_missing_and_its_place_not_told(variable: str | None, file: str | None) -> None:
    with pytest.raises(SourceRefused, match="kotadb repos tokens") as caught:
        read_credential(TokenSource(ADDRESS, "u", variable, file))
    assert caught.value.code == "credentials_missing"
    assert (variable or file or "") not in caught.value.message


@pytest.mark.parametrize(
    ("proxy", "secrets"),
    [
        (None, ()),
        ("http://proxy:3128", ()),
        ("http://user@proxy:3128", ()),
        ("http://user:s3cret@proxy:3128", ("s3cret", "s3cret", "dXNlcjpzM2NyZXQ=")),
        ("user:p%40ss@proxy", ("p%40ss", "p@ss", "dXNlcjpwQHNz")),
    ],
)
def test_the_password_of_a_proxy_is_a_secret(proxy: str | None, secrets: tuple[str, ...]) -> None:
    assert proxy_secrets(proxy) == secrets
