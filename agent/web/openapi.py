"""The API's own description (OpenAPI 3.1), made from the operations and the types that they use."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from agent.web.operations import BASE, Operation
from agent.web.problems import PROBLEM

PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "year": {"type": "integer", "minimum": 2000, "maximum": 9999},
    "webhook": {"type": "integer", "minimum": 1, "maximum": 2_147_483_647},
    "sequence": {"type": "integer", "minimum": 1, "maximum": 9_999_999},
}
"""Whatever else stands in a path is a text without a slash."""


class Problem(msgspec.Struct, frozen=True):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


def make_openapi(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The whole document."""
    types: list[Any] = [Problem]
    for operation in operations:
        types += [t for t in (operation.asked, operation.answered) if _described(t)]
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schema_of, components)
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "LPSE helpdesk", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _described(kind: Any) -> bool:
    return kind is not None and kind is not bytes


def _operation(
    operation: Operation, schema_of: dict[int, Any], components: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": PATH_PARAMETERS.get(name, {"type": "string"}),
            }
            for name in re.findall(r"{(\w+)(?::[^}]*)?}", operation.path)
        ],
        "responses": _responses(operation, schema_of),
    }
    if operation.scopes:
        scopes = " or ".join(f"`{scope}`" for scope in operation.scopes)
        found["description"] = f"Scope: {scopes}."
    if operation.asked and operation.method in ("GET", "DELETE"):
        found["parameters"] += _query(operation, schema_of, components)
    elif operation.asked:
        content = {"application/json": {"schema": schema_of[id(operation.asked)]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _query(
    operation: Operation, schema_of: dict[int, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    schema = schema_of[id(operation.asked)]
    schema = components[schema["$ref"].rpartition("/")[2]]
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": described}
        for name, described in schema["properties"].items()
    ]


def _responses(operation: Operation, schema_of: dict[int, Any]) -> dict[str, Any]:
    answer: dict[str, Any]
    if operation.answered is None:
        answer = {"204": {"description": "Done."}}
    elif operation.answered is bytes:
        content: dict[str, Any] = {kind: {} for kind in operation.content}
        answer = {"200": {"description": "A stream.", "content": content}}
    else:
        content = {"application/json": {"schema": schema_of[id(operation.answered)]}}
        answer = {str(operation.status): {"description": "Done.", "content": content}}
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    statuses = {400, 401, 403, 404, 503, *operation.refuses}
    if operation.asked and operation.method in ("POST", "PUT"):
        statuses |= {408, 413, 415, 422}
    refused = {
        str(status): {"description": "Refused.", "content": problem} for status in sorted(statuses)
    }
    return {**answer, **refused}
