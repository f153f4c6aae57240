"""A decision is on record before it counts, and counts also when the record can be read later."""

import pytest

from agent.database.errors import DatabaseUnreachable, OfficeDecisionStale
from agent.domain.form import Sentence
from agent.domain.office_change import CategoryChange, OfficeChangeInvalid
from agent.web.office_desk import OfficeDesk, Signed
from tests.web.site import Site


def signed(here: Site, reason: str = "Rapat") -> Signed:
    return Signed(by="ratna", reason=reason, based_on=here.parts.decided.names["form"])


def with_one_more(here: Site, name: str) -> tuple[CategoryChange, ...]:
    known = here.parts.decided.form.lists["category"].items()
    rows = tuple(CategoryChange(code=code, label=label) for code, label in known)
    return (*rows, CategoryChange(label=Sentence(name, "")))


async def test_versions_follow_each_other_and_codes_are_never_reused(here: Site) -> None:
    desk = OfficeDesk(here.parts)
    for number, code in ((1, "18"), (2, "19")):
        seen = signed(here)
        taken = await desk.categories(with_one_more(here, f"Baru {number}"), seen)
        assert taken.version == f"formulir-konsultasi-kantor-{number}"
        assert here.parts.decided.form.lists["category"][code].id == f"Baru {number}"
    assert list(here.parts.forms)[-1] == here.parts.form == "formulir-konsultasi-kantor-2"
    with pytest.raises(OfficeDecisionStale):
        await desk.categories(with_one_more(here, "Baru 3"), seen)


async def test_without_a_reason_nothing_is_kept(here: Site) -> None:
    with pytest.raises(OfficeChangeInvalid, match="empty"):
        await OfficeDesk(here.parts).categories(with_one_more(here, "Baru"), signed(here, " "))
    assert here.parts.form == "formulir-konsultasi-1"


async def test_a_decision_that_cannot_be_taken_up_now_is_taken_up_later(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, decided = OfficeDesk(here.parts), here.parts.decided
    url = decided._url
    monkeypatch.setattr(decided, "_url", "postgresql://127.0.0.1:1/lpse")
    taken = await desk.categories(with_one_more(here, "Baru"), signed(here))
    assert here.parts.form == "formulir-konsultasi-1"
    with pytest.raises(DatabaseUnreachable):
        await decided.take_up()
    monkeypatch.setattr(decided, "_url", url)
    await decided.take_up()
    assert here.parts.form == taken.version
