"""What lives at a real Asterisk, and the operators' telephones made known to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from agent.asterisk.ari_client import AriClient
from agent.asterisk.ari_exchange import AriExchange
from agent.asterisk.phone_accounts import ConfigObject, digest_of, phone_account_objects
from agent.domain.identifiers import BridgeId, ChannelId, OperatorId
from agent.runtime.recorder import OperatorAccount
from deploy.asterisk_server import AsteriskServer
from deploy.sip_phone import SipPhone, SipPhoneFailed, SipPhones
from tests.asterisk.events_heard import EventsHeard, until

PASSWORD = "kata-sandi-uji"  # noqa: S105 (of phones that live for one test)
SITI, BUDI = OperatorId("op-101"), OperatorId("op-102")


@pytest_asyncio.fixture(scope="module")
async def exchange(asterisk: AsteriskServer, client: AriClient, events: EventsHeard) -> AriExchange:
    return AriExchange(client, asterisk.values.application)


@pytest_asyncio.fixture(scope="module")
async def phone(asterisk: AsteriskServer) -> AsyncIterator[SipPhone]:
    values = asterisk.values
    async with SipPhones(Path(values.state_folder).parent / "phones") as phones:
        yield await phones.operator(SITI, PASSWORD, f"{values.sip_address}:{values.sip_port}")


def account(
    asterisk: AsteriskServer, name: OperatorId, password: str = PASSWORD
) -> OperatorAccount:
    digest = digest_of(name, asterisk.values.realm, password)
    return OperatorAccount(name, "Siti", digest.sha256, digest.md5)


async def test_a_caller_who_arrives_is_in_our_care_and_can_be_sent_to_the_fallback(
    exchange: AriExchange, asterisk: AsteriskServer, client: AriClient, events: EventsHeard
) -> None:
    await client.create(
        "channels",
        "lpse-00bb-o1",
        endpoint="Local/1500@from-trunk",
        app=asterisk.values.application,
        callerId="0811222333 <0811222333>",
        formats="alaw",
    )
    await events.until(lambda: bool(events.arrivals))
    [arrived] = events.arrivals
    living = await exchange.living()
    assert arrived.channel in living.in_our_care
    assert arrived.channel in living.channels
    again = await exchange.arrival_of(arrived.channel)
    assert again is not None
    assert (again.call_id, again.line) == (arrived.call_id, "1500"), "a repeat is recognised"
    await exchange.send_to_fallback(arrived)
    await client.delete("channels", "lpse-00bb-o1")
    await until(lambda: _gone(exchange, arrived.channel))
    assert await exchange.arrival_of(arrived.channel) is None
    await exchange.hang_up(arrived.channel)


async def test_only_bridges_of_our_own_that_are_empty_are_told_and_removed(
    exchange: AriExchange, client: AriClient
) -> None:
    await client.create("bridges", "lpse-00cc", type="mixing")
    await client.create("bridges", "somebody-elses", type="mixing")
    assert (await exchange.living()).empty_bridges == {"lpse-00cc"}
    await exchange.remove_bridge(BridgeId("lpse-00cc"))
    await exchange.remove_bridge(BridgeId("lpse-00cc"))
    assert (await exchange.living()).empty_bridges == set()
    await client.delete("bridges", "somebody-elses")


async def test_a_telephone_is_reachable_from_its_registration_to_its_leaving(
    exchange: AriExchange, asterisk: AsteriskServer, phone: SipPhone
) -> None:
    await exchange.publish_phones([account(asterisk, SITI)])
    assert await exchange.reachable_phones() == set()
    await registered(phone)
    await until(lambda: _reachable(exchange, {SITI}))  # it answers Asterisk's question first
    # The roster changes while she is registered: her address must not become one that stays.
    await exchange.publish_phones([account(asterisk, SITI), account(asterisk, BUDI)])
    assert await exchange.reachable_phones() == {SITI}
    await phone.unregister()
    assert await exchange.reachable_phones() == set()


async def test_what_is_published_again_and_again_stays_as_it_was(
    exchange: AriExchange, asterisk: AsteriskServer, client: AriClient, phone: SipPhone
) -> None:
    """Every roster change and every reconnection publishes all telephones."""
    accounts = [account(asterisk, SITI)]
    await exchange.publish_phones(accounts)
    once = [await kept(client, kind) for kind in ("auth", "aor", "endpoint")]
    for written, found in zip(objects(asterisk)[:2], once, strict=False):
        assert written.fields.items() <= found.items(), "so it is known again and left alone"
    for _ in range(40):
        await exchange.publish_phones(accounts)
    assert [await kept(client, kind) for kind in ("auth", "aor", "endpoint")] == once
    await registered(phone)
    await phone.unregister()


def objects(asterisk: AsteriskServer) -> list[ConfigObject]:
    return phone_account_objects(SITI, digest_of(SITI, asterisk.values.realm, PASSWORD))


async def kept(client: AriClient, kind: str) -> dict[str, str]:
    fields = await client.get("asterisk", "config", "dynamic", "res_pjsip", kind, SITI)
    return {field["attribute"]: field["value"] for field in fields}


async def test_an_address_object_kept_with_other_values_is_written_anew(
    exchange: AriExchange, asterisk: AsteriskServer, client: AriClient
) -> None:
    place = ("asterisk", "config", "dynamic", "res_pjsip", "aor", SITI)
    old = [{"attribute": "max_contacts", "value": "7"}]
    await client.put(*place, body={"fields": old})
    await exchange.publish_phones([account(asterisk, SITI)])
    assert (await kept(client, "aor"))["max_contacts"] == "1"


async def test_a_new_password_counts_at_once_and_a_removed_operator_is_forgotten(
    exchange: AriExchange, asterisk: AsteriskServer, client: AriClient, phone: SipPhone
) -> None:
    await exchange.publish_phones([account(asterisk, SITI, "another"), account(asterisk, BUDI)])
    assert await refused(phone)
    await exchange.publish_phones([account(asterisk, SITI)])
    await registered(phone)
    told = await client.get("asterisk", "variable", variable="OPERATORS_PHONES")
    assert told["value"] == "PJSIP/op-101"
    await exchange.publish_phones([])
    assert await exchange.reachable_phones() == set()
    told = await client.get("asterisk", "variable", variable="OPERATORS_PHONES")
    assert told["value"] == "none"
    assert await refused(phone)


async def registered(phone: SipPhone) -> None:
    """Asterisk takes a moment to know a new account."""
    await until(lambda: _taken(phone))


async def _reachable(exchange: AriExchange, phones: set[OperatorId]) -> bool:
    return await exchange.reachable_phones() == phones


async def _taken(phone: SipPhone) -> bool:
    return not await refused(phone)


async def _gone(exchange: AriExchange, channel: ChannelId) -> bool:
    return channel not in (await exchange.living()).channels


async def refused(phone: SipPhone) -> bool:
    try:
        await phone.register()
    except SipPhoneFailed:
        return True
    return False
