"""Where news may be sent: an administrator names the address, and may not lead us astray.

https anywhere, plain http only on this machine. Other machines of the office's own network are
receivers like any other; never told are link-local addresses, where clouds answer with the
machine's own secrets, and what is no machine's address. Names are looked at when they are resolved,
so that none can change to such an address later.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

LONGEST_URL = 500
_CLOUDS = {ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
"""Where Alibaba's and Amazon's machines ask for their secrets; all others' are link-local."""
_TRANSLATED = IPv6Network("64:ff9b::/96")


class ReceiverAddressInvalid(ValueError):
    """This is no address that news may be sent to; the message says why."""


def check_address(url: str) -> None:
    """Raises ReceiverAddressInvalid for what nobody may be told at."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ReceiverAddressInvalid("This is no address of a web server.") from error
    if not host or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise ReceiverAddressInvalid(
            f"The address must be https://…, at most {LONGEST_URL} plain characters."
        )
    if parts.username is not None or parts.fragment or " " in url:
        raise ReceiverAddressInvalid("The address may hold no user, no fragment and no space.")
    loopback = host == "localhost"
    try:
        known = ip_address(host)
    except ValueError:
        pass
    else:
        loopback = known.is_loopback
        if refused(known):
            raise ReceiverAddressInvalid(f"Nobody is told anything at {known}.")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ReceiverAddressInvalid(
            "Only https is safe on a network; http may be used on this machine (127.0.0.1)."
        )


def refused(address: IPv4Address | IPv6Address) -> bool:
    """Whether nothing may be sent to this address."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within:
            return refused(within)
    elif address.is_reserved:
        return True
    unfit = address.is_link_local or address.is_multicast or address.is_unspecified
    return unfit or address in _CLOUDS


class CarefulResolver(AbstractResolver):
    """Finds a name's addresses, and no such as must not be told."""

    def __init__(self) -> None:
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError, also when nothing is left that may be told."""
        found = await self._names.resolve(host, port, family)
        allowed = [one for one in found if not refused(ip_address(one["host"].partition("%")[0]))]
        if not allowed:
            raise OSError("this name leads to an address that must not be told")
        return allowed

    async def close(self) -> None:
        """Nothing is held open."""
        await self._names.close()


def make_session() -> aiohttp.ClientSession:
    """What news are sent through: no cookies, no proxy, no answer unpacked or read ahead."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=CarefulResolver(), limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=16 * 1024,
    )
