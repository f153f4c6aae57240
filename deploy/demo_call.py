"""The demonstration: the whole office on this machine, and one real call between two SIP phones.

The operator writes on the form what the caller asks, cannot solve it and presses *8; both hear
the numbers, the caller hangs up. Then the call's record is printed as `lpse-agent call` prints it.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.database.errors import DatabaseProblem
from agent.domain.sop import parse_sop
from agent.office import content_of, make_renderer
from agent.speech.renderer import Speech
from deploy.asterisk_server import AsteriskCannotRun
from deploy.postgres_server import PostgresFailed
from deploy.sip_phone import PROMPT_HEARD, Answer, SipCall, SipPhoneFailed, SipPhones, find_prompt
from deploy.site import Site, SiteFailed

CALLER = "081234567890"
CALLERS_WORDS = {
    "caller_name": "Budi (demo)",
    "user_type": "penyedia",
    "business_name": "CV Contoh",
    "application": "spse",
    "category": "06",
    "problem": "Unggah penawaran gagal",
    "email": "budi@example.com",
}
OPERATOR, SUPERVISOR = "Siti (demo)", "Supervisor (demo)"
REGISTER_WITHIN_S = 15.0
RECORD_WITHIN_S = 15.0
CLOCKS_AGREE_S = 0.1
"""The recorded answer may differ from the phone's own 200 OK by this at most."""


class DemoFailed(Exception):
    """The demonstration did not show what it should; the message says what was missing."""


def main() -> None:
    """Run the demonstration; status 0 only if the record of its call is complete."""
    parser = argparse.ArgumentParser(prog="./deploy/demo")
    parser.add_argument("--exit", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {line}", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(os.environ["LPSE_VAR"])
    root = os.environ["LPSE_ASTERISK_ROOT"]
    try:
        with Site(folder, Path(root) if root else None, say) as site:
            account = _telephone(site, "demo_operator.json", OPERATOR)
            form_number, problems = asyncio.run(_one_call(site, account, say))
            print(site.command("call", form_number, *(["--json"] if options.json else [])), end="")
            for problem in problems:
                say(f"NOT COMPLETE: {problem}")
            if options.exit:
                sys.exit(1 if problems else 0)
            _show_how_to_try(site, account)
            signal.pause()
    except (
        AsteriskCannotRun,
        DatabaseProblem,
        DemoFailed,
        PostgresFailed,
        SiteFailed,
        TimeoutError,
    ) as error:
        sys.exit(f"The demonstration failed: {error or type(error).__name__}")
    except KeyboardInterrupt:
        say("Stopped.")


def _telephone(site: Site, file: str, name: str, *options: str) -> dict[str, str]:
    """A telephone of the demo; its password is kept, because here it is tried by hand."""
    kept = site.folder / file
    known = {
        o["account"]
        for o in _json(site.command("operator", "list", "--json"))
        if not o["removed_at"]
    }
    if kept.exists():
        account: dict[str, str] = json.loads(kept.read_text())
        if account["account"] in known:
            return account
    account = _json(site.command("operator", "add", name, *options, "--json"))
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(account))
    return account


async def _one_call(
    site: Site, account: dict[str, str], say: Callable[[str], None]
) -> tuple[str, list[str]]:
    """Place the call; answer its form number and what its record lacks."""
    before = {call["form_number"] for call in _calls(site)}
    async with SipPhones(site.folder / "phones") as phones:
        operator = await phones.operator(account["account"], account["password"], site.sip_server)
        await _register(operator.register)
        operator.on_call = Answer(after=timedelta(seconds=1))
        caller = await phones.caller(CALLER, site.sip_server)
        say("The caller dials the helpdesk and hears the welcome and the recording notice.")
        at_caller = await caller.dial(site.values.helpdesk_number)
        at_operator = await operator.incoming(within=timedelta(seconds=60))
        say("The operator's telephone rings.")
        answered_at = await at_operator.answered(within=timedelta(seconds=30))
        greeting = site.speech_folder / "prompts" / "welcome_morning.wav"
        await asyncio.sleep(1)
        await at_operator.say(greeting)
        await asyncio.sleep(3)
        say("The operator has greeted; he writes identity and problem on the form.")
        opened = await _until(site, before, lambda _record: True)
        words = [f"{field}={text}" for field, text in CALLERS_WORDS.items()]
        by = ("--by", account["account"])
        command = ("form", "fill", opened["form_number"], *words, *by)
        await asyncio.to_thread(site.command, *command)
        say("He cannot solve it: *8.")
        await at_operator.press("*8")
        record = await _until(site, before, lambda r: _state(r, "8") == "met")
        say("Both have heard the form number and the ticket number; the caller hangs up.")
        await asyncio.sleep(1)
        await at_caller.hang_up()
        await at_operator.ended(within=timedelta(seconds=10))
        await at_caller.ended(within=timedelta(seconds=10))
        record = await _until(site, before, lambda r: _state(r, "7") == "met")
    problems = _incomplete(record)
    difference = abs((datetime.fromisoformat(record["answered_at"]) - answered_at).total_seconds())
    if difference > CLOCKS_AGREE_S:
        problems.append(f"answered_at is {difference:.3f} s off the operator's telephone")
    problems += await _unheard(site, record, {"caller": at_caller, "operator": at_operator})
    return record["form_number"], problems


def _incomplete(record: dict[str, Any]) -> list[str]:
    """What a complete record of an escalated call has and this one lacks."""
    problems = [
        f"{field} is missing"
        for field in ("form_number", "ticket_number", "operator", "answered_at", "ended_at")
        if not record[field]
    ]
    if record["outcome"] != "escalated":
        problems.append(f"the outcome is {record['outcome']}")
    for step in record["steps"]:
        done = step["state"] == "met" and step["evidence"]
        if not done and step["state"] != "not_applicable":
            problems.append(f"step {step['step']} is {step['state']}")
    return problems


async def _unheard(site: Site, record: dict[str, Any], legs: dict[str, SipCall]) -> list[str]:
    """At which telephones the numbers were not found in the recorded sound."""
    settings = site.settings
    renderer = make_renderer(settings, parse_sop(content_of(settings.sop_file, "sop_file")))
    await renderer.prepare()
    numbers = Speech("numbers", record["form_number"], record["ticket_number"])
    prompt = (await renderer.audio(numbers)).path.with_suffix(".wav")
    matches = {who: find_prompt(leg.heard, prompt) for who, leg in legs.items()}
    return [
        f"the numbers were not heard at the {who}'s telephone (likeness {match.score:.2f})"
        for who, match in matches.items()
        if match.score < PROMPT_HEARD
    ]


async def _register(register: Callable[[], Awaitable[None]]) -> None:
    """A telephone can register as soon as the agent has made it known to Asterisk."""
    deadline = time.monotonic() + REGISTER_WITHIN_S
    while True:
        try:
            await register()
        except SipPhoneFailed:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)
        else:
            return


async def _until(
    site: Site, before: set[str], reached: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The record of the new call once it is so. Raises DemoFailed."""
    deadline = time.monotonic() + RECORD_WITHIN_S + 90
    while time.monotonic() < deadline:
        new = [call["form_number"] for call in await asyncio.to_thread(_calls, site)]
        for form_number in (number for number in new if number not in before):
            text = await asyncio.to_thread(site.command, "call", form_number, "--json")
            record = _json(text)
            if reached(record):
                return dict(record)
        await asyncio.sleep(0.5)
    raise DemoFailed("the call's record did not come to what was awaited")


def _calls(site: Site) -> list[dict[str, Any]]:
    return list(_json(site.command("calls", "--json", "--limit", "10")))


def _state(record: dict[str, Any], step: str) -> str:
    return next(str(s["state"]) for s in record["steps"] if str(s["step"]) == step)


def _json(text: str) -> Any:
    return json.loads(text)


def _logins(site: Site, operator: str, supervisor: str) -> dict[str, str]:
    """Accounts of the pages with a password that is good for one login, made anew at each start."""
    known = {one["account"] for one in _json(site.command("account", "list", "--json"))}
    logins = {}
    for account, name, role, telephone in (
        ("siti", OPERATOR, "operator", operator),
        ("supervisor", SUPERVISOR, "supervisor", supervisor),
    ):
        if account in known:
            made = site.command("account", "password", account, "--json")
        else:
            made = site.command(
                *("account", "add", account, "--name", name, "--role", role),
                *("--operator", telephone, "--json"),
            )
        logins[account] = str(_json(made)["password"])
    return logins


def _show_how_to_try(site: Site, account: dict[str, str]) -> None:
    values = site.values
    settings = site.settings
    supervisor = _telephone(site, "demo_supervisor.json", SUPERVISOR, "--supervisor")
    logins = _logins(site, account["account"], supervisor["account"])
    print(
        f"""
The helpdesk stays up. Try it with two softphones on this machine (SIP over UDP):

  server             {site.sip_server}
  operator           account {account["account"]}, password {account["password"]}
  supervisor         account {supervisor["account"]}, password {supervisor["password"]}
                     (a third softphone, by which he listens from the wallboard)
  caller             account penelepon, password {values.caller_password}
  the caller dials   {values.helpdesk_number}

  In the call the operator presses: *2 greeted, *3 identity taken, *6 answered,
  *8 escalate, *0 the numbers again, ** the numbers of his call before.

  pages              {site.pages}
                     operator: account siti, password {logins["siti"]}
                     supervisor: account supervisor, password {logins["supervisor"]}
                     (each is good for one login, in which one chooses one's own; the
                     supervisor's login shows a code for an authenticator)
  health and metrics http://{settings.http_address}:{settings.http_port}/health/ready, /metrics
  commands           LPSE_SETTINGS={site.folder}/settings.toml {sys.executable} -m agent --help
  database           {site.database_url}
  logs               {site.agent_log}

Stop it with Ctrl-C.""",
        flush=True,
    )


if __name__ == "__main__":
    main()
