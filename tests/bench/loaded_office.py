"""The office that is put under load: short prompts, many operators, commits with their times."""

import asyncio
import math
import re
import struct
import time
import urllib.request
import wave
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.asterisk.phone_accounts import digest_of, make_password
from agent.database.connect import connected
from agent.database.operators import add_operator
from agent.domain.identifiers import OperatorId
from deploy.postgres_server import PostgresServer
from deploy.site import Site, SiteFailed
from tests.bench import sipp

PROMPT_S = 0.3
SHORT_PROMPTS = (
    "welcome_morning",
    "welcome_noon",
    "welcome_afternoon",
    "welcome_evening",
    "recording_notice",
    "connecting",
    "please_wait",
)
COUNTED_WITHIN_S = 40.0
"""Asterisk asks a telephone that missed its question again after 15 s."""
STATEMENT_S = 10.0
TRUNK = "trunk"


@dataclass(frozen=True)
class Leg:
    """Voice packets of one channel, as Asterisk counted them."""

    heard: int
    sent: int


def short_prompts(folder: Path) -> Path:
    """A folder of recordings in which every prompt of a call is a short tone."""
    folder.mkdir()
    samples = (
        round(8000 * math.sin(2 * math.pi * 425 * place / 8000))
        for place in range(round(PROMPT_S * 8000))
    )
    tone = b"".join(struct.pack("<h", sample) for sample in samples)
    for name in SHORT_PROMPTS:
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(tone)
    return folder


def keep_commit_times(folder: Path) -> str:
    """Let the office's PostgreSQL remember when it committed what; answers its version."""
    server = PostgresServer(folder)
    url = server.start()

    async def settle() -> str:
        async with connected(url, STATEMENT_S, STATEMENT_S) as connection:
            for setting in ("track_commit_timestamp", "track_wal_io_timing"):
                await connection.execute(f"ALTER SYSTEM SET {setting} = on")
            return str(await connection.fetchval("SHOW server_version"))

    try:
        return asyncio.run(settle())
    finally:
        server.stop()


async def hire(site: Site, count: int) -> list[sipp.Account]:
    """New operators, as `lpse-agent operator add` makes them but without its start each time."""
    realm, accounts = site.settings.sip_realm, []
    for number in range(count):
        password = make_password()

        def digests_of(account: OperatorId, password: str = password) -> tuple[str, str]:
            digest = digest_of(account, realm, password)
            return digest.sha256, digest.md5

        account = await add_operator(site.database_url, f"Petugas {number}", digests_of, by="bench")
        accounts.append(sipp.Account(account, password))
    return accounts


def wait_for_phones(site: Site, count: int, state: str) -> None:
    """Until the agent counts so many telephones in this state. Raises SiteFailed."""
    url = f"http://127.0.0.1:{site.settings.http_port}/metrics"
    wanted = f'lpse_operators{{state="{state}"}} {float(count)}'
    deadline = time.monotonic() + COUNTED_WITHIN_S
    while True:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if wanted in answer.read().decode().splitlines():
                return
        if time.monotonic() > deadline:
            raise SiteFailed(f"The agent does not count {count} telephones as {state}.")
        time.sleep(0.2)


def voice_packets(said: str) -> dict[str, Leg]:
    """By the endpoint, what `pjsip show channelstats` said of its channel."""
    line = re.compile(
        r"(?m)^.* (?P<name>[\w-]+)-[0-9a-f]{8} +[\d:]+ +\S+ +(?P<heard>\d+)K? +\d+ +\d+ +[\d.]+"
        r" +(?P<sent>\d+)K? +\d+ +\d+ +[\d.]+ +[\d.]+ *$"
    )
    return {
        found["name"]: Leg(int(found["heard"]), int(found["sent"])) for found in line.finditer(said)
    }
