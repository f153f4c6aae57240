"""An administrator changes what the office has decided; what is under way keeps its own."""

import re
from typing import Any

import msgspec
import pytest
from msgspec import structs

from agent.catalogue import read_words
from agent.database.trail import TrailFilter, read_trail
from agent.domain.floor import OperatorState
from agent.office import keep_decisions
from agent.runtime.call_loop import CallLoop
from tests.runtime.exchange import arrival_of_call
from tests.runtime.waiting import until
from tests.web.site import Site

WORDS = read_words()["id"]
CLOSURE = {
    "first": "2026-12-31",
    "last": "2026-12-31",
    "reason": "Tutup buku",
    "source": "SE Bupati 12",
}


def state_after(here: Site, loop: CallLoop) -> OperatorState:
    """Of the operator who took this call."""
    assert loop.call
    return here.people.floor.floor.operators[loop.call.offers[-1].operator]


async def now(here: Site, admin: Any) -> dict[str, Any]:
    """What counts, as the API tells it."""
    status, told = await here.ask(admin, "GET", "/office")
    assert status == 200
    return dict(told)


def hours_of(told: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The hours as they are, changed and signed."""
    hours = {k: v for k, v in told["office_hours"].items() if k not in ("office", "version")}
    based_on = told["versions"]["office_hours"]["in_force"]
    return {**hours, "based_on": based_on, "reason": "Surat Edaran 12", **change}


def table_of(told: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The table as it is, changed and signed."""
    table = told["priority_table"]
    kept = {name: table[name] for name in ("status", "source", "matrix", "priorities")}
    for terms in kept["priorities"].values():
        terms.pop("label")
    based_on = told["versions"]["priority_table"]["in_force"]
    return {**kept, "based_on": based_on, "reason": "Rapat 3", **change}


def rules_of(told: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The rules of calls as they are, changed and signed."""
    rules = {k: v for k, v in told["office_rules"].items() if k != "version"}
    based_on = told["versions"]["office_rules"]["in_force"]
    return {**rules, "based_on": based_on, "reason": "Rapat 5", **change}


def categories_of(told: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """The categories as they are, with more behind them, signed."""
    form = told["form"]
    known = [{"code": code, "label": label} for code, label in form["lists"]["category"].items()]
    based_on = told["versions"]["form"]["in_force"]
    return {"categories": [*known, *more], "based_on": based_on, "reason": "Rapat 4"}


async def test_a_closure_counts_at_once_with_who_and_why_and_after_a_restart(here: Site) -> None:
    admin = await here.log_in("administrator")
    body = hours_of(await now(here, admin), closures=[CLOSURE])
    status, told = await here.ask(admin, "PUT", "/office/hours", body)
    assert (status, told) == (200, {"kind": "office_hours", "version": "LPSE.BTG kantor-1"})
    told = await now(here, admin)
    assert told["office_hours"]["closures"] == [CLOSURE]
    decision = told["versions"]["office_hours"]["decision"]
    assert (decision["decided_by"], decision["reason"]) == ("administrator", "Surat Edaran 12")
    assert here.parts.decided.hours.closures[0].reason == "Tutup buku"
    restarted = await keep_decisions(here.parts.settings, "LPSE")
    assert restarted.names["office_hours"] == "LPSE.BTG kantor-1"
    async with here.parts.pool.connection() as connection:
        trail = await read_trail(connection, TrailFilter(action="office_decided"))
    assert [(line.by, line.subject) for line in trail.lines] == [("administrator", "office_hours")]
    _, page = await here.get(admin, "/office")
    assert "oleh administrator: Surat Edaran 12" in page


async def test_new_tickets_are_judged_by_the_new_table(here: Site) -> None:
    admin = await here.log_in("administrator")
    body = table_of(await now(here, admin), status="ditetapkan")
    body["priorities"]["low"]["target"] = {"hours": None, "days": 3}
    status, told = await here.ask(admin, "PUT", "/office/priority-table", body)
    assert (status, told["version"]) == (200, "kantor-1")
    rules = here.parts.decided.now
    assert rules.table.priorities.low.target.days == 3
    assert rules.table.priorities.low.label == "Rendah"
    assert set(rules.tables) == {"usulan-1", "kantor-1"}


async def test_a_new_category_is_for_the_next_call_and_changes_nothing_for_the_one_that_talks(
    here: Site,
) -> None:
    admin, told = await here.log_in("administrator"), None
    old = await here.talks()
    assert old.call
    told = await now(here, admin)
    label = {"id": "Audit probity", "en": ""}
    body = categories_of(told, {"label": label})
    body["categories"][13]["retired"] = True
    status, answer = await here.ask(admin, "PUT", "/office/categories", body)
    assert (status, answer["version"]) == (200, "formulir-konsultasi-kantor-1")
    new = await here.people.arrives(arrival_of_call(2))
    assert new.call
    assert old.call.rules.form == told["versions"]["form"]["in_force"]
    assert new.call.rules.form == "formulir-konsultasi-kantor-1"
    written = await here.parts.desk.fill(old.call.form_number, "category", "14", "op-101")
    assert written.definition.name == old.call.rules.form  # type: ignore[union-attr]
    refused = await here.parts.desk.fill(old.call.form_number, "category", "18", "op-101")
    assert refused.reason == "unknown_choice"  # type: ignore[union-attr]
    await here.parts.desk.fill(new.call.form_number, "category", "18", "op-101")
    refused = await here.parts.desk.fill(new.call.form_number, "category", "14", "op-101")
    assert refused.reason == "unknown_choice"  # type: ignore[union-attr]
    assert new.call
    assert new.call.form.values["category"] == "18"


async def test_new_rules_are_for_the_next_call_and_change_nothing_for_the_one_that_talks(
    here: Site,
) -> None:
    admin = await here.log_in("administrator")
    old = await here.talks()
    assert old.call
    before = old.call.rules
    change = {
        "longest_wait_seconds": 120, "wrap_up_seconds": 60, "numbers_heard_by": "operator",
        "audio_kept_days": 30,
    }  # fmt: skip
    body = rules_of(await now(here, admin), **change)
    status, told = await here.ask(admin, "PUT", "/office/rules", body)
    assert (status, told) == (200, {"kind": "office_rules", "version": "kantor-1"})
    new = await here.people.arrives(arrival_of_call(2))
    assert new.call
    assert old.call.rules == before
    assert new.call.rules == structs.replace(
        before,
        longest_wait_seconds=120,
        wrap_up_seconds=60,
        numbers_heard_by="operator",
        audio_kept_days=30,
    )
    here.exchange.leave(old.call.channel)
    await until(lambda: state_after(here, old).busy_with != old.call_id)
    assert state_after(here, old).kind == "ready", "the call before is followed by no wrap-up"
    await here.people.talks(new)
    here.exchange.leave(new.call.channel)
    await until(lambda: state_after(here, new).kind == "wrap_up")
    restarted = await keep_decisions(here.parts.settings, "LPSE")
    assert restarted.rules == here.parts.decided.rules
    assert (restarted.rules.version, restarted.rules.audio_kept_days) == ("kantor-1", 30)
    async with here.parts.pool.connection() as connection:
        trail = await read_trail(connection, TrailFilter(action="office_decided"))
    assert [(line.by, line.subject) for line in trail.lines] == [("administrator", "office_rules")]


async def test_rules_are_told_with_what_was_before(here: Site) -> None:
    admin = await here.log_in("administrator")
    seen = await now(here, admin)
    first = seen["versions"]["office_rules"]["in_force"]
    _, page = await here.get(admin, "/office")
    assert "dari pengaturan layanan" in page
    body = rules_of(seen, ring_seconds=25, numbers_heard_by="operator")
    assert (await here.ask(admin, "PUT", "/office/rules", body))[0] == 200
    two = f"kind=office_rules&before={first}&after=kantor-1"
    _, told = await here.ask(admin, "GET", f"/office/comparison?{two}")
    differences = [(one["where"], one["before"], one["after"]) for one in told["differences"]]
    assert differences == [
        (["ring_seconds"], "20", "25"), (["numbers_heard_by"], "both", "operator"),
    ]  # fmt: skip
    _, page = await here.get(admin, f"/office/comparison?{two}")
    assert "Telepon operator berdering</th>" in page
    _, page = await here.get(admin, "/office")
    assert "25 detik" in page
    assert "operator saja" in page
    assert "oleh administrator: Rapat 5" in page
    _, page = await here.get(admin, f"/office?office_rules={first}")
    assert "20 detik" in page
    status, told = await here.ask(admin, "PUT", "/office/rules", rules_of(seen, ring_seconds=26))
    assert (status, told["title"]) == (409, "office_decision_changed")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"ring_seconds": 0}, "ring_seconds"), ({"archive_after_seconds": 541}, "archive_after"),
        ({"numbers_heard_by": "nobody"}, "numbers_heard_by"), ({"audio_kept_days": None}, "audio"),
    ],
)  # fmt: skip
async def test_rules_beyond_the_limits_of_the_settings_are_refused(
    here: Site, change: dict[str, Any], place: str
) -> None:
    admin = await here.log_in("administrator")
    before = here.parts.decided.rules
    body = rules_of(await now(here, admin), **change)
    status, told = await here.ask(admin, "PUT", "/office/rules", body)
    assert (status, told["title"]) == (400, "request_invalid")
    assert place in told["detail"]
    await here.parts.decided.take_up()
    assert here.parts.decided.rules == before


async def test_the_desk_shows_the_version_that_its_call_is_written_on(here: Site) -> None:
    admin, operator = await here.log_in("administrator"), await here.log_in("operator")
    loop = await here.talks()
    body = categories_of(await now(here, admin), {"label": {"id": "Audit probity", "en": ""}})
    assert (await here.ask(admin, "PUT", "/office/categories", body))[0] == 200
    # Also where a form is asked for that is not open: the page shows the present call.
    for path in ("/desk", "/desk?form=99/2020"):
        _, page = await here.get(operator, path)
        assert 'data-form="formulir-konsultasi-1"' in page
        assert "Audit probity" not in page
    assert loop.call
    _, page = await here.get(await here.log_in("supervisor"), "/desk")
    assert 'data-form="formulir-konsultasi-kantor-1"' in page
    assert "Audit probity" in page


async def test_who_changed_an_older_version_is_told_and_decides_nothing(here: Site) -> None:
    admin, other = await here.log_in("administrator"), await here.log_in("administrator", "ratna")
    seen = await now(here, admin)
    assert (await here.ask(other, "PUT", "/office/hours", hours_of(seen, closures=[CLOSURE])))[
        0
    ] == 200
    mine = hours_of(seen, closures=[{**CLOSURE, "reason": "Pilkada"}])
    status, told = await here.ask(admin, "PUT", "/office/hours", mine)
    assert (status, told["title"]) == (409, "office_decision_changed")
    assert "masih di halaman ini" in told["detail"]
    assert (await now(here, admin))["office_hours"]["closures"] == [CLOSURE]


@pytest.mark.parametrize(
    ("path", "change", "reason", "told"),
    [
        ("hours", {}, "office_nothing_changed", "Tidak ada yang berubah"),
        (
            "hours",
            {"closures": [{**CLOSURE, "last": "2026-12-30"}]},
            "office_last_first",
            "Hari tutup, 2026-12-31: Hari terakhir",
        ),
        (
            "hours",
            {"closures": [{**CLOSURE, "last": "2999-12-31", "first": "2026-01-01"}]},
            "office_never_due",
            "Prioritas tinggi: ",
        ),
        ("hours", {"reason": "PIN saya 4821"}, "office_secret", "Alasan: Isian memuat"),
        ("hours", {"source": " \u200b "}, "office_empty", "Dasar: "),
        ("priority-table", {}, "office_nothing_changed", "Tidak ada"),
        ("rules", {}, "office_nothing_changed", "Tidak ada"),
        ("rules", {"ring_seconds": 25, "reason": " "}, "office_empty", "Alasan: "),
        ("categories", {}, "office_nothing_changed", "Tidak ada"),
    ],
)
async def test_what_cannot_be_decided_is_refused_in_one_sentence(
    here: Site, path: str, change: dict[str, Any], reason: str, told: str
) -> None:
    admin = await here.log_in("administrator")
    make = {
        "hours": hours_of, "priority-table": table_of, "rules": rules_of,
        "categories": categories_of,
    }[path]  # fmt: skip
    before = await now(here, admin)
    body = {**make(before), **change}
    if path == "categories":  # the order of a file is no order that a database keeps
        await here.ask(admin, "PUT", "/office/categories", body)
        body = {**make(await now(here, admin)), **change}
    status, answer = await here.ask(admin, "PUT", f"/office/{path}", body)
    assert (status, answer["title"]) == (422, reason)
    assert told in answer["detail"]


async def test_every_mistake_has_a_sentence(here: Site) -> None:
    source = "".join(
        (here.parts.settings.form_file.parents[2] / "domain" / name).read_text()
        for name in ("office_change.py", "working_time.py", "priority.py")
    )
    mistakes = {
        "unreadable", "day_twice", "ramadan_days", "closes_first", "break_outside", "secret",
        "break_backwards", "last_first", "ramadan_length", "closed_and_open", "term_unclear",
        "target_zero", "escalations_down", "matrix_gentler", "no_categories", "category_unknown",
        "category_twice", "category_missing", "all_retired", "label_twice", "never_due", "empty",
        "too_long",
    }  # fmt: skip
    for mistake in mistakes:
        assert f'"{mistake}"' in source, mistake
        assert WORDS(f"problems.office_{mistake}")


async def test_the_pages_show_what_counts_in_fields_that_can_be_changed(here: Site) -> None:
    admin = await here.log_in("administrator")
    assert (await here.ask(admin, "PUT", "/office/hours",
            hours_of(await now(here, admin), closures=[CLOSURE])))[0] == 200  # fmt: skip
    _, page = await here.get(admin, "/office/hours")
    assert 'name="based_on" value="LPSE.BTG kantor-1"' in page
    assert 'name="reason" value="Tutup buku"' in page
    assert page.count("data-open checked") == 10
    _, page = await here.get(admin, "/office/priority-table")
    assert 'name="matrix.not_urgent.small"' in page
    assert '<option value="low" selected>Rendah</option>' in page
    _, page = await here.get(admin, "/office/rules")
    assert re.search(r'name="wrap_up_seconds" type="number" min="0" max="600" step="any"', page)
    assert re.search(
        r'name="ring_seconds" type="number" min="0.1" max="3600" [^>]*value="20"', page
    )
    assert re.search(r'name="audio_kept_days" [^>]*step="1" value="90"', page)
    assert page.count("Lebih dari 0, paling banyak 3600.") == 4
    assert "Dari 0 sampai 540." in page
    assert '<option value="both" selected>operator dan penelepon</option>' in page
    _, page = await here.get(admin, "/office/categories")
    assert page.count('name="code"') == 18
    assert "SIKaP" in page
    _, page = await here.get(admin, "/office")
    assert "/office/comparison" in page


async def test_only_an_administrator_changes_and_sees_it(here: Site) -> None:
    supervisor, admin = await here.log_in("supervisor"), await here.log_in("administrator")
    body = hours_of(await now(here, admin), closures=[CLOSURE])
    assert (await here.ask(supervisor, "PUT", "/office/hours", body))[0] == 403
    body = rules_of(await now(here, admin), ring_seconds=25)
    assert (await here.ask(supervisor, "PUT", "/office/rules", body))[0] == 403
    for path in ("hours", "priority-table", "rules", "categories", "comparison"):
        assert (await here.get(supervisor, f"/office/{path}"))[0] == 403
    assert here.parts.decided.names["office_hours"] == "LPSE.BTG usulan-1"


async def test_a_table_that_names_a_wrong_word_is_not_understood(here: Site) -> None:
    admin = await here.log_in("administrator")
    body = table_of(await now(here, admin))
    body["matrix"]["urgent"]["large"] = "highest"
    status, told = await here.ask(admin, "PUT", "/office/priority-table", body)
    assert (status, told["title"]) == (400, "request_invalid")
    assert msgspec.json.encode(told)
