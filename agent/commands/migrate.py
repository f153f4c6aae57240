"""`lpse-agent migrate`: bring the database up to this program."""

import asyncio

from agent.commands.plain import console, said_plainly
from agent.database import migrations
from agent.settings import read_settings


def migrate() -> None:
    """Apply the migrations that the database lacks; safe to repeat, and while another does it.

    The database is the one of DATABASE_URL. One that is newer than this
    program, or whose past was changed, is left alone. `serve` migrates by
    itself when it starts.

    Example:
    DATABASE_URL=postgresql://lpse@localhost/lpse lpse-agent migrate
    """
    with said_plainly():
        applied = asyncio.run(migrations.migrate(read_settings().database_url))
    out = console()
    for name in applied:
        out.print(f"applied {name}")
    out.print("The database is up to date.")
