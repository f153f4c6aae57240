"""Where news may go: https anywhere but where clouds keep their machines' secrets."""

import socket
from ipaddress import ip_address

import aiohttp
import pytest

from agent.handover.receiver_address import (
    CarefulResolver,
    ReceiverAddressInvalid,
    check_address,
    make_session,
    refused,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.go.id/hook?key=1",
        "https://10.1.2.3:8443/hook",
        "https://192.168.1.5/",
        "https://[fd00::5]/hook",
        "http://127.0.0.1:8080/hook",
        "http://[::1]:8080/hook",
        "http://localhost:8080/hook",
    ],
)
def test_receivers_of_the_office_and_on_this_machine_may_be_told(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "must be"),
        ("https://", "must be"),
        ("app.example.go.id/hook", "must be"),
        ("ftp://app.example.go.id/", "Only https"),
        ("http://app.example.go.id/hook", "Only https"),
        ("http://10.1.2.3/hook", "Only https"),
        ("https://user:word@app.example.go.id/", "no user"),
        ("https://@app.example.go.id/", "no user"),
        ("https://app.example.go.id/#x", "no fragment"),
        ("https://app.example.go.id/a b", "no space"),
        ("https://app.example.go.id:99999/", "no address"),
        ("https://[::1", "no address"),
        ("https://app.example.go.id/\n", "must be"),
        ("https://" + "a" * 500, "at most 500"),
        ("https://169.254.169.254/latest/meta-data", "Nobody"),
        ("https://[fe80::1]/", "Nobody"),
        ("https://[::ffff:169.254.169.254]/", "Nobody"),
        ("https://[64:ff9b::a9fe:a9fe]/", "Nobody"),
        ("https://[2002:a9fe:a9fe::1]/", "Nobody"),
        ("https://[fd00:ec2::254]/", "Nobody"),
        ("https://100.100.100.200/", "Nobody"),
        ("https://0.0.0.0/", "Nobody"),
        ("https://224.0.0.1/", "Nobody"),
        ("https://255.255.255.255/", "Nobody"),
    ],
)
def test_no_other_address_is_told_anything(url: str, why: str) -> None:
    with pytest.raises(ReceiverAddressInvalid, match=why):
        check_address(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "8.8.8.8", "10.0.0.1", "2001:4860::1"])
def test_ordinary_addresses_are_not_refused(address: str) -> None:
    assert not refused(ip_address(address))


async def test_a_name_is_looked_at_when_it_is_resolved() -> None:
    """A number written in another way is a name to the client, and an address to the system."""
    resolver = CarefulResolver()
    try:
        found = await resolver.resolve("localhost", 80, socket.AF_INET)
        assert [one["host"] for one in found] == ["127.0.0.1"]
        with pytest.raises(OSError, match="must not be told"):
            await resolver.resolve("2852039166", 80, socket.AF_INET)
    finally:
        await resolver.close()


async def test_the_session_asks_no_such_name() -> None:
    check_address("https://2852039166/")  # a name as far as the address tells
    async with make_session() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post("https://2852039166/", timeout=aiohttp.ClientTimeout(total=5))
