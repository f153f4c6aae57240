"""How often somebody may try to log in: by account, by browser that was here before, by address."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

WITHIN_S = 15 * 60.0
OF_ACCOUNT = 5
OF_ADDRESS = 30
"""An office behind one address has many people; a guesser has many accounts."""
REMEMBERED = 20_000


class Attempts:
    """Failures that are not forgotten yet; bounded, whatever is tried."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def allowed(self, account: str, address: str, known_device: bool) -> bool:
        """Whether a password is looked at. Strangers' failures do not shut out a known browser."""
        name = self._name(account, address, known_device)
        if len(self._recent(name)) >= OF_ACCOUNT:
            return False
        return known_device or len(self._recent(f"address {address}")) < OF_ADDRESS

    def failed(self, account: str, address: str, known_device: bool) -> None:
        """A password or a code was wrong."""
        for name in (self._name(account, address, known_device), f"address {address}"):
            self._failures.setdefault(name, deque(maxlen=OF_ADDRESS)).append(self._now())
            self._failures.move_to_end(name)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def take_back(self, account: str, address: str, known_device: bool) -> None:
        """What was counted last was not looked at after all."""
        for name in (self._name(account, address, known_device), f"address {address}"):
            if failures := self._failures.get(name):
                failures.pop()

    def succeeded(self, account: str, address: str, known_device: bool) -> None:
        """His own failures before are forgotten; his address's are not."""
        self._failures.pop(self._name(account, address, known_device), None)

    def _name(self, account: str, address: str, known_device: bool) -> str:
        return f"known {account} {address}" if known_device else f"account {account}"

    def _recent(self, name: str) -> deque[float]:
        failures = self._failures.get(name, deque())
        while failures and failures[0] <= self._now() - WITHIN_S:
            failures.popleft()
        return failures
