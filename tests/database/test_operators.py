"""The list of operators: accounts in turn, never given to a second person."""

import asyncio

import pytest

from agent.database.errors import OperatorUnknown
from agent.database.operators import (
    add_operator,
    free_operators,
    list_operators,
    remove_operator,
)
from agent.domain.identifiers import OperatorId
from tests.database.agents import running_writer
from tests.database.stories import Story, solved


def digests_of(account: OperatorId) -> tuple[str, str]:
    return f"sha of {account}", f"md5 of {account}"


async def test_accounts_are_given_in_turn_even_to_many_at_once(url: str) -> None:
    added = await asyncio.gather(*(add_operator(url, f"N{i}", digests_of) for i in range(5)))
    assert sorted(added) == ["op-103", "op-104", "op-105", "op-106", "op-107"]


async def test_a_removed_operators_account_is_not_given_again(url: str) -> None:
    assert await remove_operator(url, OperatorId("op-102")) == "Budi Santoso"
    assert await add_operator(url, "Dewi", digests_of) == "op-103"
    async with running_writer(url) as writer:
        on_duty = await writer.operators()
    assert [operator.account for operator in on_duty] == ["op-101", "op-103"]
    assert on_duty[1].digest_md5 == "md5 of op-103"
    assert on_duty[1].previous_form_number is None


async def test_removing_an_operator_who_is_not_on_duty_is_refused(url: str) -> None:
    await remove_operator(url, OperatorId("op-102"))
    for account in ("op-102", "op-999", "'; --"):
        with pytest.raises(OperatorUnknown, match="on duty"):
            await remove_operator(url, OperatorId(account))


async def test_the_list_counts_the_calls_of_each(url: str) -> None:
    stories = [solved(1), solved(2)]
    async with running_writer(url) as writer:
        for story in stories:
            for record in story.records:
                await writer.record(record)
    siti, budi = await list_operators(url)
    assert (siti.name, siti.calls, budi.calls) == ("Siti Aminah", 2, 0)
    assert stories[1].call.ended is not None
    assert siti.last_call_ended_at == stories[1].call.ended.at


async def test_free_is_who_is_on_duty_and_in_no_call(url: str) -> None:
    assert await free_operators(url) == ["op-101", "op-102"]
    story = Story(1)
    story.arrive()
    story.hear_prompts()
    story.ring("op-101")
    story.answer()
    async with running_writer(url) as writer:
        for record in story.records:
            await writer.record(record)
    assert await free_operators(url) == ["op-102"]
    await remove_operator(url, OperatorId("op-102"))
    assert await free_operators(url) == []
