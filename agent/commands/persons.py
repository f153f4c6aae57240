"""`lpse-agent person …`: one person's data, as the law lets him ask for it (UU 27/2022)."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from agent.commands.accountable import (
    By,
    Email,
    Name,
    Nik,
    Npwp,
    Number,
    Why,
    accountable,
    eraser_of,
    keys_of,
    one_person,
)
from agent.commands.person_file import PersonFile, collect, write_files
from agent.commands.plain import (
    BAD_INPUT,
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.persons import Found, change_of, correct_field, find_person
from agent.database.reports import read_call
from agent.domain.events import FieldFilled
from agent.domain.form import parse_form
from agent.domain.personal_data import Person
from agent.domain.words import OUTCOMES
from agent.settings import DATA, Settings, read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="One person's data: search, export, correct, erase; each use is on record.",
)
FORM_FILE = DATA / "form" / "formulir-konsultasi-1.toml"

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Form = Annotated[str, typer.Argument(help="Form or ticket number.")]


def _found(settings: Settings, person: Person, by: str, why: str) -> list[Found]:
    url, key = settings.database_url, keys_of(settings).of(person)

    async def find() -> list[Found]:
        who, purpose = await accountable(url, by, why)
        return await find_person(url, person, who, purpose, key)

    return ask(url, find)


def _whom(
    number: str | None, npwp: str | None, nik: str | None, email: str | None, name: str | None
) -> Person:
    person = one_person(number, npwp, nik, email, name)
    if person is None:
        refuse("Name a person by --number, --npwp, --nik, --email or --name.")
    return person


@app.command("search")
def search(
    by: By,
    why: Why,
    number: Number = None,
    npwp: Npwp = None,
    nik: Nik = None,
    email: Email = None,
    name: Name = None,
    json: Json = False,
) -> None:
    """Find all calls of a person.

    Example:
    lpse-agent person search --npwp 01.234.567.8-901.000 --by op-101 --why "surat 12/V"
    """
    with said_plainly():
        settings = read_settings()
        found = _found(settings, _whom(number, npwp, nik, email, name), by, why)
    if json:
        print_json([plain_object(one, settings.zone) for one in found])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Masuk", "Formulir", "Penelepon", "Nama", "Perusahaan", "Hasil"):
        table.add_column(heading, overflow="fold")
    for one in found:
        outcome = OUTCOMES[one.outcome]
        called = (one.caller, one.caller_name or "–", one.company or "–")
        table.add_row(clock(one.arrived_at), one.form_number, *called, outcome)
    console().print(table if found else "Tidak ada data orang ini.")


@app.command("export")
def export(
    by: By,
    why: Why,
    number: Number = None,
    npwp: Npwp = None,
    nik: Nik = None,
    email: Email = None,
    name: Name = None,
    to: Annotated[
        Path, typer.Option(metavar="FOLDER", help="An existing folder for the two files.")
    ] = Path(),
) -> None:
    """Write all that is stored of a person, and who saw it: as JSON and as a text to read.

    Sounds are copied beside them. The files can be read by their owner only.

    Example:
    lpse-agent person export --nik 3374056708900001 --to /root --by op-101 --why "surat 12/V"
    """
    with said_plainly():
        settings = read_settings()
        person = _whom(number, npwp, nik, email, name)
        if not to.is_dir():
            refuse(f"--to {to}: there is no such folder.")
        url, key = settings.database_url, keys_of(settings).of(person)

        async def take() -> PersonFile:
            who, purpose = await accountable(url, by, why)
            return await collect(url, person, who, purpose, key)

        taken = ask(url, take)
        try:
            files = write_files(taken, to, key[:12], settings.zone, settings.voicemail_folder)
        except OSError as error:
            refuse(f"--to {to}: {error.strerror}.")
    for file in files:
        console().print(str(file), soft_wrap=True)


@app.command("correct")
def correct(
    form: Form,
    field: Annotated[str, typer.Argument(metavar="FIELD=VALUE", help="e.g. caller_name=Siti")],
    by: By,
    why: Why,
) -> None:
    """Correct an archived form: the form stays as it was, the correction stands beside it.

    Example:
    lpse-agent person correct 123/2026 email=siti@example.id --by op-101 --why "surat 12/V"
    """
    name, equals, value = field.partition("=")
    if not equals:
        refuse(f"{name}: write the field and its value as FIELD=VALUE.")
    with said_plainly():
        settings = read_settings()
        url, keys = settings.database_url, keys_of(settings)

        async def keep() -> FieldFilled:
            who, reason = await accountable(url, by, why)
            call = (await read_call(url, form)).call
            definition = parse_form(tomllib.loads(FORM_FILE.read_text()))
            change = change_of(name, value, who)
            return await correct_field(url, call.call_id, change, reason, keys.digest, definition)

        filled = ask(url, keep)
    out = console()
    out.print(f"{filled.field} dikoreksi.")
    for warning in filled.warnings:
        out.print(f"Perhatian: {warning}")


@app.command("erase-audio")
def erase_audio(form: Form, by: By, why: Why) -> None:
    """Erase what was recorded of a call; its form stays.

    Example:
    lpse-agent person erase-audio 123/2026 --by op-101 --why "persetujuan dicabut"
    """
    with said_plainly():
        settings = read_settings()
        url, eraser = settings.database_url, eraser_of(settings)

        async def erase() -> bool:
            who, reason = await accountable(url, by, why)
            call = (await read_call(url, form)).call
            return await eraser.erase(call.call_id, "audio", by=who, why=reason)

        done = ask(url, erase)
    if not done:
        typer.echo("A legal hold stands: nothing was erased.", err=True)
        raise typer.Exit(BAD_INPUT)
    console().print("Rekaman suara dihapus; formulir tetap tersimpan.")
