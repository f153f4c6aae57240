"""Networks that exist for one test alone: a machine, and the outside that it is reached from."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of unshare(2) and setns(2)."""


@dataclass(frozen=True)
class Network:
    """A network namespace, alive as long as the process that holds it."""

    holder: int

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What this thread opens meanwhile, and the programs that it starts, belong there."""
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        theirs = os.open(f"/proc/{self.holder}/ns/net", os.O_RDONLY)
        try:
            _enter(theirs)
            yield
        finally:
            _enter(ours)
            os.close(theirs)
            os.close(ours)

    def run(self, *command: str) -> str:
        """What a program prints that runs there. Raises CalledProcessError."""
        with self.entered():
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout


@contextmanager
def two_networks(inside: str, outside: str, *more: str) -> Iterator[tuple[Network, Network]]:
    """A machine's network and the outside, joined by one line.

    `inside` and `outside` are an address of each with the prefix that both share. Outside, every
    address of the networks in `more` can be sent from as well. Raises PermissionError where nobody
    may make networks.
    """
    with _network() as machine, _network() as world:
        ip = ("ip", "link", "add", "out0", "netns", str(machine.holder), "type", "veth")
        subprocess.run((*ip, "peer", "name", "in0", "netns", str(world.holder)), check=True)
        machine.run("ip", "address", "add", inside, "dev", "out0")
        machine.run("ip", "link", "set", "out0", "up")
        world.run("ip", "address", "add", outside, "dev", "in0")
        world.run("ip", "link", "set", "in0", "up")
        for network in more:
            world.run("ip", "route", "add", "local", network, "dev", "lo")
        yield machine, world


@contextmanager
def _network() -> Iterator[Network]:
    holder = subprocess.Popen(
        (
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            "--net",
            "sh",
            "-c",
            "echo && exec sleep inf",
        ),
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout
        if not holder.stdout.readline():
            raise PermissionError("Networks for a test need root and CAP_SYS_ADMIN.")
        made = Network(holder.pid)
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        holder.kill()
        holder.communicate()


def _enter(network: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(network, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
