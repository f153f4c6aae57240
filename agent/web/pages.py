"""Pages: templates in the reader's language, and headers that let a browser run nothing else."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import structlog
from aiohttp import web

from agent.catalogue import Language, Words
from agent.database.accounts import Accounts
from agent.domain.office_time import local
from agent.domain.rights import Identity, Right, mask_number
from agent.settings import DATA
from agent.web.guard import COOKIE, Guard, csrf_of
from agent.web.operations import Asking, refusal_of, require, words_for
from agent.web.problems import Refused, told

FOLDER = DATA / "pages"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""ASVS 5.0 V3.4; nothing is loaded from anywhere else, and nothing inline runs."""
ENCRYPTED_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""ASVS 5.0 V3.4.1; of this name alone: the office's others are not ours to speak for."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Shown:
    """A template with what it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page; `menu` is the key of its name in the menu, where it stands there."""

    path: str
    right: Right | tuple[Right, ...] | None
    show: Callable[[Asking], Awaitable[Shown | web.StreamResponse]]
    menu: str | None = None


class Templates:
    """Renders templates; every value is escaped unless a template's own markup."""

    def __init__(self, words: dict[Language, Words], office: str, zone: str) -> None:
        self._words = words
        self._common = {
            "office": office,
            "zone": zone,
            "mask": mask_number,
            "moment": lambda at: f"{local(at, zone):%d-%m-%Y %H:%M}",
        }
        self._menu: list[Page] = []
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def know(self, pages: Sequence[Page]) -> None:
        """Pages that stand in the menu."""
        self._menu = [page for page in pages if page.menu]

    def render(
        self, request: web.Request, shown: Shown, who: Identity | None = None
    ) -> web.Response:
        """The page in the reader's language."""
        words = words_for(request, self._words)
        menu = [page for page in self._menu if who and (page.right is None or who.may(page.right))]
        text = self._environment.get_template(shown.template).render(
            **self._common,
            t=words,
            language=words.language,
            who=who,
            menu=menu,
            path=request.path,
            csrf=csrf_of(request.cookies.get(COOKIE, "")),
            **shown.values,
        )
        return web.Response(
            text=text,
            status=shown.status,
            content_type="text/html",
            headers={"Cache-Control": "no-store"},
        )


def add_pages(
    application: web.Application,
    pages: Sequence[Page],
    guard: Guard,
    accounts: Accounts,
    templates: Templates,
) -> None:
    """Make the routes."""
    templates.know(pages)
    for page in pages:
        application.router.add_get(page.path, _handler(page, guard, accounts, templates))


def _handler(
    page: Page, guard: Guard, accounts: Accounts, templates: Templates
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        who: Identity | None = None
        try:
            who = await guard.identity(request)
            if who is None or who.role is None:
                return see_other(f"/login?then={quote(request.path_qs)}")
            await require(page.right, who, page.path, accounts)
            words = words_for(request, templates._words)
            shown = await page.show(Asking(who, request, words))
        except Exception as error:
            refused = refusal_of(error)
            if refused is None:
                raise
            shown = error_page(refused)
        if isinstance(shown, web.StreamResponse):
            return shown
        return templates.render(request, shown, who)

    return handle


def page_link(typed: Mapping[str, str], after: str | None) -> str:
    """The same question for the page after this cursor, or for the first."""
    others = {key: value for key, value in typed.items() if key != "after"}
    return "?" + urlencode(others | ({"after": after} if after else {}))


def see_other(path: str) -> web.Response:
    """Go there."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


def error_page(refused: Refused) -> Shown:
    """What went wrong, in one sentence."""
    return Shown("error.html", {"reason": refused.reason}, refused.status)


def middleware(guard: Guard, templates: Templates, words: dict[Language, Words]) -> Any:
    """Before and after every request: names that are not ours, headers, and our own mistakes."""

    @web.middleware
    async def around(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            guard.refuse_other_names(request)
            return await handler(request)
        except Refused as refused:
            failed = refused
        except web.HTTPException as error:
            if error.status < 400:
                raise
            failed = Refused(
                error.status,
                {404: "not_found", 405: "not_found"}.get(error.status, "request_invalid"),
            )
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            log.exception("request_broken", path=request.path, kind=type(error).__name__)
            failed = Refused(500, "our_mistake")
        if request.path.startswith("/api/"):
            return told(failed, words_for(request, words))
        return templates.render(request, error_page(failed))

    return around


def headers_for(
    origin: str | None,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What adds the headers to every answer; `origin` is how browsers see us."""
    encrypted = origin is not None and origin.startswith("https://")
    headers = HEADERS | (ENCRYPTED_HEADERS if encrypted else {})

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    return add
