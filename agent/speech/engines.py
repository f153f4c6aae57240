"""The engines in their order: each is tried for each utterance, a failed one rests."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from weakref import WeakValueDictionary

import msgspec
import structlog

from agent.speech.cache import AudioCache, key_of
from agent.speech.errors import EngineFailed, SoundInvalid
from agent.speech.sound import Samples, parse_wav, render_wav
from agent.speech.utterance import Engine, Utterance

log = structlog.get_logger(__name__)

REST_AFTER_FAILURE = timedelta(seconds=30)
RENDERS_AT_ONCE = 2
GRACE_S = 0.1
"""An engine keeps its limit itself; after this long beyond it, it is left behind."""
SHORTEST_TRY = timedelta(milliseconds=250)
"""With less time than this a late engine proves nothing, so it is not asked."""


class Said(msgspec.Struct, frozen=True):
    """An utterance as sound, by whom, and the key that its content has."""

    samples: Samples
    engine: str
    key: str


class Engines:
    """Renders by the first engine that can; what was rendered before comes from the cache."""

    def __init__(self, engines: Sequence[Engine], cache: AudioCache) -> None:
        self.in_order = tuple(engines)
        self._cache = cache
        self._rests_until: dict[str, float] = {}
        self._processors = asyncio.Semaphore(RENDERS_AT_ONCE)
        self._renders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def preferred_key(self, utterance: Utterance) -> str | None:
        """The key of the sound that the best engine would make; None when none can say it."""
        return next((key for _, key in self._able(utterance)), None)

    async def say(
        self, utterance: Utterance, deadline: float, *, blame: bool = True
    ) -> Said | None:
        """The utterance by the first engine that can say it before `deadline` (loop time).

        An engine gets an equal share of the time that is left with those after it, so one that
        hangs leaves time for the next. None when none can. Without `blame` none rests after a
        failure: the words may be strange, and calls need it.
        """
        loop = asyncio.get_running_loop()
        able = list(self._able(utterance))
        for place, (engine, key) in enumerate(able):
            share = max(0.0, deadline - loop.time()) / (len(able) - place)
            samples = await self._cached_or_rendered(
                engine, key, utterance, loop.time() + share, blame
            )
            if samples is not None:
                return Said(samples=samples, engine=engine.name, key=key)
        return None

    async def any_renders(self, utterance: Utterance, limit: timedelta) -> bool:
        """Whether some engine says this within `limit` each, the cache left aside."""
        loop = asyncio.get_running_loop()
        for engine, _ in self._able(utterance):
            deadline = loop.time() + limit.total_seconds()
            if await self._rendered(engine, utterance, deadline, True) is not None:
                return True
        return False

    def _able(self, utterance: Utterance) -> Iterator[tuple[Engine, str]]:
        for engine in self.in_order:
            identity = None if engine.unusable() else engine.identity(utterance)
            if identity is not None:
                yield engine, key_of(engine.name, identity)

    def _rests(self, engine: Engine) -> bool:
        return asyncio.get_running_loop().time() < self._rests_until.get(engine.name, 0.0)

    async def _cached_or_rendered(
        self, engine: Engine, key: str, utterance: Utterance, deadline: float, blame: bool
    ) -> Samples | None:
        lock = self._renders.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout_at(deadline):
                await lock.acquire()  # who asks for the same meanwhile finds it in the cache
        except TimeoutError:
            return None
        try:
            samples = self._cached(key)
            if samples is None:
                samples = await self._rendered(engine, utterance, deadline, blame)
                if samples is not None:
                    self._keep(key, samples)
            return samples
        finally:
            lock.release()

    async def _rendered(
        self, engine: Engine, utterance: Utterance, deadline: float, blame: bool
    ) -> Samples | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                await self._processors.acquire()
        except TimeoutError:  # the processors were taken: nothing is known about this engine
            return None
        try:
            left = deadline - loop.time()
            if self._rests(engine) or left < SHORTEST_TRY.total_seconds():
                return None
            async with asyncio.timeout_at(deadline + GRACE_S):
                return await engine.render(utterance, timedelta(seconds=left))
        except (EngineFailed, TimeoutError) as failure:
            if blame:
                self._rests_until[engine.name] = loop.time() + REST_AFTER_FAILURE.total_seconds()
            log.warning("speech_engine_failed", engine=engine.name, reason=str(failure))
            return None
        finally:
            self._processors.release()

    def _cached(self, key: str) -> Samples | None:
        path = self._cache.find(key)
        try:
            return parse_wav(path.read_bytes())[0] if path else None
        except (OSError, SoundInvalid):  # dropped or torn since: it is rendered anew
            return None

    def _keep(self, key: str, samples: Samples) -> None:
        try:
            self._cache.keep(key, render_wav(samples))
        except OSError as error:
            log.warning("speech_not_cached", reason=str(error))
