"""No address inside an operator's network is ever contacted, however it is spelled."""

import socket
from collections.abc import Sequence

import pytest

from kotadb.errors import InvalidRepository, SourceRefused, SourceUnreachable
from kotadb.git.addresses import Resolve, is_public, pin, require_public_name, resolve_host

INTERNAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:db8::1", "2002:7f00:1::",
    "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "", "x", "127.1", "2130706433", "0x7f000001",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "140.82.121.3",
    "172.32.0.1",
    "100.128.0.1",
    "2606:50c0:8000::153",
    "2a00:1450::1",
    "64:ff9b::8.8.8.8",
]


def answering(*addresses: str) -> Resolve:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(SourceRefused) as caught:
        pin("h.example", 443, (), answering("8.8.8.8", address))
    assert caught.value.code == "forbidden_address"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_pinned(address: str) -> None:
    assert pin("h.example", 443, (), answering(address, "8.8.4.4")) == (address, "8.8.4.4")


def test_an_operator_allows_a_host_at_a_port() -> None:
    allowed = ("Git.Corp:8443",)
    assert pin("git.corp", 8443, allowed, answering("10.0.0.1")) == ("10.0.0.1",)
    for host, port in (("git.corp", 443), ("other.corp", 8443)):
        with pytest.raises(SourceRefused):
            pin(host, port, allowed, answering("10.0.0.1"))


def failing(host: str, port: int) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "try again")


@pytest.mark.parametrize("resolve", [answering(), failing])
def test_a_name_that_leads_nowhere_may_do_so_later(resolve: Resolve) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        pin("h.example", 443, (), resolve)
    assert caught.value.code == "host_not_found"


@pytest.mark.parametrize("spelling", ["127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.1"])
def test_the_systems_resolver_unmasks_numbers(spelling: str) -> None:
    with pytest.raises(SourceRefused):
        pin(spelling, 443, (), resolve_host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "localhost", "git.localhost", "metadata.google.internal", "nas.local", "intranet"]
)
def test_a_host_that_can_only_be_internal_is_refused_unseen(host: str) -> None:
    with pytest.raises(InvalidRepository, match="KOTADB_GIT_ALLOWED_HOSTS"):
        require_public_name(host, 443, ())
    require_public_name(host, 443, (f"{host}:443",))


@pytest.mark.parametrize("host", ["github.com", "8.8.8.8", "local.example.org", "internal.org"])
def test_any_other_host_has_to_be_looked_up(host: str) -> None:
    require_public_name(host, 443, ())
