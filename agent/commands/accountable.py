"""Who uses a person's data and why: asked for, checked, and on record before anything is shown."""

import os
import pwd
from typing import Annotated

import typer

from agent.commands.plain import parse_account, refuse
from agent.database.access import Access, log_access, purpose_of
from agent.database.erasure import ErasureStore
from agent.database.errors import OperatorUnknown
from agent.database.operators import list_operators
from agent.documents.chosen_store import chosen_store
from agent.domain.identifiers import OperatorId
from agent.domain.personal_data import Person, parse_person
from agent.runtime.person_keys import PersonKeys
from agent.runtime.purge import removers
from agent.settings import Settings

By = Annotated[
    str, typer.Option("--by", metavar="ACCOUNT", help="Whose decision it is, e.g. op-101.")
]
Why = Annotated[
    str,
    typer.Option(
        "--why",
        metavar="TEXT",
        help="The reason, kept for good: name the request or letter, never the person.",
    ),
]
Number = Annotated[
    str | None, typer.Option(metavar="NUMBER", help="Telephone number, in any form.")
]
Npwp = Annotated[str | None, typer.Option(metavar="NPWP", help="Tax number, 15 or 16 digits.")]
Nik = Annotated[str | None, typer.Option(metavar="NIK", help="Identity number, 16 digits.")]
Email = Annotated[str | None, typer.Option(metavar="ADDRESS", help="E-mail address.")]
Name = Annotated[str | None, typer.Option(metavar="TEXT", help="Name, or a part of it.")]


async def accountable(url: str, account: str, why: str) -> tuple[OperatorId, str]:
    """The account on duty and the purpose. Raises OperatorUnknown, PurposeInvalid."""
    by, purpose = parse_account("--by", account), purpose_of(why)
    if not any(o.account == by and o.removed_at is None for o in await list_operators(url)):
        raise OperatorUnknown(f"There is no operator {by} on duty: see `operator list`.")
    return by, purpose


def one_person(
    number: str | None,
    npwp: str | None = None,
    nik: str | None = None,
    email: str | None = None,
    name: str | None = None,
) -> Person | None:
    """The person of the one option that was typed, None without any; ends the command for more."""
    typed = {"number": number, "npwp": npwp, "nik": nik, "email": email, "name": name}
    given = [(by, text) for by, text in typed.items() if text is not None]
    if len(given) > 1:
        refuse("Give one of --number, --npwp, --nik, --email and --name, not several.")
    return parse_person(*given[0]) if given else None  # type: ignore[arg-type]  # keys of typed


def system_user() -> str:
    """Who logged in to this machine, as far as it knows; a service of it goes by its own name."""
    try:
        return f"system:{os.getlogin()}"
    except OSError:
        return f"system:{pwd.getpwuid(os.getuid()).pw_name}"


async def log_reading(url: str, command: str, *forms: str) -> None:
    """Keep that somebody looked at these calls. Raises DatabaseUnreachable."""
    await log_access(
        url, Access(by=system_user(), action="read", purpose=f"lpse-agent {command}", forms=forms)
    )


def keys_of(settings: Settings) -> PersonKeys:
    """The office's hashes."""
    return PersonKeys(settings.key_of_persons_file)


def eraser_of(settings: Settings) -> ErasureStore:
    """What erases in this office's database and folders."""
    recaps = settings.state_folder / "recaps"
    files = removers(chosen_store(settings).remove, settings.voicemail_folder, recaps)
    return ErasureStore(settings.database_url, keys_of(settings), files)
