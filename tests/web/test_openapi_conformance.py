"""The API does what its own description says, whatever a program sends to it."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from agent.domain.rights import Right
from agent.web.guard import make_token
from tests.commands.shell import Shell
from tests.web.site import Site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""For each operation, and always the same examples."""


async def test_every_operation_answers_as_it_is_described(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A recap is made by a process of its own, which reads its settings from here.
    for name, value in Shell(tmp_path).environment(here.parts.pool.url).items():
        monkeypatch.setenv(name, value)
    token_id, text, digest = make_token()
    scopes = tuple(right.value for right in Right)
    await here.parts.accounts.add_token(token_id, digest, "tester", scopes, "test", timedelta(1))
    await here.talks()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{here.origin}/api/v1/openapi.json") as answer,
    ):
        document = await answer.json()
    # A stream never ends: those have tests of their own.
    for path in [path for path, operations in document["paths"].items() if _streams(operations)]:
        del document["paths"][path]
    failures = await asyncio.to_thread(_try_all, document, here.origin, text)
    assert not failures, "\n\n".join(failures)


def _streams(operations: dict[str, Any]) -> bool:
    return "text/event-stream" in str(operations)


def _try_all(document: dict[str, Any], origin: str, token: str) -> list[str]:
    """In a thread of its own: it asks the application that runs in this one's loop."""
    schema = schemathesis.openapi.from_dict(document)
    failures: list[str] = []
    answered: dict[str, Counter[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        answered[operation.label] = Counter()
        try:
            _try(operation, origin, token, answered[operation.label])
        except Exception as error:
            failures.append(f"{operation.label}: {error!r}")
    if not failures:
        assert all(sum(statuses.values()) > 1 for statuses in answered.values()), answered
        assert sum(200 in statuses for statuses in answered.values()) > 3, answered
    return failures


def _try(operation: APIOperation, origin: str, token: str, answered: Counter[int]) -> None:
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @BOUNDED
    @given(case=operation.as_strategy() | wrong)
    def ask(case: Case) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        response = case.call(base_url=origin, headers=headers, timeout=60)
        answered[response.status_code] += 1
        # A field of a form that nobody filled in is sent empty or not at all, and means that
        # nothing is asked: whatever wrong thing it was made from, there is nothing to refuse.
        filled_in = parse_qs(urlsplit(str(response.request.url)).query)
        empty = any(name not in filled_in for name in case.query or {})
        case.validate_response(response, checks=CHECKS[:-1] if empty else CHECKS)

    ask()
