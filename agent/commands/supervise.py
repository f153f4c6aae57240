"""`lpse-agent supervise`: hear a conversation, speak to its operator, or join it."""

from typing import Annotated, Literal

import typer

from agent.commands.plain import console, parse_account, print_json, refuse, said_plainly
from agent.commands.service_desk import asked
from agent.settings import read_settings


def supervise(
    form: Annotated[str, typer.Argument(help="Form number of the conversation (123/2026).")],
    phone: Annotated[str, typer.Option("--phone", help="The supervisor's account, e.g. op-109.")],
    mode: Annotated[
        Literal["listen", "whisper", "join"] | None,
        typer.Option("--mode", help="Be heard by nobody, by the operator alone, or by both."),
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Leave the conversation.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ring a supervisor's telephone and bring him into a conversation; again to change the mode.

    It is on the call's log who listened, how and when. Hanging up leaves, too.

    Example:
    lpse-agent supervise 123/2026 --phone op-109 --mode listen
    """
    account = parse_account("--phone", phone)
    if (mode is None) != stop:
        refuse("Say either --mode listen, whisper or join, or --stop.")
    with said_plainly():
        settings = read_settings()
        wanted = {"form": form, "phone": str(account)}
        if mode:
            told = asked(settings, "POST", "/supervision/start", {**wanted, "mode": mode})
        else:
            told = asked(settings, "POST", "/supervision/stop", wanted)
    if json:
        print_json(told)
    elif stop:
        console().print(f"{told['name']} ({account}) has left the conversation.")
    elif told["joined_at"]:
        console().print(f"{told['name']} ({account}) is in the conversation: {mode}.")
    else:
        console().print(f"The telephone of {told['name']} ({account}) rings: {mode}.")
