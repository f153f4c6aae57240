"""Deviations with what was said of them: operators explain their own, supervisors decide."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from agent.database import deviation_words
from agent.database.access import Access, log_access
from agent.database.call_filter import FilterInvalid
from agent.database.deviation_words import (
    STATES,
    DeviationFilter,
    Kind,
    State,
    list_deviations,
)
from agent.domain.deviation_words import (
    LONGEST_TEXT,
    DeviationWord,
    Verdict,
    WordRefused,
)
from agent.domain.identifiers import OperatorId
from agent.domain.rights import Right
from agent.runtime import clock
from agent.web.equipment import EquipmentAsked, EquipmentFound, find_equipment
from agent.web.operations import Asking, Operation, refusal_of
from agent.web.pages import Page, Shown, page_link
from agent.web.parts import Parts
from agent.web.period import begin_of_day
from agent.web.problems import Refused
from agent.web.shown_numbers import Numbers
from agent.web.spoken_deviation import Spoken, names_of, spoken

SEE = (Right.CALLS, Right.DESK)
"""All deviations, or with the desk alone one's own."""
CALLS_OF_A_PAGE = 50
KINDS: tuple[Kind, ...] = ("time", "output", "equipment")
FORBIDDEN = ("not_his_own", "his_own", "explained_by_him")

Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(max_length=4 * LONGEST_TEXT)]


class DeviationsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which; one must meet all that is given. Days are the office's, `until` the last."""

    state: State = "open"
    """Those that are not decided yet, of these the explained ones, those decided, or all."""
    since: date | None = None
    until: date | None = None
    kind: Kind | None = None
    step: Word | None = None
    operator: Word | None = None
    after: Word | None = None


class DeviationsFound(msgspec.Struct, frozen=True, kw_only=True):
    """A page, newest calls first; `following` is what `after` must be for the next one."""

    deviations: tuple[Spoken, ...]
    following: str | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it came so; `kind` is needed where a step has two deviations."""

    step: Word
    kind: Kind | None = None
    text: Text


class Decision(Explanation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether it is excused, and why."""

    verdict: Verdict


async def find(parts: Parts, asking: Asking, asked: DeviationsAsked) -> DeviationsFound:
    """The page that was asked for; that it was seen is on record before.

    It tells who answers for what went wrong, and what people said of it in words of their own.
    Raises Refused, DatabaseUnreachable.
    """
    who, zone = asking.who, parts.settings.zone
    operator = asked.operator
    if not who.may(Right.CALLS):
        if who.operator is None or operator not in (None, who.operator):
            raise Refused(403, "not_allowed")
        operator = who.operator
    wanted = DeviationFilter(
        since=begin_of_day(asked.since, zone),
        until=begin_of_day(asked.until, zone, days_later=1),
        operator=OperatorId(operator) if operator else None,
        kind=asked.kind,
        step=asked.step,
        state=asked.state,
    )
    try:
        page = await list_deviations(parts.pool.url, wanted, asked.after, CALLS_OF_A_PAGE)
    except FilterInvalid as error:
        raise Refused(400, f"filter_{error.reason}") from error
    forms = tuple(dict.fromkeys(one.form_number for one in page.deviations))
    seen = Access(by=who.account, action="search", purpose="page: deviations", forms=forms)
    await log_access(parts.pool.url, seen)
    return DeviationsFound(
        deviations=await spoken(parts, page.deviations, who),
        following=page.following,
    )


def deviation_operations(parts: Parts) -> list[Operation]:
    """Reading, explaining, deciding."""
    url = parts.pool.url

    async def read(asking: Asking, asked: DeviationsAsked) -> DeviationsFound:
        return await find(parts, asking, asked)

    async def explain(asking: Asking, asked: Explanation) -> DeviationWord:
        number, by = _number(asking), _speaker(asking)
        try:
            return await deviation_words.explain(
                *(url, number, asked.step, asked.kind, asked.text, by, clock.now()),
                asking.who.account,
            )
        except WordRefused as error:
            raise _refused(error) from error

    async def decide(asking: Asking, asked: Decision) -> DeviationWord:
        number = _number(asking)
        by, *also_by = names_of(asking.who)
        try:
            return await deviation_words.decide(
                *(url, number, asked.step, asked.kind, asked.verdict, asked.text),
                *(by, clock.now(), also_by),
            )
        except WordRefused as error:
            raise _refused(error) from error

    at = "/deviations/{year}/{sequence}"
    return [
        Operation(
            name="listDeviations", method="GET", path="/deviations", right=SEE,
            summary="Deviations with all that was said of them; one's own with `desk` alone.",
            perform=read, asked=DeviationsAsked, answered=DeviationsFound, refuses=(400,),
        ),
        Operation(
            name="explainDeviation", method="POST", path=f"{at}/explanations", right=Right.DESK,
            summary="One's own deviation, explained; of missing equipment anybody's. It stays.",
            perform=explain, asked=Explanation, answered=DeviationWord, status=201,
            refuses=(404, 422),
        ),
        Operation(
            name="decideDeviation", method="POST", path=f"{at}/decisions", right=Right.DECIDE,
            summary="Another's deviation, excused or upheld; a later decision stands instead.",
            perform=decide, asked=Decision, answered=DeviationWord, status=201,
            refuses=(404, 422),
        ),
    ]  # fmt: skip


def deviation_pages(parts: Parts) -> list[Page]:
    """The list with its filter and the words; what was typed stays, also where it is refused."""

    async def show(asking: Asking) -> Shown:
        typed = {key: value for key, value in asking.request.query.items() if value}
        found, refused = DeviationsFound(deviations=(), following=None), None
        equipment: EquipmentFound | None = None
        try:
            asked = msgspec.convert(typed, DeviationsAsked)
            found = await find(parts, asking, asked)
            equipment = await _equipment(parts, asking, asked)
        except Exception as error:
            refused = refusal_of(error)
            if refused is None or refused.status == 403:
                raise
        values = {
            "typed": {"state": "open"} | typed,
            "found": found,
            "equipment": equipment,
            "problem": refused.reason if refused else None,
            "following": page_link(typed, found.following) if found.following else None,
            "first": page_link(typed, None) if "after" in typed else None,
            "states": STATES,
            "kinds": KINDS,
            "steps": [step.step for step in parts.sop.steps],
            "sees_all": asking.who.may(Right.CALLS),
            "n": Numbers(asking.words),
        }
        return Shown("deviations.html", values, refused.status if refused else 200)

    return [Page(path="/deviations", right=SEE, show=show, menu="menu.deviations")]


async def _equipment(parts: Parts, asking: Asking, asked: DeviationsAsked) -> EquipmentFound | None:
    """What was missing in the same days; None where what is asked for only calls have."""
    of_calls = asked.step or asked.operator or asked.after or asked.kind not in (None, "equipment")
    if of_calls or asked.state not in ("open", "all") or not asking.who.may(Right.CALLS):
        return None
    wanted = EquipmentAsked(state=asked.state, since=asked.since, until=asked.until)
    return await find_equipment(parts, wanted)


def _number(asking: Asking) -> str:
    return f"{asking.path('sequence')}/{asking.path('year')}"


def _speaker(asking: Asking) -> str:
    """His telephone, else his account. Raises Refused for an account named like a telephone."""
    who = asking.who
    if who.operator is None and who.account.startswith("op-"):
        raise Refused(403, "word_not_his_own")
    return who.operator or who.account


def _refused(error: WordRefused) -> Refused:
    return Refused(403 if error.reason in FORBIDDEN else 422, f"word_{error.reason}")
