"""An operation of the API, from what is asked to what is answered."""

import msgspec
import pytest

from agent.catalogue import read_words
from agent.database.errors import DatabaseUnreachable, NumberUnknown, TicketUnknown
from agent.domain.numbers import NumberInvalid
from agent.runtime.errors import EffectFailed
from agent.web.operations import PROBLEMS, refusal_of
from agent.web.problems import Refused
from tests.web.site import Site


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NumberInvalid("x"), 400, "number_invalid"),
        (NumberUnknown("x"), 404, "number_unknown"),
        (TicketUnknown("x"), 404, "ticket_unknown"),
        (DatabaseUnreachable("x"), 503, "database_away"),
        (EffectFailed("x"), 503, "not_recorded"),
        (msgspec.ValidationError("x"), 400, "request_invalid"),
    ],
)
def test_what_the_rooms_below_raise_is_told(error: Exception, status: int, reason: str) -> None:
    refused = refusal_of(error)
    assert refused is not None
    assert (refused.status, refused.reason) == (status, reason)


def test_a_refusal_is_told_as_it_is_and_our_own_mistakes_are_none() -> None:
    refused = Refused(409, "field_changed")
    assert refusal_of(refused) is refused
    assert refusal_of(ZeroDivisionError()) is None


def test_every_error_has_its_sentence() -> None:
    for words in read_words().values():
        assert {f"problems.{reason}" for _, _, reason in PROBLEMS} <= words.keys


async def test_an_answer_is_json_that_nobody_keeps(here: Site) -> None:
    browser = await here.log_in("supervisor")
    async with browser.get("/api/v1/wallboard") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert answer.headers["Cache-Control"] == "no-store"
    async with browser.get("/api/v1/desk?unknown=1") as answer:
        assert answer.status == 400
        told = await answer.json(content_type=None)
        assert told["title"] == "request_invalid"


async def test_a_problem_is_told_in_the_language_that_was_asked_for(here: Site) -> None:
    browser = await here.browser()
    for language, sentence in (("en", "Please log in first."), ("id", "Mohon masuk")):
        async with browser.get("/api/v1/desk", headers={"Accept-Language": language}) as answer:
            assert answer.status == 401
            assert sentence in (await answer.json(content_type=None))["detail"]
