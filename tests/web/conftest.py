"""Pages over a real database, at a pretend exchange."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.database.writer import Writer
from agent.speech.renderer import Renderer
from tests.runtime.conftest import exchange, writer
from tests.runtime.exchange import PretendExchange
from tests.speech.conftest import renderer_of, speech_root
from tests.web.site import Site, site

__all__ = ["exchange", "here", "speech_root", "writer"]


@pytest_asyncio.fixture(scope="session")
async def prepared(
    speech_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Renderer]:
    """The folder of the real engines' sounds, and who speaks by them."""
    folder = tmp_path_factory.mktemp("speech")
    renderer = renderer_of(folder=folder, speech_root=speech_root)
    await renderer.prepare()
    return folder, renderer


@pytest.fixture
def renderer(prepared: tuple[Path, Renderer]) -> Renderer:
    """Who speaks; a test that writes prompts has one of its own."""
    return prepared[1]


@pytest_asyncio.fixture
async def here(
    writer: Writer, exchange: PretendExchange, url: str, renderer: Renderer
) -> AsyncIterator[Site]:
    """An office with its pages."""
    async with site(writer, exchange, url, renderer) as opened:
        yield opened
