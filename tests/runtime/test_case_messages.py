"""Who is told what about a ticket, each receiver once for each matter."""

import msgspec

from agent.domain.priority import Level
from agent.domain.ticket import Ticket, decide
from agent.runtime.case_messages import Case, Ways, opening, opening_key, sent_up, told_to_user
from tests.domain.offices import wib
from tests.domain.ticket_story import opened

ALL = Ways(
    on=frozenset({"caller_email", "level_email", "webhook", "request_tracker"}),
    office_name="LPSE Kabupaten Batang",
    addresses={"admin_ppe": "ppe@example.go.id", "lkpp": "lkpp@example.go.id"},
)
NUMBER = "26-00412-7"


def case(email: str | None = "budi@contoh.co.id") -> Case:
    ticket: Ticket = decide(None, opened(wib("2026-07-06 08:00")))
    facts = {"problem": "Unggah gagal", **({"contact_email": email} if email else {})}
    target = wib("2026-07-07 16:00")
    return Case(ticket=ticket, target_at=target, zone="WIB", facts=facts)


def test_an_opened_ticket_is_told_to_everybody_once() -> None:
    messages = opening(case(), ALL)
    assert [(m.way, m.facts.get("to")) for m in messages] == [
        ("caller_email", "budi@contoh.co.id"),
        ("level_email", "ppe@example.go.id"),
        ("webhook", None),
        ("request_tracker", None),
    ]
    assert [m.key for m in messages] == [opening_key(NUMBER, m.way) for m in messages]
    assert messages[0].facts == {
        "problem": "Unggah gagal",
        "contact_email": "budi@contoh.co.id",
        "office_name": "LPSE Kabupaten Batang",
        "form_number": "0123/FK-TLP/LPSE.BTG/2026",
        "priority": "medium",
        "zone": "WIB",
        "target_at": "2026-07-07T16:00:00+07:00",
        "level": "admin_ppe",
        "to": "budi@contoh.co.id",
    }


def test_who_has_no_email_is_not_written_to() -> None:
    assert "caller_email" not in [m.way for m in opening(case(email=None), ALL)]
    assert (
        told_to_user(case(email=None), Ways(on=frozenset({"caller_email"})), "ticket_solved") == []
    )


def test_only_the_ways_that_are_on_are_gone() -> None:
    assert [m.way for m in opening(case(), Ways(on=frozenset({"webhook"})))] == ["webhook"]
    assert opening(case(), Ways()) == []


def test_the_hand_over_is_the_first_way_to_the_next_level() -> None:
    assert ALL.hands_over == "request_tracker"
    assert Ways(on=frozenset({"level_email", "webhook"})).hands_over == "level_email"
    assert Ways(on=frozenset({"caller_email"})).hands_over is None


def at_level(level: Level) -> Case:
    ticket = msgspec.structs.replace(case().ticket, level=level)
    return msgspec.structs.replace(case(), ticket=ticket)


def test_a_higher_level_is_told_when_it_gets_the_ticket_the_first_one_knows_it_already() -> None:
    assert sent_up(at_level(Level.ADMIN_PPE), ALL) == []
    [message] = sent_up(at_level(Level.LKPP), ALL)
    assert message.key == f"{NUMBER}/ticket_opened/lkpp/level_email"
    assert (message.facts["to"], message.facts["level"]) == ("lkpp@example.go.id", "lkpp")
    assert sent_up(at_level(Level.LKPP), Ways(on=frozenset({"level_email"}))) == []


def test_two_questions_are_two_messages() -> None:
    first = told_to_user(case(), ALL, "question_asked", question="Tangkapan layar?")
    later = msgspec.structs.replace(case(), ticket=msgspec.structs.replace(case().ticket, events=5))
    second = told_to_user(later, ALL, "question_asked", question="Kode tender?")
    assert [m.way for m in first] == ["caller_email", "webhook"]
    assert not {m.key for m in first} & {m.key for m in second}
    assert second[0].facts["question"] == "Kode tender?"


def test_a_reopened_ticket_is_told_to_the_level_that_works_on_it_too() -> None:
    messages = told_to_user(at_level(Level.LKPP), ALL, "ticket_reopened", reason="Masih gagal")
    assert [(m.way, m.facts.get("to")) for m in messages] == [
        ("caller_email", "budi@contoh.co.id"),
        ("level_email", "lkpp@example.go.id"),
        ("webhook", None),
    ]


def test_a_level_is_told_each_time_that_somebody_sends_it_the_ticket() -> None:
    """It may have had it and given it back; the first level by age only knows it already."""
    back = at_level(Level.ADMIN_PPE)
    later = msgspec.structs.replace(back, ticket=msgspec.structs.replace(back.ticket, events=7))
    sent = [*sent_up(back, ALL, by_hand=True), *sent_up(later, ALL, by_hand=True)]
    assert [message.facts["to"] for message in sent] == ["ppe@example.go.id"] * 2
    assert len({message.key for message in (*opening(case(), ALL), *sent)}) == 4 + 2


def test_what_is_no_address_gets_no_email_and_is_told_to_the_level_as_it_stands() -> None:
    messages = opening(case(email="budi di contoh"), ALL)
    assert [message.way for message in messages] == ["level_email", "webhook", "request_tracker"]
    assert messages[0].facts["contact_email"] == "budi di contoh"
