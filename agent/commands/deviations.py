"""`lpse-agent deviation …`: what departed from the procedure, and what people said about it."""

from typing import Annotated, Any

import typer
from rich.table import Table

from agent.commands.accountable import log_reading
from agent.commands.call_sheet import show_deviations, standing_told
from agent.commands.deviation_recompute import recompute_command
from agent.commands.plain import (
    SINCE_HELP,
    UNTIL_HELP,
    ask,
    clock_of,
    console,
    parse_account,
    parse_period,
    plain_object,
    print_json,
    said_plainly,
    seconds,
)
from agent.database import deviation_words
from agent.database.deviation_words import (
    DeviationFilter,
    Kind,
    ListedDeviation,
    State,
    list_deviations,
)
from agent.database.equipment import list_equipment
from agent.database.reports import CallReport, read_call
from agent.domain.consultation import Deviation
from agent.domain.deviation_words import DeviationWord, Verdict, standing_of, withdrawn
from agent.domain.equipment import EquipmentDeviation
from agent.domain.words import DEVIATION_KINDS, DEVIATION_STANDINGS, EQUIPMENT_KINDS, REASONS
from agent.runtime import clock
from agent.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="Deviations from the procedure: computed, explained by operators, decided by supervisors.",
)
app.command("recompute")(recompute_command)

Number = Annotated[str, typer.Argument(metavar="FORM", help="The call's form or ticket number.")]
Step = Annotated[str, typer.Argument(metavar="STEP", help="The step of the procedure, e.g. 2.")]
Text = Annotated[str, typer.Option(metavar="TEXT", help="The reason, in plain words.")]
WhichKind = Annotated[
    Kind | None,
    typer.Option(metavar="KIND", help="time, output or equipment, if a step has two."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    state: Annotated[
        State,
        typer.Option(
            help="open: not decided yet; explained: of these the explained ones; decided; all."
        ),
    ] = "all",
    operator: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Only of the operator who answers, e.g. op-101."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", "--from", metavar="DAY", help=SINCE_HELP)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", "--to", metavar="DAY", help=UNTIL_HELP)
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10000, metavar="COUNT", help="How many of calls to show.")
    ] = 200,
    json: Json = False,
) -> None:
    """List deviations, newest first, and where each stands.

    Below them is equipment that was missing for more than one call: the
    service that writes forms, the archive, the recap of a closed month.
    Who looked is on record.

    Example:
    lpse-agent deviation list --state open --from 2026-03-01 --to 2026-03-31
    """
    with said_plainly():
        settings = read_settings()
        zone, url = settings.zone, settings.database_url
        first, end = parse_period(since, until, zone)
        account = None if operator is None else parse_account("--operator", operator)
        wanted = DeviationFilter(since=first, until=end, operator=account, state=state)

        async def read() -> tuple[ListedDeviation, ...]:
            listed = (await list_deviations(url, wanted, limit=limit)).deviations
            forms = dict.fromkeys(one.form_number for one in listed)
            await log_reading(url, "deviation list", *forms)
            return listed

        found = ask(url, read)
        # Nobody speaks about equipment: it is open for as long as it is missing.
        of_calls = account or state in ("explained", "decided")
        missing = (
            []
            if of_calls
            else ask(url, lambda: list_equipment(url, first, end, still_missing=state == "open"))
        )
    if json:
        print_json(
            {
                "deviations": [_listed_object(one, zone) for one in found],
                "equipment": [plain_object(one, zone) for one in missing],
            }
        )
        return
    out = console()
    if not found and not missing:
        out.print("Tidak ada penyimpangan yang cocok.")
    if found:
        out.print(_listed(found))
    if missing:
        out.print(_equipment(missing, zone))


@app.command("show")
def show(number: Number, json: Json = False) -> None:
    """Show a call's deviations with their proof and all that was said of them.

    Who looked is on record.

    Example:
    lpse-agent deviation show 123/2026
    """
    with said_plainly():
        settings = read_settings()
        zone, url = settings.zone, settings.database_url

        async def read() -> CallReport:
            report = await read_call(url, number)
            await log_reading(url, "deviation show", report.call.form_number)
            return report

        report = ask(url, read)
    if json:
        gone = withdrawn(report.deviations, report.words)
        print_json(
            {
                "form_number": report.call.form_number,
                "deviations": [_object(one, report.words, zone) for one in report.deviations],
                "withdrawn": [plain_object(word, zone) for word in gone],
            }
        )
        return
    out = console()
    out.print(f"Formulir    {report.call.form_number}")
    show_deviations(report, zone, out)


@app.command("explain")
def explain(
    number: Number,
    step: Step,
    by: Annotated[
        str, typer.Option(metavar="ACCOUNT", help="The operator who answers for it, e.g. op-101.")
    ],
    text: Text,
    kind: WhichKind = None,
    json: Json = False,
) -> None:
    """Keep an operator's explanation of his own deviation. It cannot be taken back.

    For missing equipment, for which no operator answers, anybody may explain.
    Never write a password or a one-time code: such a text is refused.

    Example:
    lpse-agent deviation explain 123/2026 2 --by op-101 --text "Headset rusak"
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        word = ask(
            url,
            lambda: deviation_words.explain(url, number, step, kind, text, by, clock.now()),
        )
    _tell(word, settings.zone, json)


@app.command("decide")
def decide(
    number: Number,
    step: Step,
    verdict: Annotated[Verdict, typer.Argument(help="excused, or upheld: it counts.")],
    by: Annotated[
        str, typer.Option(metavar="NAME", help="The supervisor's name or account; not his own.")
    ],
    text: Text,
    kind: WhichKind = None,
    json: Json = False,
) -> None:
    """Keep a supervisor's decision about a deviation; a later one stands instead.

    It is open again when its values change afterwards. Nobody decides about a
    deviation of his own, or one that he has explained.

    Example:
    lpse-agent deviation decide 123/2026 2 excused --by "Kepala Bidang" --text "Gangguan alat"
    """
    with said_plainly():
        settings = read_settings()
        url = settings.database_url
        word = ask(
            url,
            lambda: deviation_words.decide(url, number, step, kind, verdict, text, by, clock.now()),
        )
    _tell(word, settings.zone, json)


def _tell(word: DeviationWord, zone: str, json: bool) -> None:
    if json:
        print_json(plain_object(word, zone))
        return
    verdict = f" {DEVIATION_STANDINGS[word.verdict]}." if word.verdict else ""
    console().print(f"Tercatat: langkah {word.step}, {DEVIATION_KINDS[word.kind]}.{verdict}")


def _object(deviation: Deviation, words: tuple[DeviationWord, ...], zone: str) -> dict[str, Any]:
    standing = standing_of(deviation, words)
    own = [w for w in words if (w.kind, w.step) == (deviation.kind, deviation.step)]
    return {
        **plain_object(deviation, zone),
        "standing": standing.state,
        "open_again": standing.again,
        "words": [plain_object(word, zone) for word in own],
    }


def _listed_object(one: ListedDeviation, zone: str) -> dict[str, Any]:
    return {"form_number": one.form_number, **_object(one.deviation, one.words, zone)}


def _listed(found: tuple[ListedDeviation, ...]) -> Table:
    table = Table()
    table.add_column("Formulir", no_wrap=True)
    for heading in ("No", "Jenis, sebab, keadaan", "Terukur", "Operator"):
        table.add_column(heading, overflow="fold")
    for one in found:
        deviation = one.deviation
        reason = REASONS.get(deviation.reason, deviation.reason)
        state = standing_told(deviation, one.words) or f"\n{DEVIATION_STANDINGS['open']}"
        table.add_row(
            one.form_number,
            deviation.step,
            f"{DEVIATION_KINDS[deviation.kind]}: {reason}{state}",
            seconds(deviation.measured_s),
            deviation.operator or "–",
        )
    return table


def _equipment(missing: list[EquipmentDeviation], zone: str) -> Table:
    clock_shown, table = clock_of(zone), Table(title="Perlengkapan", title_justify="left")
    for heading in ("Jenis", "Tentang", "Sejak", "Sampai"):
        table.add_column(heading, overflow="fold")
    for one in missing:
        times = clock_shown(one.began_at), clock_shown(one.ended_at)
        table.add_row(EQUIPMENT_KINDS[one.kind], one.subject, *times)
    return table
