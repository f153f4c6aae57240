"""The pages and the API together: one application, which the owner of the calls serves."""

from importlib.metadata import version

import msgspec
from aiohttp import web

from agent.catalogue import read_words
from agent.domain.rights import Right
from agent.web.accounts import account_operations, account_pages
from agent.web.answer_history import answer_history_operations, answer_history_pages
from agent.web.answers import answer_operations, answer_pages
from agent.web.audit import audit_operations, audit_pages
from agent.web.call_record import call_record_operations, call_record_pages
from agent.web.calls import calls_operations, calls_pages
from agent.web.desk import desk_operations, desk_pages
from agent.web.deviations import deviation_operations, deviation_pages
from agent.web.equipment import equipment_operations
from agent.web.events import event_operations
from agent.web.floor_control import floor_operations
from agent.web.login import Login
from agent.web.office_changes import office_change_operations, office_change_pages
from agent.web.office_decisions import office_operations, office_pages
from agent.web.openapi import make_openapi
from agent.web.operations import (
    BASE,
    LARGEST_BODY,
    Asking,
    Operation,
    add_operations,
)
from agent.web.operators import operator_operations, operator_pages
from agent.web.own_account import own_account_operations, own_account_pages
from agent.web.pages import (
    FOLDER,
    Page,
    Shown,
    Templates,
    add_pages,
    headers_for,
    middleware,
    see_other,
)
from agent.web.parts import Parts
from agent.web.prompts import prompt_operations, prompt_pages
from agent.web.recap import recap_operations, recap_pages
from agent.web.recordings import recording_operations
from agent.web.sops import sop_operations, sop_pages
from agent.web.staffing import staffing_operations, staffing_pages
from agent.web.statistics import statistics_operations, statistics_pages
from agent.web.ticket_acts import ticket_act_operations
from agent.web.ticket_record import ticket_record_operations, ticket_record_pages
from agent.web.tickets import ticket_operations, ticket_pages
from agent.web.tokens import token_operations, token_pages
from agent.web.wallboard import wallboard_operations, wallboard_pages
from agent.web.webhooks import webhook_operations, webhook_pages

FIRST = (("/desk", Right.DESK), ("/wallboard", Right.LIVE), ("/accounts", Right.ADMINISTER))
"""Where somebody goes who asks for nothing in particular: the first that he may see."""


def make_operations(parts: Parts) -> list[Operation]:
    """All that the API can do."""
    return [
        *desk_operations(parts),
        *floor_operations(parts),
        *wallboard_operations(parts),
        *calls_operations(parts),
        *call_record_operations(parts),
        *ticket_operations(parts),
        *ticket_record_operations(parts),
        *ticket_act_operations(parts),
        *recording_operations(parts),
        *deviation_operations(parts),
        *equipment_operations(parts),
        *answer_operations(parts),
        *statistics_operations(parts),
        *staffing_operations(parts),
        *recap_operations(parts),
        *event_operations(parts),
        *webhook_operations(parts),
        *own_account_operations(parts),
        *account_operations(parts),
        *operator_operations(parts),
        *token_operations(parts),
        *audit_operations(parts),
        *sop_operations(parts),
        *office_operations(parts),
        *prompt_operations(parts),
        *office_change_operations(parts),
        *answer_history_operations(parts),
    ]


def make_pages(parts: Parts) -> list[Page]:
    """All pages, in the order of the menu."""
    return [
        *desk_pages(parts),
        *wallboard_pages(parts),
        *calls_pages(parts),
        *call_record_pages(parts),
        *ticket_pages(parts),
        *ticket_record_pages(parts),
        *deviation_pages(parts),
        *answer_pages(parts),
        *statistics_pages(parts),
        *staffing_pages(parts),
        *recap_pages(parts),
        *own_account_pages(parts),
        *account_pages(parts),
        *operator_pages(parts),
        *token_pages(parts),
        *webhook_pages(parts),
        *audit_pages(parts),
        *sop_pages(parts),
        *office_pages(parts),
        *prompt_pages(parts),
        *office_change_pages(parts),
        *answer_history_pages(parts),
    ]


def make_site(parts: Parts) -> web.Application:
    """The application behind the pages' own address."""
    words = read_words()
    guard = parts.guard
    office = parts.sop.office_name
    templates = Templates(words, office, parts.settings.zone)
    operations, pages = make_operations(parts), [*make_pages(parts), *_own_pages(parts)]
    application = web.Application(
        client_max_size=LARGEST_BODY, middlewares=[middleware(guard, templates, words)]
    )
    application.on_response_prepare.append(headers_for(parts.settings.pages_origin))
    add_operations(application, operations, guard, parts.accounts, words)
    add_pages(application, pages, guard, parts.accounts, templates)
    login = Login(parts.accounts, guard, parts.passwords, parts.second_factors, templates, office)
    login.add_to(application)
    document = msgspec.json.encode(make_openapi(operations, version("lpse-agent")))

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=document, content_type="application/json")

    application.router.add_get(f"{BASE}/openapi.json", openapi)
    application.router.add_static("/static", FOLDER / "static")
    return application


def _own_pages(parts: Parts) -> list[Page]:
    async def first(asking: Asking) -> web.StreamResponse:
        supervises = asking.who.may(Right.LIVE)
        for path, right in reversed(FIRST[:2]) if supervises else FIRST:
            if asking.who.may(right):
                return see_other(path)
        return see_other("/docs")

    async def docs(_asking: Asking) -> Shown:
        document = make_openapi(make_operations(parts), version("lpse-agent"))
        return Shown("docs.html", {"document": document})

    return [
        Page(path="/", right=None, show=first),
        Page(path="/docs", right=None, show=docs, menu="menu.docs"),
    ]
