"""Which messages a matter of a ticket makes, and under which keys."""

from typing import get_args

from agent.domain.identifiers import CallId
from agent.runtime.hand_over import WAYS_OF, messages_of
from agent.runtime.outbox import Matter, OutboxMessage, Way

TICKET = "26-00412-7"
ALL: tuple[Way, ...] = get_args(Way)


def made(
    matter: Matter,
    ways: tuple[Way, ...] = ALL,
    caller: str | None = "budi@contoh.co.id",
    occasion: str = "",
) -> dict[str, OutboxMessage]:
    messages = messages_of(
        matter,
        CallId("call-1"),
        TICKET,
        {"problem": "Gagal unggah", "tender_code": None},
        ways=ways,
        caller_address=caller,
        level_address="ppe@example.go.id",
        occasion=occasion,
    )
    return {message.key: message for message in messages}


def test_a_new_ticket_goes_all_ways_and_each_message_has_its_address() -> None:
    messages = made("ticket_opened")
    assert set(messages) == {f"{TICKET}/ticket_opened/{way}" for way in ALL}
    told = {message.way: message.facts.get("to") for message in messages.values()}
    assert told["caller_email"] == "budi@contoh.co.id"
    assert told["level_email"] == "ppe@example.go.id"
    assert told["webhook"] is told["request_tracker"] is None
    assert all("tender_code" not in message.facts for message in messages.values())


def test_what_can_happen_twice_has_a_key_of_each_occasion() -> None:
    first, second = made("question_asked", occasion="4"), made("question_asked", occasion="7")
    assert set(first) == {f"{TICKET}/question_asked/4/{way}" for way in ("caller_email", "webhook")}
    assert not set(first) & set(second)
    assert made("question_asked", occasion="4") == first


def test_a_way_that_is_off_and_an_address_that_is_missing_make_no_message() -> None:
    assert set(made("ticket_opened", ways=("webhook",))) == {f"{TICKET}/ticket_opened/webhook"}
    assert f"{TICKET}/ticket_opened/caller_email" not in made("ticket_opened", caller=None)
    assert made("ticket_solved", ways=("level_email", "request_tracker")) == {}


def test_every_matter_has_its_ways() -> None:
    assert set(WAYS_OF) == set(get_args(Matter))
