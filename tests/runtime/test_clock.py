from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.runtime import clock

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def nobody_is_followed_afterwards() -> Iterator[None]:
    yield
    clock.follow_nobody()


def test_a_clock_near_asterisks_is_the_machines_own() -> None:
    clock.follow(clock.of_this_machine() + clock.FAR / 2)
    before = clock.of_this_machine()
    assert before <= clock.now() <= clock.of_this_machine()


@pytest.mark.parametrize("far", [-HOUR, HOUR])
def test_a_clock_far_from_asterisks_is_left_for_asterisks(far: timedelta) -> None:
    clock.follow(clock.of_this_machine() + far)
    assert abs(clock.now() - clock.of_this_machine() - far) < SOON


@pytest.mark.parametrize("far", [-HOUR, HOUR])
def test_a_clock_that_jumps_is_not_believed(
    far: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = clock.of_this_machine
    clock.follow(true())
    monkeypatch.setattr(clock, "of_this_machine", lambda: true() + far)
    assert abs(clock.now() - true()) < SOON
    clock.follow_nobody()
    assert abs(clock.now() - true() - far) < SOON, "without Asterisk there is no other"
