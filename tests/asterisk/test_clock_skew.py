"""How far Asterisk's clock is from ours."""

import time

import pytest

from agent.asterisk import clock_skew as room
from agent.asterisk.ari_client import AriClient
from agent.asterisk.clock_skew import SKEW_ALARM_S, clock_skew
from agent.asterisk.errors import AsteriskUnreachable
from tests.asterisk.pretend_ari import PretendAri


async def test_a_real_asterisk_on_the_same_machine_has_our_time(client: AriClient) -> None:
    assert abs(await clock_skew(client)) < SKEW_ALARM_S


@pytest.mark.parametrize("ahead", [0.35, -0.35, 60.5])
async def test_a_clock_that_differs_is_measured_to_a_part_of_a_second(ahead: float) -> None:
    pretend = PretendAri()
    pretend.clock = lambda: time.time() + ahead
    async with pretend.client() as client:
        assert abs(await clock_skew(client) - ahead) < 0.1


async def test_a_clock_that_stands_still_is_an_error_and_no_endless_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "DEADLINE_S", 0.3)
    pretend = PretendAri()
    pretend.clock = lambda: 1795581799.0
    async with pretend.client() as client:
        with pytest.raises(AsteriskUnreachable):
            await clock_skew(client)
