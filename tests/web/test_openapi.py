"""The document of the API is made from the operations."""

import msgspec

from agent.domain.rights import Right
from agent.web.openapi import make_openapi
from agent.web.operations import Asking, Operation


class Narrowed(msgspec.Struct, forbid_unknown_fields=True):
    """What a list is narrowed to."""

    since: str
    limit: int = 100


class Line(msgspec.Struct):
    """One line of it."""

    year: int


async def _perform(_asking: Asking, _asked: object) -> None:
    return None


def made(operation: Operation) -> tuple[dict[str, object], dict[str, object]]:
    document = make_openapi([operation], "1.2.3")
    path = document["paths"]["/api/v1" + operation.path]
    return document, path[operation.method.lower()]


def test_a_question_has_its_path_and_query_and_scope() -> None:
    document, one = made(
        Operation(
            name="readLines", method="GET", path="/lines/{year}/{which}", right=Right.CALLS,
            summary="Lines.", perform=_perform, asked=Narrowed, answered=list[Line],
        )
    )  # fmt: skip
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "LPSE helpdesk", "version": "1.2.3"}
    assert one["description"] == "Scope: `calls`."
    parameters = one["parameters"]
    assert isinstance(parameters, list)
    assert [(p["name"], p["in"], p["required"]) for p in parameters] == [
        ("year", "path", True),
        ("which", "path", True),
        ("since", "query", True),
        ("limit", "query", False),
    ]
    assert "requestBody" not in one
    responses = one["responses"]
    assert isinstance(responses, dict)
    assert {"200", "400", "401", "403", "404", "503"} == set(responses)
    items = responses["200"]["content"]["application/json"]["schema"]["items"]
    assert items == {"$ref": "#/components/schemas/Line"}


def test_a_change_has_its_body_and_its_refusals() -> None:
    _, one = made(
        Operation(
            name="addLine", method="POST", path="/lines", right=None, summary="Add.",
            perform=_perform, asked=Narrowed, answered=None, refuses=(409,),
        )
    )  # fmt: skip
    assert "description" not in one
    body = one["requestBody"]
    assert isinstance(body, dict)
    assert body["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Narrowed"
    }
    responses = one["responses"]
    assert isinstance(responses, dict)
    assert {"204", "409", "413", "415", "422"} <= set(responses)


def test_a_stream_is_told_as_one() -> None:
    _, one = made(
        Operation(
            name="followLines", method="GET", path="/lines/stream", right=None, summary="Follow.",
            perform=_perform, answered=bytes,
        )
    )  # fmt: skip
    responses = one["responses"]
    assert isinstance(responses, dict)
    assert "text/event-stream" in responses["200"]["content"]
