"""Where a host name leads: looked up once, checked, and handed to git as fixed addresses.

A name could lead to a harmless address when it is checked and to an internal one when git looks it up again; git is
therefore told the addresses that were checked (`http.curloptResolve`) and looks up nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence

from kotadb.errors import InvalidRepository, SourceRefused, SourceUnreachable

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to numeric addresses; raises OSError if there are none."""

# Everything that is not the public internet. `ipaddress.is_global` is not enough: it lets 168.63.129.16, 192.88.99.1
# and the tunnels below through.
_DENIED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent
        "169.254.0.0/16",  # link-local, and most clouds' metadata service
        "192.0.0.0/24",  # protocol assignments, Oracle's metadata service
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  # documentation
        "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24",  # AS112 and AMT
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)  # fmt: skip
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4: any IPv4 address, wrapped
        "2620:4f:8000::/48",  # AS112
    )
)  # fmt: skip
# Domains that the public name system does not delegate: reserved (RFC 6761, 6762, 8375), or kept out of it by ICANN
# since too many networks use them inside. A name without a dot is of the same kind.
_INTERNAL_DOMAINS = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "svc", "home.arpa"
)  # fmt: skip
# An IPv6-only network reaches IPv4 through this prefix: what counts is the address inside.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses the system's resolver gives, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def require_public_name(host: str, port: int, allowed_hosts: Collection[str]) -> None:
    """Refuse a host that no look-up is needed for: an internal address, or a name that only an internal network has.

    Raises InvalidRepository (`forbidden_address`), unless `host:port` is among the operator's `allowed_hosts`.
    """
    is_internal = not is_public(host) if is_numeric(host) else _is_internal_name(host)
    if is_internal and not _is_allowed(host, port, allowed_hosts):
        raise InvalidRepository(_INTERNAL, code="forbidden_address")


def _is_internal_name(host: str) -> bool:
    return "." not in host or host.endswith(tuple(f".{domain}" for domain in _INTERNAL_DOMAINS))


def _is_allowed(host: str, port: int, allowed_hosts: Collection[str]) -> bool:
    return f"{host}:{port}" in {name.lower() for name in allowed_hosts}


_INTERNAL = "The repository's host is on an internal network. An operator can allow it in KOTADB_GIT_ALLOWED_HOSTS."


def pin(host: str, port: int, allowed_hosts: Collection[str], resolve: Resolve = resolve_host) -> tuple[str, ...]:
    """The addresses of `host`, all of them public unless `host:port` is among the operator's `allowed_hosts`.

    Raises SourceUnreachable (`host_not_found`) if it has none, SourceRefused (`forbidden_address`) if any is internal.
    """
    try:
        addresses = tuple(resolve(host, port))
    except (OSError, UnicodeError):
        addresses = ()
    if not addresses:
        raise SourceUnreachable("The repository's host name cannot be resolved.", code="host_not_found")
    if not all(is_public(address) for address in addresses) and not _is_allowed(host, port, allowed_hosts):
        raise SourceRefused(_INTERNAL, code="forbidden_address")
    return addresses


def is_numeric(host: str) -> bool:
    """Whether the host is an address itself, and needs no looking up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(text: str) -> bool:
    """Whether a numeric address belongs to the public internet; anything unintelligible does not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _DENIED_4)
    if address in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    return address in _PUBLIC_6 and not any(address in network for network in _DENIED_6)
