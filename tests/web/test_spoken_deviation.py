"""Who is shown the form to explain a deviation, and who the one to decide about it."""

import pytest

from agent.database.deviation_words import ListedDeviation
from agent.domain.consultation import Deviation
from agent.domain.deviation_words import WordRefused, decide, explain
from agent.domain.identifiers import OperatorId
from agent.domain.rights import RIGHTS, Identity, Role
from agent.web.spoken_deviation import names_of, spoken_to
from tests.database.stories import MORNING


def deviation(operator: str | None) -> Deviation:
    return Deviation(
        kind="time",
        step="2",
        limit_s=10.0,
        measured_s=12.5,
        excess_s=2.5,
        operator=OperatorId(operator) if operator else None,
        reason="met_late",
        events=(1, 2),
    )


CALLED = {"op-101": "Siti Aminah", "op-102": "Budi Santoso"}


def somebody(
    role: Role, operator: str | None = None, *, account: str = "", name: str = ""
) -> Identity:
    return Identity(
        account=account or role.value,
        name=name or role.value,
        rights=RIGHTS[role],
        role=role,
        operator=operator,
    )


@pytest.mark.parametrize(
    ("who", "of", "may"),
    [
        (somebody(Role.OPERATOR, "op-101"), "op-101", (True, False)),
        (somebody(Role.OPERATOR, "op-102"), "op-101", (False, False)),
        (somebody(Role.OPERATOR, "op-102"), None, (True, False)),
        (somebody(Role.SUPERVISOR, "op-101"), "op-101", (True, False)),
        (somebody(Role.SUPERVISOR), "op-101", (False, True)),
        (somebody(Role.SUPERVISOR), None, (True, True)),
        (somebody(Role.AUDITOR), "op-101", (False, False)),
        (somebody(Role.AUDITOR), None, (False, False)),
        (somebody(Role.AUDITOR, "op-101"), "op-101", (False, False)),
        (somebody(Role.SUPERVISOR, name="Siti  AMINAH"), "op-101", (False, False)),
        (somebody(Role.SUPERVISOR, name="Siti Aminah"), "op-102", (False, True)),
        (somebody(Role.SUPERVISOR, name="Siti Aminah"), None, (True, True)),
    ],
)
def test_his_own_is_explained_and_anothers_decided(
    who: Identity, of: str | None, may: tuple[bool, bool]
) -> None:
    one = ListedDeviation(
        form_number="0001/FK-TLP/LPSE.BTG/2026",
        arrived_at=MORNING,
        deviation=deviation(of),
        words=(),
    )
    shown = spoken_to(one, who, CALLED)
    assert (shown.may_explain, shown.may_decide) == may


def test_it_stands_where_the_last_word_left_it() -> None:
    late = deviation("op-101")
    words = (explain(late, "Headset rusak", "op-101", MORNING),)
    words += (decide(late, words, "upheld", "Tidak dilaporkan", "Kepala Bidang", MORNING),)
    for count, state in enumerate(("open", "explained", "upheld")):
        one = ListedDeviation(
            form_number="0001/FK-TLP/LPSE.BTG/2026",
            arrived_at=MORNING,
            deviation=late,
            words=words[:count],
        )
        assert spoken_to(one, somebody(Role.AUDITOR), CALLED).standing.state == state


@pytest.mark.parametrize("operator", [None, "op-101"])
@pytest.mark.parametrize("by", ["kabid", "op-103", "Ratna Dewi", "ratna  DEWI"])
@pytest.mark.parametrize(
    "who",
    [
        somebody(Role.SUPERVISOR, "op-103", account="kabid", name="Ratna Dewi"),
        somebody(Role.SUPERVISOR, "op-104", account="sekretaris", name="Budi Raharjo"),
        somebody(Role.SUPERVISOR, "op-101", account="siti", name="Siti Aminah"),
        somebody(Role.SUPERVISOR, account="lain", name="Siti Aminah"),
    ],
    ids=lambda who: who.account,
)
def test_the_form_to_decide_is_shown_to_whom_a_decision_is_taken_from(
    who: Identity, by: str, operator: str | None
) -> None:
    it = deviation(operator)
    word = explain(it, "Listrik padam", operator or by, MORNING)
    one = ListedDeviation(
        form_number="0001/FK-TLP/LPSE.BTG/2026", arrived_at=MORNING, deviation=it, words=(word,)
    )
    also_called = [CALLED[it.operator]] if it.operator else []
    name, *also_by = names_of(who)
    try:
        decide(it, [word], "excused", "Benar", name, MORNING, also_called, also_by)
        taken = True
    except WordRefused:
        taken = False
    assert spoken_to(one, who, CALLED).may_decide is taken
    expected = {"kabid": operator is not None, "sekretaris": True}.get(who.account, not operator)
    assert taken is expected


def test_what_was_said_is_read_without_numbers_by_whom_they_are_masked_to() -> None:
    it = deviation("op-101")
    text = "Ditelepon lagi ke 0812-3456-7890"
    words = (explain(it, text, "op-101", MORNING),)
    words += (decide(it, words, "excused", text, "Kepala Bidang", MORNING),)
    one = ListedDeviation(
        form_number="0001/FK-TLP/LPSE.BTG/2026", arrived_at=MORNING, deviation=it, words=words
    )
    for who in (somebody(Role.SUPERVISOR), somebody(Role.OPERATOR, "op-101")):
        assert spoken_to(one, who, CALLED).words == words
    shown = spoken_to(one, somebody(Role.AUDITOR), CALLED)
    assert [word.text for word in shown.words] == ["Ditelepon lagi ke 0812-••••-•890"] * 2
    assert shown.standing.state == "excused"
