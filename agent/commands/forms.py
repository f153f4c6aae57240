"""`lpse-agent form`: read an open form, fill it in, say that it is finished."""

from typing import Annotated, Any

import typer
from rich.table import Table

from agent.commands.accountable import log_reading
from agent.commands.plain import ask, console, print_json, refuse, said_plainly
from agent.commands.service_desk import asked
from agent.settings import read_settings

app = typer.Typer(no_args_is_help=True, help="Read and fill in the form of a call that is open.")

Number = Annotated[
    str, typer.Argument(help="Form number (0123/FK-TLP/LPSE.BTG/2026, or 123/2026).")
]
By = Annotated[str, typer.Option("--by", help="Whose word it is, for example op-101.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("show")
def show(number: Number, json: Json = False) -> None:
    """Show what stands on an open form, and what each step still lacks.

    A form is open from the moment its call comes in until it is archived;
    an archived one is shown by `lpse-agent call`. Who looked is on record.

    Example:
    lpse-agent form show 123/2026
    """
    with said_plainly():
        settings = read_settings()
        url, form = settings.database_url, asked(settings, "GET", "/form", {"form": number})
        ask(url, lambda: log_reading(url, "form show", form["form_number"]))
        _print(form, json)


@app.command("fill")
def fill(
    number: Number,
    fields: Annotated[list[str], typer.Argument(help="FIELD=TEXT; an empty text clears it.")],
    by: By,
    json: Json = False,
) -> None:
    """Write into fields of an open form, one after another.

    Each is saved before the next is written. What seems wrong is taken with a
    warning; a password or one-time code is refused.

    Example:
    lpse-agent form fill 123/2026 caller_name="Budi" user_type=penyedia --by op-101
    """
    with said_plainly():
        settings = read_settings()
        answer: dict[str, Any] = {}
        for one in fields:
            field, sign, text = one.partition("=")
            if not sign:
                refuse(f"{one}: write FIELD=TEXT, for example caller_name=Budi.")
            wanted = {"form": number, "field": field, "text": text, "by": by}
            answer = asked(settings, "POST", "/form/fill", wanted)
        _print(answer, json)


@app.command("finish")
def finish(number: Number, by: By, json: Json = False) -> None:
    """Say that nothing more will be written: the form is archived once the call is over.

    Example:
    lpse-agent form finish 123/2026 --by op-101
    """
    with said_plainly():
        _print(asked(read_settings(), "POST", "/form/finish", {"form": number, "by": by}), json)


def _print(form: dict[str, Any], json: bool) -> None:
    if json:
        print_json(form)
        return
    out = console()
    out.print(f"Formulir {form['form_number']} ({form['form']})")
    table = Table()
    for heading in ("Isian", "Nilai", "Oleh", "Peringatan"):
        table.add_column(heading, overflow="fold")
    for name, field in form["fields"].items():
        warnings = "\n".join(warning["id"] for warning in field["warnings"])
        table.add_row(name, field["value"] or "–", field["by"], warnings)
    out.print(table)
    for step, lacking in form["missing"].items():
        out.print(f"Langkah {step}: {'kurang ' + ', '.join(lacking) if lacking else 'lengkap'}")
