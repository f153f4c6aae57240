"""Caller ids that no honest telephone sends, and keys pressed at random."""

import unicodedata

import pytest

from tests.journeys.bare_caller import ADDRESS, BareCaller
from tests.journeys.office import Office

STRANGE = {
    "no user at all": b"<sip:127.0.0.3>",
    "anonymous": b'"Anonymous" <sip:anonymous@anonymous.invalid>',
    "4 kB": b'"%s" <sip:%s@127.0.0.3>' % (b"A" * 4096, b"9" * 4096),
    "an escaped new line": b"<sip:0811%0d%0aX-Evil:%201@127.0.0.3>",
    "control characters in the name": b'"Pak\\\x01\\\x07 Budi" <sip:081234567890@127.0.0.3>',
    "emoji and a right-to-left override": '"🙂\u202eiduB" <sip:0812x@127.0.0.3>'.encode(),
    "a name that is not UTF-8": b'"\xff\xfe\xc3" <sip:0812@127.0.0.3>',
    "another number's plus": b"<sip:62811591999@127.0.0.3>",
    "quotes and brackets": b'"\\"; DROP TABLE calls; --" <sip:\'%22%3c@127.0.0.3>',
}


@pytest.mark.parametrize("identity", STRANGE.values(), ids=STRANGE.keys())
async def test_a_strange_caller_id_is_one_record_like_any_other(
    office: Office, identity: bytes
) -> None:
    before = await office.calls()
    caller = await BareCaller.at(office.site.sip_server)
    try:
        assert await caller.call(office.site.values.helpdesk_number, identity) == 200
    finally:
        caller.close()
    report = await office.archived((await office.opened(before)).call.form_number)
    assert report.outcome == "abandoned_in_welcome"
    shown = report.call.caller.shown
    assert 0 < len(shown) <= 64
    assert not any(unicodedata.category(sign).startswith("C") for sign in shown)
    assert await office.calls() == before + 1
    assert office.site.health("ready")["ready"]


async def test_a_caller_from_an_address_that_is_no_trunk_reaches_nobody(office: Office) -> None:
    before = await office.calls()
    caller = await BareCaller.at(office.site.sip_server, "127.0.0.77")
    try:
        number = office.site.values.helpdesk_number
        assert await caller.call(number, b"<sip:0812@127.0.0.77>") == 401
    finally:
        caller.close()
    assert await office.calls() == before


async def test_only_the_helpdesk_number_can_be_dialled(office: Office) -> None:
    before = await office.calls()
    for number in ("001234567890", "500", f"{office.site.values.helpdesk_number}&PJSIP/op-101"):
        caller = await BareCaller.at(office.site.sip_server)
        try:
            assert await caller.call(number, b"<sip:0812@%s>" % ADDRESS.encode()) == 404
        finally:
            caller.close()
    assert await office.calls() == before
