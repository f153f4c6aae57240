"""The command line `lpse-agent`."""

import asyncio
import sys

import typer

from agent.settings import SettingsInvalid, read_settings

app = typer.Typer(
    help="The telephone helpdesk of a procurement office, run by its official procedure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _commands() -> None:
    """Several commands, also while there is only one."""


@app.command()
def serve() -> None:
    """Run the service until SIGTERM; calls in progress then talk on without it."""
    from agent.logs import set_up_logs
    from agent.service import serve as run

    settings = read_settings()
    set_up_logs(settings.log_level)
    asyncio.run(run(settings))


def main() -> None:
    """Run one command; what can be mended by whoever typed it is one sentence, not a traceback."""
    try:
        app()
    except SettingsInvalid as error:
        print(f"lpse-agent: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
