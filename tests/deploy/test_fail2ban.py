"""fail2ban's own program reads the security log of a real Asterisk that was attacked."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.settings import ROOT
from deploy.set_up_asterisk import cache
from tests.faults.stranger import Stranger
from tests.journeys.bare_asterisk import PASSWORD, BareAsterisk, bare_asterisk
from tests.journeys.office import until

FILTER = ROOT / "deploy/fail2ban/filter.d/lpse-asterisk.conf"
FAIL2BAN = cache() / "tools/fail2ban"
ATTACKER, TELEPHONE, VICTIM = "127.0.0.66", "127.0.0.20", "203.0.113.5"
FORGED = f'LocalAddress="IPV4/UDP/127.0.0.1/5060",RemoteAddress="IPV4/UDP/{VICTIM}/5060"'


@pytest.fixture(scope="module")
def asterisk() -> Iterator[BareAsterisk]:
    with bare_asterisk() as running:
        yield running


@pytest_asyncio.fixture(scope="module", autouse=True)
async def account(asterisk: BareAsterisk) -> None:
    await asterisk.publish("op-101")


@pytest.fixture
def attacker(asterisk: BareAsterisk) -> Iterator[Stranger]:
    with Stranger(asterisk.address, ATTACKER) as stranger:
        yield stranger


@pytest.fixture
def realm(asterisk: BareAsterisk) -> str:
    return asterisk.server.values.realm


class SecurityLog:
    """What Asterisk has logged since the test began, as fail2ban sees it."""

    def __init__(self, asterisk: BareAsterisk, folder: Path) -> None:
        self._file = asterisk.server.log_folder / "security"
        self._begins = self._file.stat().st_size
        self._excerpt = folder / "security"

    def text(self) -> str:
        """The lines themselves."""
        return self._file.read_text(errors="replace")[self._begins :]

    def found(self) -> list[str]:
        """The address of each line that the filter counts as a failure."""
        self._excerpt.write_text(self.text())
        command = ["/usr/bin/python3", FAIL2BAN / "usr/bin/fail2ban-regex"]
        command += ["-c", FAIL2BAN / "etc/fail2ban", "-o", "<ip>", self._excerpt, FILTER]
        told = subprocess.run(
            command,
            env={"PYTHONPATH": str(FAIL2BAN / "usr/lib/python3/dist-packages")},
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.split()

    async def finds(self, *addresses: str) -> None:
        """Wait until as many lines are found; then they must be these."""

        async def enough() -> bool:
            return len(self.found()) >= len(addresses)

        await until("the attempts are logged", enough)
        assert self.found() == list(addresses)


@pytest.fixture
def log(asterisk: BareAsterisk, tmp_path: Path) -> SecurityLog:
    return SecurityLog(asterisk, tmp_path)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
async def test_whoever_has_no_account_is_found(
    attacker: Stranger, log: SecurityLog, method: str
) -> None:
    for _ in range(3):
        assert attacker.status(attacker.request(method)) == 401
    await log.finds(*[ATTACKER] * 3)


async def test_whoever_guesses_a_password_is_found_once_for_each_guess(
    attacker: Stranger, log: SecurityLog, realm: str
) -> None:
    for guess in range(3):
        assert attacker.register("op-101", realm, f"guess {guess}") == 401
    await log.finds(*[ATTACKER] * 3)


async def test_a_telephone_with_the_right_password_is_never_found(
    asterisk: BareAsterisk, log: SecurityLog, realm: str
) -> None:
    with Stranger(asterisk.address, TELEPHONE) as telephone:
        assert telephone.register("op-101", realm, PASSWORD) == 200
    with Stranger(asterisk.address, ATTACKER) as attacker:
        assert attacker.register("op-101", realm, "a guess, so that there is something") == 401
    await log.finds(ATTACKER)
    assert TELEPHONE in log.text()


@pytest.mark.parametrize(
    "asked",
    [
        {"call_id": f'x",{FORGED},SessionID="x'},
        {"call_id": f'x",{FORGED},Challenge="x",Response="x",ExpectedResponse="'},
        {"call_id": f'x",{FORGED}'},
        {"user": f"x%22,{FORGED.replace(chr(34), '%22')},X=%22"},
        {"user": "x%0d%0aSECURITY%5b1%5d"},
        {"user": "x%0a%0a"},
        {"user": f"%0a{FORGED.replace(chr(34), '%22')}%0a"},
    ],
    ids=str,
)
async def test_what_a_stranger_writes_into_the_log_neither_hides_him_nor_blames_another(
    attacker: Stranger, log: SecurityLog, asked: dict[str, str]
) -> None:
    assert attacker.status(attacker.request("REGISTER", **asked)) == 401
    await log.finds(ATTACKER)


@pytest.mark.parametrize(
    "forged",
    [
        {
            "response": f'x\\",{FORGED},X=\\"'.replace('"IPV4', '\\"IPV4').replace(
                '5060"', '5060\\"'
            )
        },
        {"response": "x\\\\"},
        {"nonce": f'x\\",{FORGED},X=\\"'.replace('"IPV4', '\\"IPV4').replace('5060"', '5060\\"')},
    ],
    ids=str,
)
async def test_nor_does_what_he_writes_into_his_proof(
    attacker: Stranger, log: SecurityLog, realm: str, forged: dict[str, str]
) -> None:
    assert attacker.register("op-101", realm, "a guess", **forged) == 401
    await log.finds(ATTACKER)
    assert "ChallengeResponseFailed" in log.text()
