"""One answer of the office through all its versions: who wrote what, and what it said before."""

from agent.database.answer_versions import PARTS, AnswerVersion, read_versions
from agent.web.answers import SEE
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts


def answer_history_operations(parts: Parts) -> list[Operation]:
    """Reading the versions."""

    async def read(asking: Asking, _asked: None) -> list[AnswerVersion]:
        return await read_versions(parts.pool.url, asking.path("answer"))

    return [
        Operation(
            name="readAnswerHistory", method="GET", path="/answers/{answer}/history", right=SEE,
            summary="Every version of an answer, the newest first, also of a retired one.",
            perform=read, answered=list[AnswerVersion],
        ),
    ]  # fmt: skip


def answer_history_pages(parts: Parts) -> list[Page]:
    """One answer with its versions."""

    async def show(asking: Asking) -> Shown:
        versions = await read_versions(parts.pool.url, asking.path("answer"))
        lists = parts.forms[parts.form].lists

        def told(one: AnswerVersion, part: str) -> str:
            value = getattr(one, part)
            label = lists.get(part, {}).get(value)
            return str(getattr(label, asking.words.language) if label else value or "–")

        return Shown("answer_history.html", {"versions": versions, "parts": PARTS, "told": told})

    return [Page(path="/answers/{answer}/history", right=SEE, show=show)]
