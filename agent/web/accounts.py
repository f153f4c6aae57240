"""Who may use the pages: accounts are listed, made, changed and removed by an administrator."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agent.database.accounts import AccountSummary
from agent.database.operators import list_operators
from agent.domain.rights import SECOND_FACTOR, Right, Role
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.passwords import TooBusy, make_password
from agent.web.problems import Refused

AccountName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
PersonName = Annotated[str, Meta(min_length=1, max_length=80)]
OperatorName = Annotated[str, Meta(pattern=r"^op-[0-9]{1,9}$")]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who shall use the pages; `operator` is the telephone at which he answers."""

    account: AccountName
    name: PersonName
    role: Role
    operator: OperatorName | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is from now on; without `operator` he has no telephone."""

    role: Role
    operator: OperatorName | None = None


class GivenPassword(msgspec.Struct, frozen=True):
    """Good for one login; shown now and never again."""

    account: str
    password: str


def account_operations(parts: Parts) -> list[Operation]:
    """All that is done with accounts; each is on record, and who it concerns logs in anew."""
    kept = parts.accounts

    async def known(_asking: Asking, _asked: None) -> list[AccountSummary]:
        return await kept.known()

    async def add(asking: Asking, asked: NewAccount) -> GivenPassword:
        name, (password, hashed) = plain_name(asked.name), await _new_password(parts)
        await kept.add(asked.account, name, asked.role, asked.operator, hashed, asking.who.account)
        return GivenPassword(asked.account, password)

    async def give_password(asking: Asking, _asked: None) -> GivenPassword:
        account = asking.path("account")
        password, hashed = await _new_password(parts)
        await kept.give_password(account, hashed, asking.who.account)
        parts.guard.forget(account)
        return GivenPassword(account, password)

    async def forget_second_factor(asking: Asking, _asked: None) -> None:
        account = asking.path("account")
        await kept.forget_second_factor(account, asking.who.account)
        parts.guard.forget(account)

    async def change(asking: Asking, asked: Charge) -> None:
        account = _anothers(asking)
        await kept.change_role(account, asked.role, asked.operator, asking.who.account)
        parts.guard.forget(account)

    async def remove(asking: Asking, _asked: None) -> None:
        account = _anothers(asking)
        await kept.remove(account, asking.who.account)
        parts.guard.forget(account)

    one = "/accounts/{account}"
    return [
        Operation(
            name="listAccounts", method="GET", path="/accounts", right=Right.ADMINISTER,
            summary="All accounts that ever were.", perform=known, answered=list[AccountSummary],
        ),
        Operation(
            name="addAccount", method="POST", path="/accounts", right=Right.ADMINISTER,
            summary="A new account; its password is answered once and good for one login.",
            perform=add, asked=NewAccount, answered=GivenPassword, status=201,
        ),
        Operation(
            name="givePassword", method="POST", path=one + "/password", right=Right.ADMINISTER,
            summary="A new password, good for one login, for somebody who has forgotten his.",
            perform=give_password, answered=GivenPassword,
        ),
        Operation(
            name="forgetSecondFactor", method="POST", path=one + "/second-factor",
            right=Right.ADMINISTER, perform=forget_second_factor,
            summary="His device is lost: the next login shows a new secret.",
        ),
        Operation(
            name="changeAccount", method="PUT", path=one, right=Right.ADMINISTER,
            summary="Another role or telephone; not one's own.",
            perform=change, asked=Charge, refuses=(409,),
        ),
        Operation(
            name="removeAccount", method="DELETE", path=one, right=Right.ADMINISTER,
            summary="Nobody logs in with it any more; not one's own.",
            perform=remove, refuses=(409,),
        ),
    ]  # fmt: skip


def account_pages(parts: Parts) -> list[Page]:
    """The accounts."""

    async def show(_asking: Asking) -> Shown:
        accounts = await parts.accounts.known()
        operators = await list_operators(parts.pool.url)
        values = {
            "accounts": [one for one in accounts if one.removed_at is None],
            "removed": [one for one in accounts if one.removed_at is not None],
            "operators": [one for one in operators if one.removed_at is None],
            "roles": list(Role),
            "with_second_factor": SECOND_FACTOR,
        }
        return Shown("accounts.html", values)

    return [Page(path="/accounts", right=Right.ADMINISTER, show=show, menu="menu.accounts")]


def plain_name(typed: str) -> str:
    """A name as lists show it. Raises Refused for one that cannot be shown."""
    name = " ".join(typed.split())
    if not name or not name.isprintable():
        raise Refused(422, "name_invalid")
    return name


async def _new_password(parts: Parts) -> tuple[str, str]:
    password = make_password()
    try:
        return password, await parts.passwords.hash(password)
    except TooBusy as error:
        raise Refused(503, "too_many_logins") from error


def _anothers(asking: Asking) -> str:
    """The account in the path. Raises Refused for one's own: somebody must stay who may."""
    account = asking.path("account")
    if account == asking.who.account:
        raise Refused(409, "own_account")
    return account
