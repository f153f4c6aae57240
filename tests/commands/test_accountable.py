"""Who asks is an account on duty, or at least a login of this machine."""

import pytest
import typer

from agent.commands.accountable import accountable, one_person, system_user
from agent.database.access import PurposeInvalid
from agent.database.errors import OperatorUnknown
from agent.database.operators import remove_operator
from agent.domain.identifiers import OperatorId
from agent.domain.personal_data import Person


async def test_only_an_account_on_duty_with_a_purpose_is_accountable(url: str) -> None:
    assert await accountable(url, "op-101", " surat  12 ") == ("op-101", "surat 12")
    with pytest.raises(PurposeInvalid):
        await accountable(url, "op-101", "")
    await remove_operator(url, OperatorId("op-102"), "ratna")
    for account in ("op-102", "op-199"):
        with pytest.raises(OperatorUnknown):
            await accountable(url, account, "surat 12")


def test_a_person_is_named_in_one_way() -> None:
    assert one_person(None) is None
    assert one_person(None, name="Ratna") == Person("name", "Ratna")
    with pytest.raises(typer.Exit):
        one_person("0812", name="Ratna")


def test_a_login_has_a_name() -> None:
    assert system_user().removeprefix("system:")
