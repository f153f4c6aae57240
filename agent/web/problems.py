"""What went wrong, as RFC 9457 has it: a fixed word for programs, a sentence for people."""

from aiohttp import web

from agent.catalogue import Words

PROBLEM = "application/problem+json"


class Refused(Exception):
    """A request that is not fulfilled; `reason` is a key of the catalogues' table `problems`."""

    def __init__(self, status: int, reason: str, detail: str | None = None, **more: object) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.more = more


def problem(status: int, reason: str, detail: str, **more: object) -> web.Response:
    """The answer to a request that failed."""
    body = {
        "type": f"/docs#problem-{reason}",
        "title": reason,
        "status": status,
        "detail": detail,
        **more,
    }
    return web.json_response(body, status=status, content_type=PROBLEM)


def told(refused: Refused, words: Words) -> web.Response:
    """A refusal in the reader's language."""
    detail = refused.detail or words(f"problems.{refused.reason}")
    return problem(refused.status, refused.reason, detail, **refused.more)
