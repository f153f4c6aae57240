"""F25 behind firewall and fail2ban as deploy/install sets them up, in a network of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from agent.settings import ROOT
from deploy.asterisk_server import (
    AsteriskServer,
    ending_with_us,
    find_installation,
    private_values,
)
from deploy.installed_answers import Answers
from deploy.installed_files import Programs, write_files
from deploy.set_up_asterisk import cache
from tests.faults.conftest import Measured
from tests.faults.networks import Network, two_networks
from tests.faults.stranger import Stranger
from tests.journeys.bare_asterisk import PASSWORD, BareAsterisk

ASTERISK_ROOT = os.environ["LPSE_ASTERISK_ROOT"]
FAIL2BAN = cache() / "tools/fail2ban"
MACHINE, TRUNK, TELEPHONE = "198.51.100.1", "198.51.100.10", "198.51.100.20"
STRANGER, GUESSER, ANOTHER = "198.51.100.66", "198.51.100.67", "198.51.100.68"
STRANGERS = "198.51.100.64/26"
ANSWERS = Answers(
    trunk=(TRUNK,),
    phones=("198.51.100.16/28",),
    pages_origin="https://helpdesk.example.go.id",
    browsers=("198.51.100.16/28",),
)
BURST, A_SECOND = 30, 5
"""What deploy/nftables/lpse.nft leaves to a stranger."""
BANNED_WITHIN_S = 10.0

PROMISE = "a flood is cut at the door, and who guesses passwords is shut out within 10 s"


@dataclass(frozen=True)
class Machine:
    """A machine with the helpdesk's Asterisk and the files of an installation."""

    network: Network
    world: Network
    asterisk: BareAsterisk
    installed: Path

    @contextmanager
    def from_outside(self, address: str) -> Iterator[Stranger]:
        """Somebody at an address outside."""
        with self.world.entered():
            made = Stranger(self.asterisk.address, address)
        with made:
            yield made


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Behind its firewall; its Asterisk has nobody on ARI."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lpse-")))
        folder.chmod(0o711)
        (folder / "prompts").mkdir()
        (folder / "installed").mkdir()
        network, world = stack.enter_context(
            two_networks(f"{MACHINE}/24", f"{TRUNK}/24", *ANSWERS.phones, STRANGERS)
        )
        installation = find_installation(Path(ASTERISK_ROOT) if ASTERISK_ROOT else None)
        programs = Programs(ROOT, Path("/usr/bin/python3"), installation, None)
        write_files(ANSWERS, programs, "postgresql:///", folder / "installed")
        network.run("nft", "-f", str(folder / "installed/etc/lpse-agent/lpse.nft"))
        with network.entered():
            values = replace(
                private_values(
                    installation,
                    folder / "asterisk",
                    folder / "prompts",
                    trunk_addresses=ANSWERS.trunk,
                ),
                sip_address=MACHINE,
                sip_port=5060,
            )
            server = stack.enter_context(AsteriskServer(installation, values))
        yield Machine(network, world, BareAsterisk(server, folder), folder / "installed")


@pytest_asyncio.fixture(scope="module", autouse=True)
async def account(machine: Machine) -> None:
    """One operator's telephone is known."""
    with machine.network.entered():
        await machine.asterisk.publish("op-101")


@contextmanager
def fail2ban(machine: Machine) -> Iterator[Path]:
    """fail2ban's own server with the jail of the installation; yields its log."""
    with tempfile.TemporaryDirectory(prefix="lpse-fail2ban-") as name:
        folder = Path(name)
        shutil.copytree(FAIL2BAN / "etc/fail2ban", folder / "etc")
        shutil.copytree(machine.installed / "etc/fail2ban", folder / "etc", dirs_exist_ok=True)
        (folder / "etc/jail.d/defaults-debian.conf").unlink()  # its jail is for the machine's SSH
        jail = folder / "etc/jail.d/lpse-asterisk.conf"
        log_folder = str(machine.asterisk.server.log_folder)
        jail.write_text(jail.read_text().replace("/var/lib/lpse-asterisk/log", log_folder))
        (folder / "etc/fail2ban.local").write_text(
            f"[Definition]\nlogtarget = {folder}/log\nsocket = {folder}/socket\n"
            f"pidfile = {folder}/pid\ndbfile = None\n"
        )
        program = ["/usr/bin/python3", FAIL2BAN / "usr/bin/fail2ban-server", "-xf"]
        program += ["-c", folder / "etc", "start"]
        with machine.network.entered():
            server = subprocess.Popen(
                [*ending_with_us(), *program],
                env={
                    "PYTHONPATH": str(FAIL2BAN / "usr/lib/python3/dist-packages"),
                    "PATH": os.defpath + ":/usr/sbin:/sbin",
                },
                stdout=subprocess.DEVNULL,
            )
        try:
            wait_until("fail2ban watches", lambda: "started" in _text(folder / "log"))
            yield folder / "log"
        finally:
            server.terminate()
            server.wait(20)


def wait_until(what: str, true: Callable[[], bool], within_s: float = 20.0) -> float:
    """Look until it is so; how long it took. Raises TimeoutError."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within_s:
            raise TimeoutError(what)
        time.sleep(0.1)
    return time.monotonic() - began


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


@pytest.mark.fault("F25", PROMISE)
def test_a_flood_is_cut_at_the_door_while_a_known_telephone_and_a_caller_are_served(
    machine: Machine,
) -> None:
    realm = machine.asterisk.server.values.realm
    with (
        machine.from_outside(STRANGER) as stranger,
        machine.from_outside(TELEPHONE) as telephone,
        machine.from_outside(TRUNK) as caller,
    ):
        make = partial(stranger.request, "REGISTER")
        began = time.monotonic()
        with stranger.flooding(lambda number: make(user=f"u{number}"), 1000) as sent:
            while time.monotonic() - began < 3:
                assert telephone.register("op-101", realm, PASSWORD) == 200
                assert caller.status(caller.request("INVITE", "000")) == 404
                time.sleep(0.1)
        lasted = time.monotonic() - began
        assert sent() > 1000
        assert 0 < stranger.heard() <= 2 * (BURST + A_SECOND * lasted)


@pytest.mark.fault("F25", PROMISE)
def test_a_flood_from_invented_addresses_reaches_nobody_but_other_strangers(
    machine: Machine,
) -> None:
    with ExitStack() as stack, machine.from_outside(TRUNK) as caller:
        strangers = [
            stack.enter_context(machine.from_outside(f"198.51.100.{last}"))
            for last in range(70, 120)
        ]
        for _ in range(BURST):
            for stranger in strangers:
                stranger.send(stranger.request("INVITE"))
            assert caller.status(caller.request("INVITE", "000")) == 404
        heard = sum(stranger.heard() for stranger in strangers)
    assert 0 < heard < len(strangers) * BURST / 2


@pytest.mark.fault("F25", PROMISE)
def test_what_commands_the_calls_cannot_be_reached_from_outside(machine: Machine) -> None:
    with machine.network.entered(), socket.create_server((MACHINE, 8088)) as listener:
        listener.settimeout(5)
        with socket.create_connection((MACHINE, 8088), timeout=5):
            listener.accept()[0].close()  # from the machine itself it can
        with machine.world.entered(), pytest.raises(TimeoutError):
            socket.create_connection((MACHINE, 8088), timeout=2)


@pytest.mark.fault("F25", PROMISE)
def test_who_guesses_passwords_is_shut_out_and_can_shut_out_nobody_else(
    machine: Machine, measured: Measured
) -> None:
    realm = machine.asterisk.server.values.realm
    forged = f'x",LocalAddress="IPV4/UDP/1.1.1.1/1",RemoteAddress="IPV4/UDP/{ANOTHER}/5060'
    with (
        fail2ban(machine) as log,
        machine.from_outside(GUESSER) as guesser,
        machine.from_outside(ANOTHER) as another,
        machine.from_outside(TELEPHONE) as clumsy,
    ):

        def is_shut_out() -> bool:
            guesser.send(guesser.request("REGISTER", call_id=forged))
            assert clumsy.register("op-101", realm, "an old password") == 401
            return guesser.register("op-101", realm, "a guess") is None

        took = wait_until("he is shut out", is_shut_out, BANNED_WITHIN_S)
        assert f"Ban {GUESSER}" in log.read_text()
        measured("shut out after s", took, BANNED_WITHIN_S)
        assert another.register("op-101", realm, PASSWORD) == 200
        assert clumsy.register("op-101", realm, PASSWORD) == 200, "his whole office has his address"
        assert guesser.status(guesser.request("OPTIONS")) is None


def test_the_pages_are_for_the_desks_networks_alone(machine: Machine) -> None:
    with machine.network.entered():
        pages = socket.create_server((MACHINE, 443))
    with pages:
        for address, reached in ((TELEPHONE, True), (STRANGER, False)):
            with machine.world.entered():
                browser = socket.socket()
            with browser:
                browser.settimeout(5.0 if reached else 1.0)
                browser.bind((address, 0))
                if reached:
                    browser.connect((MACHINE, 443))
                else:
                    with pytest.raises(TimeoutError):
                        browser.connect((MACHINE, 443))
