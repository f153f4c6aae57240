"""Every fault has its bench: an office with proxies, a history of its people, and a checker.

A module's tests share one office; each begins with a history of its own and ends with
`await bench.check()`, without which it does not pass.
"""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Protocol

import pytest
import pytest_asyncio

from agent.runtime import clock
from deploy.site import Site
from tests.faults.aftermath import of_the_office
from tests.faults.bench import Bench, faulty_site
from tests.faults.bounds import bound
from tests.faults.checker import PROMISED
from tests.faults.database_proxy import DatabaseProxy
from tests.faults.event_proxy import EventProxy
from tests.journeys.conftest import office, site
from tests.journeys.opening import asterisk_root, staffed

__all__ = ["asterisk_root", "office", "site"]

PASSED = pytest.StashKey[bool]()


class Measured(Protocol):
    """Notes a figure, and holds it to what is promised."""

    def __call__(
        self,
        what: str,
        figure: float,
        promised: float | None = None,
        beside_others: float | None = None,
    ) -> None:
        """`beside_others` is its bound where other tests run too. Raises AssertionError."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember whether the test itself passed."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured("drained after s", 3.2, promised=10)`: noted, and held to the promise."""

    def noted(
        what: str,
        figure: float,
        promised: float | None = None,
        beside_others: float | None = None,
    ) -> None:
        note(request, what, figure, promised)
        if promised is not None:
            most = bound(promised, beside_others or promised)
            assert figure < most, f"{what}: {figure:.3g}, promised {most:g}"

    return noted


def note(
    request: pytest.FixtureRequest, what: str, figure: float, promised: float | None = None
) -> None:
    """For the table of ./deploy/faults."""
    request.node.user_properties.append(("measured", (what, float(figure), promised)))


@pytest_asyncio.fixture(autouse=True)
async def aftermath(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Of an office that is no bench: nothing is left over, told or broken, or the test fails."""
    began_at = clock.now()
    yield
    office = request.node.funcargs.get("office")
    if office is None or isinstance(office, Bench) or not request.node.stash.get(PASSED, False):
        return
    breaches = await of_the_office(office.site, began_at)
    if breaches:
        pytest.fail("; ".join(map(str, breaches)), pytrace=False)


@pytest.fixture(scope="module")
def settings() -> dict[str, object]:
    """Settings of the module's agent that differ from the bench's own; override it in a module."""
    return {}


@pytest.fixture(scope="module")
def site_and_proxies(
    settings: dict[str, object],
) -> Iterator[tuple[Site, DatabaseProxy, EventProxy]]:
    """A running site, reached through proxies."""
    with faulty_site(asterisk_root(), **settings) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def bench_of_module(
    site_and_proxies: tuple[Site, DatabaseProxy, EventProxy],
) -> AsyncIterator[Bench]:
    """The bench with its telephones, for `bench`."""
    site, database, exchange = site_and_proxies
    async with staffed(site, partial(Bench, database=database, exchange=exchange)) as bench:
        yield bench


@pytest_asyncio.fixture
async def bench(request: pytest.FixtureRequest, bench_of_module: Bench) -> AsyncIterator[Bench]:
    """The bench of this test; everything works when it begins."""
    await bench_of_module.mend()
    bench_of_module.begin()
    bench_of_module.found = None
    yield bench_of_module
    found = bench_of_module.found
    if request.node.stash.get(PASSED, False) and found is None:
        pytest.fail("The test does not end with `await bench.check()`.")
    for what, figure in (found or {}).items():
        note(request, what, figure, PROMISED.get(what))
