"""The address that a server redirects to, out of git's trace of its requests."""

import pytest

from kotadb.git.redirects import redirect_target

URL = "https://h/owner/name"


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("https://other/new/name.git/info/refs?service=git-upload-pack", "https://other/new/name"),
        ("https://other/new/name/git-upload-pack", "https://other/new/name"),
        ("/new/name/info/refs?service=git-upload-pack", "https://h/new/name"),
        ("//other:8443/new/name/info/refs", "https://other:8443/new/name"),
        ("../../other/info/refs", "https://h/owner/other"),
        ("http://other/new/name/info/refs", None),
        ("https://user:secret@other/new/name/info/refs", None),
        ("https://other/login?next=%2Fowner%2Fname", None),
        ("https://2130706433/new/name/info/refs", None),
        ("https://[/new/name/info/refs", None),
        ("https://other/\x1b[31m/name/info/refs", None),
        ("ext::sh -c touch% /tmp/x", None),
    ],
)
def test_a_location_names_a_repository_or_nothing(location: str, address: str | None) -> None:
    target = redirect_target(URL, f"12:00:00.000000 http.c:684  <= Recv header: location: {location}\nfatal: 301\n")
    assert (target.address if target else None) == address


def test_without_a_location_there_is_no_target() -> None:
    assert redirect_target(URL, "=> Send header: Location: https://other/new/name\n<= Recv header: X: y") is None
