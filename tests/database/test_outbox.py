"""The outbox in a real PostgreSQL: put once, claimed by one, and whatever came of it stays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.database.errors import DatabaseUnreachable
from agent.database.outbox import (
    OutboxStore,
    messages_of_ticket,
    put_messages,
    resend_messages,
)
from agent.domain.identifiers import CallId
from agent.runtime.errors import StandDown
from agent.runtime.outbox import OutboxMessage, Way
from tests.database.agents import running_writer, until_healthy
from tests.database.stories import Story, escalated

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
WEEK_S = 7 * 86400.0
OwnStore = Callable[..., OutboxStore]


@pytest_asyncio.fixture
async def story(url: str) -> Story:
    """A call whose ticket is on record."""
    told = escalated()
    async with running_writer(url) as writer:
        await until_healthy(writer)
        for record in told.records:
            await writer.record(record)
    return told


@pytest_asyncio.fixture
async def store_of(url: str) -> AsyncIterator[OwnStore]:
    """Makes stores, each with a connection of its own."""
    made: list[OutboxStore] = []

    def make(epoch: int = 0, claim_s: float = 60.0) -> OutboxStore:
        made.append(OutboxStore(url, epoch=epoch, claim_s=claim_s))
        return made[-1]

    yield make
    for store in made:
        await store.aclose()


def message(story: Story, way: Way = "webhook", occasion: str = "") -> OutboxMessage:
    return OutboxMessage(
        key=f"{story.ticket_number}/ticket_opened{occasion}/{way}",
        way=way,
        matter="ticket_opened",
        call_id=story.call_id,
        ticket_number=story.ticket_number,
        facts={"problem": 'Gagal "unggah"\n\x00é', "to": "budi@caller.test"},
    )


async def test_a_known_key_changes_nothing_and_a_message_comes_out_as_it_was_put(
    story: Story, url: str, connection: Connection, store_of: OwnStore
) -> None:
    told = message(story)
    other = OutboxMessage(**{**{f: getattr(told, f) for f in told.__struct_fields__}, "facts": {}})
    await put_messages(connection, [told])
    await put_messages(connection, [other, message(story, "level_email")])
    store = store_of()
    claimed = await store.claim("webhook")
    assert claimed
    assert claimed.message.facts["problem"] == 'Gagal "unggah"\n\ufffdé'
    assert (claimed.message.key, claimed.message.call_id) == (told.key, story.call_id)
    assert claimed.tries == 1
    assert len(await messages_of_ticket(url, story.ticket_number)) == 2


async def test_what_is_put_in_a_transaction_is_there_with_it_or_not_at_all(
    story: Story, connection: Connection, store_of: OwnStore
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await put_messages(connection, [message(story)])
    assert await store_of().claim("webhook") is None
    await transaction.rollback()
    assert await store_of().claim("webhook") is None


async def test_a_message_about_no_ticket_is_refused(connection: Connection) -> None:
    lost = OutboxMessage(
        key="k",
        way="webhook",
        matter="ticket_opened",
        call_id=CallId("nobody"),
        ticket_number="26-99999-9",
        facts={},
    )
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="outbox_message_without_ticket"):
        await put_messages(connection, [lost])


async def test_many_claim_at_once_and_each_message_has_one_claimer(
    story: Story, connection: Connection, store_of: OwnStore
) -> None:
    told = [message(story, occasion=f"/{n}") for n in range(20)]
    await put_messages(connection, told)
    stores = [store_of() for _ in range(6)]

    async def claim_all(store: OutboxStore) -> list[str]:
        keys = []
        while claimed := await store.claim("webhook"):
            keys.append(claimed.message.key)
        return keys

    claimed = await asyncio.gather(*(claim_all(store) for store in stores))
    keys = [key for part in claimed for key in part]
    assert sorted(keys) == sorted(m.key for m in told)


async def test_a_claim_of_somebody_who_died_is_over_after_its_time_and_the_late_one_is_ignored(
    story: Story, url: str, connection: Connection, store_of: OwnStore
) -> None:
    await put_messages(connection, [message(story)])
    first, second = store_of(claim_s=0.2), store_of()
    died = await first.claim("webhook")
    assert died
    assert await second.claim("webhook") is None
    due = await second.due_in("webhook")
    assert due is not None
    assert due <= 0.2
    await asyncio.sleep(0.25)
    again = await second.claim("webhook")
    assert again
    assert (again.message, again.tries) == (died.message, 2)
    given_up = await first.mark_failed(died, "late", 0.0, for_good=True, give_up_s=WEEK_S)
    assert not given_up, "it is not his any more"
    await second.mark_accepted(again.message.key, AT, "42")
    [kept] = await messages_of_ticket(url, story.ticket_number)
    assert (kept.accepted_at, kept.accepted_as, kept.tries, kept.last_error) == (AT, "42", 2, None)
    await first.mark_accepted(died.message.key, AT + timedelta(hours=1), "43")
    [kept] = await messages_of_ticket(url, story.ticket_number)
    assert kept.accepted_as == "42", "the first acceptance is the proof"
    assert await second.claim("webhook") is None


async def test_what_failed_is_due_later_and_at_once_when_its_receiver_is_back(
    story: Story, url: str, connection: Connection, store_of: OwnStore
) -> None:
    await put_messages(connection, [message(story), message(story, "level_email")])
    store = store_of()
    claimed = await store.claim("webhook")
    assert claimed
    assert not await store.mark_failed(claimed, "away", 600.0, for_good=False, give_up_s=WEEK_S)
    assert await store.claim("webhook") is None
    due = await store.due_in("webhook")
    assert due is not None
    assert 500 < due <= 600
    await store.hasten("level_email")
    assert await store.claim("webhook") is None
    await store.hasten("webhook")
    again = await store.claim("webhook")
    assert again
    assert again.tries == 2
    kept = {k.message.way: k for k in await messages_of_ticket(url, story.ticket_number)}
    assert kept["webhook"].last_error == "away"


@pytest.mark.parametrize(("for_good", "days"), [(True, 0), (False, 8)])
async def test_what_is_refused_for_good_or_has_waited_for_a_week_is_given_up(
    story: Story,
    url: str,
    connection: Connection,
    store_of: OwnStore,
    for_good: bool,
    days: int,
) -> None:
    await put_messages(connection, [message(story)])
    await connection.execute(
        "UPDATE outbox_messages SET put_at = now() - make_interval(days => $1)", days
    )
    store = store_of()
    claimed = await store.claim("webhook")
    assert claimed
    assert await store.mark_failed(claimed, "410", 0.0, for_good=for_good, give_up_s=WEEK_S)
    assert await store.claim("webhook") is None
    assert await store.due_in("webhook") is None
    [kept] = await messages_of_ticket(url, story.ticket_number)
    assert kept.gave_up_at is not None
    assert kept.last_error == "410"
    await store.mark_accepted(claimed.message.key, AT, "late")
    [kept] = await messages_of_ticket(url, story.ticket_number)
    assert (kept.gave_up_at, kept.accepted_at) == (None, AT), "what its receiver has, he has"


async def test_what_is_sent_again_has_a_whole_week_however_old_it_is(
    story: Story, url: str, connection: Connection, store_of: OwnStore
) -> None:
    await put_messages(connection, [message(story), message(story, "level_email")])
    await connection.execute("UPDATE outbox_messages SET put_at = now() - interval '30 days'")
    store = store_of()
    claimed = await store.claim("webhook")
    assert claimed
    assert await store.mark_failed(claimed, "away", 0.0, for_good=False, give_up_s=WEEK_S)
    assert await resend_messages(connection, story.ticket_number) == [claimed.message.key]
    assert await resend_messages(connection, story.ticket_number) == []
    again = await store.claim("webhook")
    assert again
    assert (again.message, again.put_at, again.tries) == (claimed.message, claimed.put_at, 2)
    assert not await store.mark_failed(again, "away", 0.0, for_good=False, give_up_s=WEEK_S)
    await connection.execute("UPDATE outbox_messages SET resent_at = now() - interval '8 days'")
    last = await store.claim("webhook")
    assert last
    assert await store.mark_failed(last, "away", 0.0, for_good=False, give_up_s=WEEK_S)


async def test_what_was_erased_is_not_sent_again(
    story: Story, url: str, connection: Connection
) -> None:
    await put_messages(connection, [message(story)])
    await connection.execute("UPDATE outbox_messages SET gave_up_at = now(), facts = '{}'")
    assert await resend_messages(connection, story.ticket_number) == []
    [kept] = await messages_of_ticket(url, story.ticket_number)
    assert kept.fate == "given_up"


async def test_calls_that_have_not_heard_of_their_acceptance_are_told(
    story: Story, connection: Connection, store_of: OwnStore
) -> None:
    told = message(story)
    await put_messages(connection, [told])
    store = store_of()
    assert await store.not_told() == []
    now: datetime = await connection.fetchval("SELECT now()")
    await store.mark_accepted(told.key, now, "42")
    [(found, at)] = await store.not_told()
    assert (found.key, at) == (told.key, now)
    await connection.execute("UPDATE consultations SET handed_over_at = now()")
    assert await store.not_told() == []


async def test_a_former_owner_claims_nothing(
    story: Story, connection: Connection, store_of: OwnStore
) -> None:
    await put_messages(connection, [message(story)])
    await connection.execute("UPDATE lease SET epoch = 2")
    with pytest.raises(StandDown):
        await store_of(epoch=1).claim("webhook")
    assert await store_of(epoch=2).claim("webhook")


async def test_a_database_that_is_away_is_said_so_and_found_again(
    story: Story, connection: Connection, store_of: OwnStore
) -> None:
    await put_messages(connection, [message(story)])
    store = store_of()
    assert await store.due_in("level_email") is None

    async def end_who_waits() -> None:
        """Only then is it sure that he loses his connection within a question."""
        while not await connection.fetchval(  # noqa: ASYNC110 — the database tells nobody
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)

    async with connection.transaction():
        await connection.execute("LOCK TABLE outbox_messages")
        lost, _ = await asyncio.gather(
            store.due_in("webhook"), end_who_waits(), return_exceptions=True
        )
    assert isinstance(lost, DatabaseUnreachable)
    assert await store.claim("webhook")


async def test_the_question_what_is_due_uses_its_index_among_many_that_are_done(
    story: Story, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO outbox_messages (key, way, matter, call_id, ticket_number, facts,"
        " accepted_at, accepted_as)"
        " SELECT 'done ' || n, 'webhook', 'ticket_opened', $1, $2, '{}', now(), 'x'"
        " FROM generate_series(1, 5000) AS n",
        story.call_id,
        story.ticket_number,
    )
    await connection.execute("ANALYZE outbox_messages")
    plan = await connection.fetch(
        "EXPLAIN SELECT key FROM outbox_messages WHERE way = 'webhook' AND accepted_at IS NULL"
        " AND gave_up_at IS NULL AND next_try_at <= clock_timestamp() ORDER BY next_try_at LIMIT 1"
    )
    assert any("outbox_messages_waiting" in row[0] for row in plan), plan
