"""Which network addresses the harvester may connect to.

A source is somebody else's text, so an address in it may point at our own machines (SSRF). The check is made on the
numbers that the name resolved to, at the moment of connecting: names that change (DNS rebinding), decimal or octal
spellings and addresses wrapped in IPv6 all end as such a number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def unwrap(address: Address) -> Address:
    """The IPv4 address inside a mapped, compatible, 6to4, Teredo or NAT64 address; any other address as it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 0xFFFF):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(text: str) -> bool:
    """True where `text`, a numeric address as the resolver gives it, is an ordinary address of the internet."""
    address = unwrap(ipaddress.ip_address(text.split("%")[0]))
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_local(text: str) -> bool:
    """True for loopback and private networks: what an allow-list may open. Link-local (metadata services), multicast and
    unspecified addresses are never opened."""
    address = unwrap(ipaddress.ip_address(text.split("%")[0]))
    return (address.is_loopback or address.is_private) and not (
        address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    )


def host_port(url: str) -> tuple[str, int]:
    """``("example.jp", 443)``. Raises `ValueError` for an address that is not http or https, or has no host."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"scheme {parts.scheme!r}")
    if not parts.hostname:
        raise ValueError("no host")
    return parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def literal(host: str) -> Address | None:
    """The address where `host` itself is one in plain notation, else None."""
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0])
    except ValueError:
        return None


def local_pairs(urls: Iterable[str]) -> list[str]:
    """``host:port`` of every address in `urls` that names this machine: what a sources file for a demo opens."""
    pairs: set[str] = set()
    for url in urls:
        try:
            host, port = host_port(url)
        except ValueError:
            continue
        address = literal(host)
        if host == "localhost" or (address is not None and unwrap(address).is_loopback):
            pairs.add(f"{host}:{port}")
    return sorted(pairs)
