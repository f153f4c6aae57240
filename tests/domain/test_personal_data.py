"""People are found by normal forms, and every text of a fact is known to tell of them or not."""

import typing
from collections.abc import Iterator

import msgspec
import pytest

from agent.domain.effects import AnyEffect
from agent.domain.events import AnyEvent
from agent.domain.form_filling import FieldFilled
from agent.domain.personal_data import (
    SAYING_NOTHING,
    TELLING,
    Person,
    PersonInvalid,
    parse_person,
)
from agent.domain.ticket_events import AnyTicketEvent


def structs(kind: object) -> Iterator[type[msgspec.Struct]]:
    """Every struct within a type, itself included."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
        for inner in typing.get_type_hints(kind).values():
            yield from structs(inner)
    for inner in typing.get_args(kind):
        yield from structs(inner)


def holds_text(kind: object) -> bool:
    """Whether a text of any content can stand there; a choice of words is none."""
    if typing.get_origin(kind) is typing.Literal:
        return False
    if isinstance(kind, typing.NewType):
        return holds_text(kind.__supertype__)
    return kind is str or any(map(holds_text, typing.get_args(kind)))


def texts() -> set[str]:
    kinds = set().union(*map(structs, (AnyEvent, AnyTicketEvent, AnyEffect, FieldFilled)))
    return {
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, inner in typing.get_type_hints(kind).items()
        if holds_text(inner)
    }


def test_every_text_of_a_fact_tells_of_the_caller_or_says_nothing_of_him() -> None:
    there = texts()
    undecided = {t for t in there - TELLING if t.split(".")[1] not in SAYING_NOTHING}
    assert undecided == set(), "decide in agent/domain/personal_data.py, and in without_person"
    assert there >= TELLING


@pytest.mark.parametrize(
    ("by", "typed", "person"),
    [
        ("number", "0812-9876-5432", Person("number", "+6281298765432")),
        ("number", "+62 812 9876 5432", Person("number", "+6281298765432")),
        ("number", "205", Person("number", "205")),
        ("npwp", "01.234.567.8-901.234", Person("identity", "0012345678901234")),
        ("nik", "3374 0567 0890 0001", Person("identity", "3374056708900001")),
        ("npwp", "3374056708900001", Person("identity", "3374056708900001")),
        ("email", "Ratna@Melati.EXAMPLE", Person("email", "ratna@melati.example")),
        ("name", "  Ratna\tW ", Person("name", "Ratna W")),
    ],
)
def test_one_person_has_one_normal_form(by: str, typed: str, person: Person) -> None:
    assert parse_person(by, typed) == person  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by", "typed"),
    [("npwp", "abc"), ("nik", "123"), ("email", "ratna"), ("name", "ab"), ("number", " ")],
)
def test_what_is_no_number_or_address_gets_a_sentence(by: str, typed: str) -> None:
    with pytest.raises(PersonInvalid, match=f"--{by}"):
        parse_person(by, typed)  # type: ignore[arg-type]
