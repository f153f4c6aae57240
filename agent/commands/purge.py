"""`lpse-agent purge`: erase what is too old."""

from typing import Annotated

import typer

from agent.commands.accountable import eraser_of, system_user
from agent.commands.plain import FAILED, ask, console, print_json, printable, said_plainly
from agent.office import rules_decided
from agent.runtime import clock
from agent.runtime.errors import EffectFailed
from agent.runtime.purge import Retention, look
from agent.runtime.purge import purge as run_purge
from agent.settings import read_settings


def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Erase personal data whose time is over, as the service does once a day.

    Sounds go after audio_kept_days, forms after form_kept_years with
    everything that tells who called; numbers, times, outcomes and deviations
    stay. A monthly recap goes after the last form of its month, with the next
    purge. Nothing under a legal hold is touched. What was done is kept.

    Example:
    lpse-agent purge --dry-run
    """
    with said_plainly():
        settings = read_settings()
        eraser = eraser_of(settings)
        url = settings.database_url
        rules = ask(url, lambda: rules_decided(settings))
        kept = Retention(rules.audio_kept_days, settings.form_kept_years)
        now = clock.now()
        if dry_run:
            purged = ask(url, lambda: look(eraser, now, kept))
        else:
            by = system_user()
            purged = ask(url, lambda: run_purge(eraser, now, kept, by, _tell_failed))
    if json:
        print_json(purged)
    else:
        out = console()
        out.print("Akan dihapus:" if dry_run else "Dihapus:")
        out.print(f"  rekaman suara   {purged.audio}")
        out.print(f"  formulir        {purged.forms}")
        out.print(f"  rekap bulanan   {purged.recaps}")
        out.print(f"  ditahan hukum   {purged.held}")
        out.print(f"  gagal           {purged.failed}")
    if purged.failed:
        raise typer.Exit(FAILED)


def _tell_failed(what: str, error: EffectFailed) -> None:
    typer.echo(printable(f"{what}: {error}"), err=True)
