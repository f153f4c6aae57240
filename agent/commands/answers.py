"""`lpse-agent answer …`: the office's own answers to what callers ask."""

import getpass
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace
from rich.table import Table

from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.answer_search import search_answers
from agent.database.answer_versions import read_versions
from agent.database.answers import (
    KeptAnswer,
    add_answers,
    change_answer,
    list_answers,
    retire_answer,
)
from agent.domain.answer import Answer, checked, parse_answers
from agent.domain.office_time import local
from agent.runtime import clock
from agent.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "The office's own answers: suggested while a problem is typed, each with its source and "
        "the days on which it is valid."
    ),
)

Id = Annotated[
    str,
    typer.Argument(metavar="ID", help="What forms refer to: small letters, digits, hyphens."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
By = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who does it; the shell's user by default.")
]
_ACTS = {"added": "ditambah", "changed": "diubah", "retired": "ditarik"}
_PARTS = {
    "title": "Judul",
    "question": "Pertanyaan",
    "answer": "Jawaban",
    "source": "Sumber",
    "category": "Kategori",
    "application": "Aplikasi",
    "valid_from": "Berlaku sejak",
    "valid_to": "Berlaku sampai",
}
CATEGORY_HELP = "Category of the form, e.g. 01."
APPLICATION_HELP = "Application of the form, e.g. spse."
TO_HELP = "Last day on which it is valid."


@app.command("add")
def add(
    id_: Id,
    title: Annotated[str, typer.Option(help="A few words.")],
    question: Annotated[str, typer.Option(help="As a caller asks it.")],
    answer: Annotated[str, typer.Option(help="What the caller is told.")],
    source: Annotated[str, typer.Option(help="By whose word, e.g. a rule or an address.")],
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day; today by default.")
    ] = None,
    valid_to: Annotated[str | None, typer.Option("--to", metavar="DAY", help=TO_HELP)] = None,
    category: Annotated[str | None, typer.Option(help=CATEGORY_HELP)] = None,
    application: Annotated[str | None, typer.Option(help=APPLICATION_HELP)] = None,
    by: By = None,
) -> None:
    """Add an answer. A text that tells a password or one-time code is refused.

    Example:
    lpse-agent answer add jam-layanan --title "Jam layanan" --question "Kapan
    helpdesk buka?" --answer "Senin sampai Jumat, 07.30 WIB." --source "SK Kepala"
    """
    with said_plainly():
        settings = read_settings()
        wanted = checked(
            Answer(
                id=id_,
                title=title,
                question=question,
                answer=answer,
                category=category,
                application=application,
                valid_from=_day("--from", valid_from) or today(settings.zone),
                valid_to=_day("--to", valid_to),
                source=source,
            )
        )
        url, name = settings.database_url, by or getpass.getuser()
        if not ask(url, lambda: add_answers(url, [wanted], name)):
            refuse(f"There is an answer {id_} already: change it, or choose another id.")
    console().print(f"Answer {id_} is kept.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="TOML file with [[answers]].")], by: By = None
) -> None:
    """Add every answer of a file, all or none; ids that are known stay as they are.

    The proposed first set comes with the program.

    Example:
    lpse-agent answer import agent/data/answers/usulan-1.toml
    """
    with said_plainly():
        url = read_settings().database_url
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            refuse(f"{file} cannot be read: {error}")
        except tomllib.TOMLDecodeError as error:
            refuse(f"{file} is not TOML: {error}")
        answers, name = parse_answers(content), by or getpass.getuser()
        added = ask(url, lambda: add_answers(url, answers, name))
    console().print(f"{len(added)} answers are new, {len(answers) - len(added)} were known.")


@app.command("list")
def list_(
    valid: Annotated[
        bool, typer.Option("--valid", help="Only those that are valid today.")
    ] = False,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only those with these words, the best first."),
    ] = None,
    json: Json = False,
) -> None:
    """List the answers with the days on which they are valid.

    Words are found in any of their forms and with typing errors.

    Example:
    lpse-agent answer list --valid --search "lupa paswod"
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        day = today(settings.zone) if valid else None
        if search is None:
            found = ask(url, lambda: list_answers(url, day))
        else:
            found = ask(url, lambda: search_answers(url, search, day))
    if json:
        print_json([plain_object(answer, settings.zone) for answer in found])
        return
    table = Table()
    for heading in ("Id", "Judul", "Kategori", "Berlaku", "Sumber"):
        table.add_column(heading, overflow="fold")
    for answer in found:
        category = answer.category or "–"
        table.add_row(answer.id, answer.title, category, _validity(answer), answer.source)
    console().print(table)


@app.command("change")
def change(
    id_: Id,
    title: Annotated[str | None, typer.Option(help="A few words.")] = None,
    question: Annotated[str | None, typer.Option(help="As a caller asks it.")] = None,
    answer: Annotated[str | None, typer.Option(help="What the caller is told.")] = None,
    source: Annotated[str | None, typer.Option(help="By whose word.")] = None,
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day on which it is valid.")
    ] = None,
    valid_to: Annotated[str | None, typer.Option("--to", metavar="DAY", help=TO_HELP)] = None,
    category: Annotated[str | None, typer.Option(help=CATEGORY_HELP)] = None,
    application: Annotated[str | None, typer.Option(help=APPLICATION_HELP)] = None,
    by: By = None,
) -> None:
    """Change what is given, leave the rest. When the truth has changed: end it, add a new one.

    Example:
    lpse-agent answer change reset-password-spse --to 2023-12-31
    """
    given = {
        "title": title,
        "question": question,
        "answer": answer,
        "source": source,
        "category": category,
        "application": application,
        "valid_from": _day("--from", valid_from),
        "valid_to": _day("--to", valid_to),
    }
    new = {part: value for part, value in given.items() if value is not None}
    if not new:
        refuse("Nothing to change: name at least one option, see --help.")
    with said_plainly():
        url, name = read_settings().database_url, by or getpass.getuser()
        ask(url, lambda: change_answer(url, id_, name, lambda old: checked(replace(old, **new))))
    console().print(f"Answer {id_} is changed.")


@app.command("retire")
def retire(id_: Id, by: By = None) -> None:
    """Suggest an answer no more; forms that name it still do.

    Example:
    lpse-agent answer retire jam-layanan
    """
    with said_plainly():
        url, name = read_settings().database_url, by or getpass.getuser()
        title = ask(url, lambda: retire_answer(url, id_, name))
    console().print(f"{title} ({id_}) is suggested no more.")


@app.command("history")
def history(id_: Id, json: Json = False) -> None:
    """Show every version of an answer, the newest first: who wrote it when, and what became other.

    Example:
    lpse-agent answer history reset-password-spse
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        versions = ask(url, lambda: read_versions(url, id_))
    if json:
        print_json([plain_object(one, settings.zone) for one in versions])
        return
    out, shown = console(), clock_of(settings.zone)
    for one in versions:
        act = f"{one.version}. {_ACTS[one.act]} {shown(one.at)} oleh {one.by}"
        out.print(act, soft_wrap=True)
        for part in one.changed or ("title", "question", "answer", "source"):
            out.print(f"   {_PARTS[part]}: {getattr(one, part) or '–'}", soft_wrap=True)


def today(zone: str) -> date:
    """The day in the office's zone."""
    return local(clock.now(), zone).date()


def _day(option: str, typed: str | None) -> date | None:
    if typed is None:
        return None
    try:
        return msgspec.convert(typed, date)
    except msgspec.ValidationError:
        refuse(f"{option} {typed}: write a day as 2026-03-02.")


def _validity(answer: KeptAnswer) -> str:
    if answer.retired_at:
        return "ditarik"
    return f"{answer.valid_from} – {answer.valid_to or 'seterusnya'}"
