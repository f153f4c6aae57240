"""Asks over Asterisk whether an owner of the calls lives, and answers for the owner who does.

The question is a user event to the owner's application, which only a living session hears. The
answer is a global variable, because whoever asks need not have an application of his own. It holds
the last few questions that were answered: two who ask at once both find theirs.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable

import structlog

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskRefused, AsteriskUnreachable

ASKED = "lpse-owner-asked-"
ANSWERED = "LPSE_OWNER_ANSWERED"
SILENCE_S = 0.7
LOOK_EVERY_S = 0.1
REMEMBERED = 4

log = structlog.get_logger()


class AriWitness:
    """Implements runtime.lease.Witness over ARI."""

    def __init__(self, client: AriClient, application: str) -> None:
        self._ari = client
        self._application = application
        self._questions: asyncio.Queue[str] = asyncio.Queue()

    async def owner_answers(self) -> bool:
        """Whether an owner lives. Raises AsteriskRefused, AsteriskUnreachable."""
        question = secrets.token_hex(8)
        try:
            await self._ari.post("events", "user", ASKED + question, application=self._application)
        except AsteriskRefused as refused:
            if refused.status == 404:
                return False  # nobody listens, nor is a channel left there
            raise
        for _look in range(round(SILENCE_S / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            answered = await self._ari.get("asterisk", "variable", variable=ANSWERED)
            if question in str(answered["value"]).split():
                return True
        return False

    def heard(self, event_name: str) -> None:
        """A user event came to the owner's application; never blocks."""
        if event_name.startswith(ASKED):
            self._questions.put_nowait(event_name.removeprefix(ASKED))

    async def run(self, held: Callable[[], bool]) -> None:
        """Answer for ever, as long as the calls are ours."""
        answered: deque[str] = deque(maxlen=REMEMBERED)
        while True:
            question = await self._questions.get()
            if not held():
                continue
            answered.append(question)
            try:
                await self._ari.post(
                    "asterisk", "variable", variable=ANSWERED, value=" ".join(answered)
                )
            except (AsteriskRefused, AsteriskUnreachable) as error:
                log.warning("owner_not_answered", reason=str(error))
