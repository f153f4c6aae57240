"""Who answers the telephone: operators with their phones, kept by an administrator."""

import msgspec

from agent.asterisk.phone_accounts import digest_of, make_password
from agent.database.operators import (
    OperatorSummary,
    add_operator,
    list_operators,
    remove_operator,
)
from agent.domain.identifiers import OperatorId
from agent.domain.rights import Right
from agent.web.accounts import PersonName, plain_name
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts


class NewOperator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who shall answer calls, or be in those of others."""

    name: PersonName
    supervises: bool = False
    """He is offered no calls; by his telephone he listens, whispers and joins."""


class NewPhone(msgspec.Struct, frozen=True):
    """What is entered in his telephone; shown now and never again."""

    account: str
    password: str


def operator_operations(parts: Parts) -> list[Operation]:
    """All that is done with operators; each is on record."""
    url, realm = parts.pool.url, parts.settings.sip_realm

    async def known(_asking: Asking, _asked: None) -> list[OperatorSummary]:
        return await list_operators(url)

    async def add(asking: Asking, asked: NewOperator) -> NewPhone:
        password = make_password()

        def digests_of(account: OperatorId) -> tuple[str, str]:
            digest = digest_of(account, realm, password)
            return digest.sha256, digest.md5

        name, by = plain_name(asked.name), asking.who.account
        account = await add_operator(url, name, digests_of, by=by, supervises=asked.supervises)
        return NewPhone(account, password)

    async def remove(asking: Asking, _asked: None) -> None:
        await remove_operator(url, OperatorId(asking.path("operator")), asking.who.account)

    return [
        Operation(
            name="listOperators", method="GET", path="/operators", right=Right.ADMINISTER,
            summary="All operators who ever were, with their calls.",
            perform=known, answered=list[OperatorSummary],
        ),
        Operation(
            name="addOperator", method="POST", path="/operators", right=Right.ADMINISTER,
            summary="A new operator or supervisor; his telephone's password is answered once.",
            perform=add, asked=NewOperator, answered=NewPhone, status=201,
        ),
        Operation(
            name="removeOperator", method="DELETE", path="/operators/{operator}",
            right=Right.ADMINISTER, perform=remove,
            summary="No call is offered to him; his past calls stay his.",
        ),
    ]  # fmt: skip


def operator_pages(parts: Parts) -> list[Page]:
    """The operators."""

    async def show(_asking: Asking) -> Shown:
        return Shown("operators.html", {"operators": await list_operators(parts.pool.url)})

    return [Page(path="/operators", right=Right.ADMINISTER, show=show, menu="menu.operators")]
