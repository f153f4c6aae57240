"""The command line `lpse-agent`."""

import asyncio

import typer

from agent.commands import (
    access,
    accounts,
    answers,
    archive,
    deviations,
    forms,
    holds,
    operators,
    persons,
    tickets,
    webhooks,
)
from agent.commands.call import call
from agent.commands.calls import calls
from agent.commands.capture import capture
from agent.commands.doctor import doctor
from agent.commands.earlier import earlier
from agent.commands.migrate import migrate
from agent.commands.plain import said_plainly
from agent.commands.purge import purge
from agent.commands.recap import recap
from agent.commands.replay import replay
from agent.commands.search import search
from agent.commands.seed import seed
from agent.commands.supervise import supervise
from agent.commands.verify import verify
from agent.logs import set_up_logs
from agent.service import serve as run_service
from agent.settings import read_settings

app = typer.Typer(
    help=(
        "The telephone helpdesk of a procurement office, run by its official procedure.\n\n"
        "To begin: `doctor` says what is still missing, `operator add NAME` makes a telephone "
        "account, `serve` takes calls; then `calls` lists them and `call NUMBER` shows one. "
        "Each command's own --help has examples."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def serve() -> None:
    """Run the service until SIGTERM; calls in progress then talk on without it.

    Settings come from the TOML file named by LPSE_SETTINGS and, above it,
    from variables like LPSE_HTTP_PORT or LPSE_ZONE; DATABASE_URL names the
    database. `doctor` checks them all.

    Example:
    LPSE_SETTINGS=/etc/lpse-agent/settings.toml lpse-agent serve
    """
    with said_plainly():
        settings = read_settings()
        set_up_logs(settings.log_level)
        asyncio.run(run_service(settings))


for command in (
    migrate,
    calls,
    call,
    search,
    earlier,
    recap,
    verify,
    replay,
    capture,
    supervise,
    purge,
    seed,
    doctor,
):
    app.command()(command)
for name, group in (
    ("operator", operators),
    ("form", forms),
    ("answer", answers),
    ("ticket", tickets),
    ("deviation", deviations),
    ("archive", archive),
    ("person", persons),
    ("hold", holds),
    ("access", access),
    ("webhook", webhooks),
):
    app.add_typer(group.app, name=name)
app.add_typer(deviations.app, name="deviations", hidden=True)  # as many say it
app.add_typer(accounts.app, name="account")
app.add_typer(accounts.tokens, name="token")


def main() -> None:
    """Run the command that was typed."""
    app(prog_name="lpse-agent")


if __name__ == "__main__":
    main()
