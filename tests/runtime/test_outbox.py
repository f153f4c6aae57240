"""The outbox at work: a real database, a real mail server, a real Request Tracker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import msgspec
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from agent.database.connect import Connection
from agent.database.outbox import KeptMessage, OutboxStore, messages_of_ticket, put_messages
from agent.database.writer import Writer
from agent.domain.identifiers import CallId
from agent.handover.request_tracker import RequestTrackerSender, TrackerAccount
from agent.handover.smtp import EmailSender, MailAccount
from agent.handover.webhooks import WebhookSender
from agent.runtime.errors import MessageDeferred, ReceiverAway, StandDown
from agent.runtime.outbox import OutboxMessage, OutboxWorker, Sender, Way
from deploy.office_servers import MailServer, RequestTracker
from tests.database.stories import Story, escalated
from tests.handover.messages import FACTS, texts
from tests.handover.test_webhooks import SECRET, receiving
from tests.runtime.waiting import until

QUICK_S = 0.05


class Office:
    """One database with a ticket, and workers that send what is put for it."""

    def __init__(self, url: str, connection: Connection, story: Story) -> None:
        self.url = url
        self.connection = connection
        self.story = story
        self.accepted: list[tuple[str, datetime]] = []

    def message(self, way: Way, occasion: str = "") -> OutboxMessage:
        """A message about the ticket."""
        return OutboxMessage(
            key=f"{self.story.ticket_number}/ticket_opened{occasion}/{way}",
            way=way,
            matter="ticket_opened",
            call_id=self.story.call_id,
            ticket_number=self.story.ticket_number,
            facts=FACTS,
        )

    async def put(self, *messages: OutboxMessage) -> None:
        """Put messages as whoever tells of the ticket does."""
        await put_messages(self.connection, messages)

    async def kept(self, way: Way | None = None) -> list[KeptMessage]:
        """What the record says of them."""
        kept = await messages_of_ticket(self.url, self.story.ticket_number)
        return [one for one in kept if way in (None, one.message.way)]

    async def until_kept(
        self, holds: Callable[[KeptMessage], bool], way: Way | None = None
    ) -> None:
        """Wait until the record says so of all of them."""
        async with asyncio.timeout(20):
            while not all(holds(one) for one in await self.kept(way)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def working(
        self,
        senders: dict[Way, Sender],
        *,
        claim_s: float = 60.0,
        send_s: float = 5.0,
        store: OutboxStore | None = None,
    ) -> AsyncIterator[OutboxWorker]:
        """A worker of one process, ended as a crash or a stop would."""
        store = store or OutboxStore(self.url, claim_s=claim_s)
        worker = OutboxWorker(
            store,
            senders,
            may_send,
            lambda message, at: self.accepted.append((message.key, at)),
            first_pause_s=QUICK_S,
            send_s=send_s,
        )
        running = asyncio.get_running_loop().create_task(worker.run())
        try:
            yield worker
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await store.aclose()


async def patiently(comes_true: Callable[[], bool]) -> None:
    """For Request Tracker, which takes seconds over a ticket on a busy machine."""
    async with asyncio.timeout(90):
        while not comes_true():  # noqa: ASYNC110 (announces itself to nobody)
            await asyncio.sleep(0.05)


async def may_send() -> None:
    """The calls are ours."""


@pytest_asyncio.fixture
async def office(url: str, connection: Connection, writer: Writer) -> Office:
    """The ticket is on record."""
    story = escalated()
    for record in story.records:
        await writer.record(record)
    return Office(url, connection, story)


class Counting:
    """Accepts everything, or fails as it is told to."""

    def __init__(self, fails: Exception | None = None, takes_s: float = 0.0) -> None:
        self.keys: list[str] = []
        self.fails = fails
        self.takes_s = takes_s

    async def send(self, message: OutboxMessage, put_at: datetime) -> str:
        """Count it."""
        self.keys.append(message.key)
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise self.fails
        return "taken"


def mail_sender(server: MailServer) -> EmailSender:
    account = MailAccount(
        host="127.0.0.1", port=server.port, security="none", mail_from="helpdesk@lpse.test"
    )
    return EmailSender(account, texts())


def test_a_message_is_the_same_after_it_was_kept() -> None:
    message = OutboxMessage(
        key="26-00412-7/ticket_opened/caller_email",
        way="caller_email",
        matter="ticket_opened",
        call_id=CallId("00a1"),
        ticket_number="26-00412-7",
        facts={"to": "budi@contoh.co.id"},
    )
    assert msgspec.json.decode(msgspec.json.encode(message), type=OutboxMessage) == message


async def test_a_mail_server_that_is_down_loses_nothing_and_holds_up_nobody_else(
    office: Office,
) -> None:
    with MailServer(without_login=True) as server:
        server.stop()
        webhook = Counting()
        async with office.working(
            {"caller_email": mail_sender(server), "webhook": webhook}
        ) as worker:
            await office.put(*(office.message("caller_email", f"/{n}") for n in range(5)))
            await office.put(office.message("webhook"))
            worker.nudge()
            await until(lambda: webhook.keys != [])
            await office.until_kept(lambda one: one.accepted_at is not None, "webhook")
            async with asyncio.timeout(20):
                while sum(one.tries for one in await office.kept("caller_email")) < 6:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert server.mails() == []
            waiting = [one for one in await office.kept("caller_email") if one.last_error]
            assert {one.last_error for one in waiting} == {
                "ReceiverUnreachable: No mail could be handed in (SMTPConnectError)."
            }
            server.start()
            await office.until_kept(lambda one: one.accepted_at is not None)
        await until(lambda: len(server.mails()) == 5)
        assert len({mail["Message-ID"] for mail in server.mails()}) == 5
        assert all(one.accepted_as for one in await office.kept())
        assert len(office.accepted) == len(set(office.accepted)) == 6


async def test_two_workers_never_send_one_message_twice(office: Office) -> None:
    with MailServer(without_login=True) as server:
        await office.put(*(office.message("caller_email", f"/{n}") for n in range(20)))
        senders: dict[Way, Sender] = {"caller_email": mail_sender(server)}
        async with office.working(senders), office.working(senders):
            await office.until_kept(lambda one: one.accepted_at is not None)
        await until(lambda: len(server.mails()) >= 20)
        names = [mail["Message-ID"] for mail in server.mails()]
        assert len(names) == len(set(names)) == 20
        assert all(one.tries == 1 for one in await office.kept())


async def test_a_database_lost_between_acceptance_and_record_makes_no_second_mail(
    office: Office, server_url: str
) -> None:
    name = urlsplit(office.url).path[1:]
    server = await asyncpg.connect(server_url)

    class TakenFromUs(Counting):
        """The database is gone at the moment when the mail is accepted."""

        async def send(self, message: OutboxMessage, put_at: datetime) -> str:
            answer = await super().send(message, put_at)
            await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            return answer

    sender = TakenFromUs()
    await office.put(office.message("caller_email"))
    with capture_logs() as logs:
        async with office.working({"caller_email": sender}, claim_s=0.1):
            await until(lambda: any(one["event"] == "acceptance_not_recorded" for one in logs))
            assert office.accepted == [], "nobody is told before it is on record"
            await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            await until(lambda: office.accepted != [])
    await server.close()
    [kept] = await office.kept()
    assert kept.accepted_as == "taken"
    assert kept.accepted_at == office.accepted[0][1]
    assert len(sender.keys) == 1


async def test_an_answer_of_500_is_tried_again_and_one_of_410_is_given_up_with_one_alarm(
    office: Office,
) -> None:
    async with aiohttp.ClientSession() as session, receiving() as receiver:
        receiver.status = 500
        with capture_logs() as logs:
            senders: dict[Way, Sender] = {"webhook": WebhookSender(session, receiver.url, SECRET)}
            async with office.working(senders) as worker:
                await office.put(office.message("webhook", "/1"))
                worker.nudge()
                await until(lambda: len(receiver.came) >= 3)
                receiver.status = 200
                await until(lambda: len(office.accepted) == 1)
                receiver.status = 410
                await office.put(office.message("webhook", "/2"))
                worker.nudge()
                await office.until_kept(lambda one: bool(one.accepted_at or one.gave_up_at))
                await asyncio.sleep(10 * QUICK_S)
        given_up = [one for one in logs if one["event"] == "message_given_up"]
        assert [one["reason"] for one in given_up] == ["ReceiverGone: It answered 410."]
        assert given_up[0]["log_level"] == "error"
        assert len({name for name, _ in receiver.came[:-1]}) == 1, "repeats keep their webhook-id"
        assert receiver.unsigned == 0
        assert FACTS["to"] not in str(logs)


async def test_a_crash_after_request_tracker_took_it_makes_no_second_ticket(
    office: Office, url: str
) -> None:
    class DiesFirst(OutboxStore):
        """The process ends before the acceptance is on record."""

        died = False

        async def mark_accepted(self, key: str, at: datetime, accepted_as: str) -> None:
            self.died = True
            await asyncio.sleep(3600)

    with RequestTracker() as tracker:
        async with aiohttp.ClientSession() as session:
            account = TrackerAccount(url=tracker.url, queue=tracker.queue, token=tracker.token)
            senders: dict[Way, Sender] = {
                "request_tracker": RequestTrackerSender(session, account, texts())
            }
            await office.put(office.message("request_tracker"))
            dying = DiesFirst(url, claim_s=0.1)
            async with office.working(senders, store=dying, send_s=30.0):
                await patiently(lambda: dying.died)
            assert office.accepted == []
            async with office.working(senders, send_s=30.0):
                await patiently(lambda: office.accepted != [])
            asked = f"{tracker.url}/REST/2.0/tickets?query=id > 0"
            headers = {"Authorization": f"token {tracker.token}"}
            async with session.get(asked, headers=headers) as answer:
                found: dict[str, Any] = await answer.json()
    assert found["total"] == 1
    [kept] = await office.kept()
    assert (kept.accepted_as, kept.tries) == (found["items"][0]["id"], 2)


async def test_a_receiver_that_never_answers_is_left_and_its_message_tried_again(
    office: Office,
) -> None:
    slow, quick = Counting(takes_s=3600.0), Counting()
    await office.put(office.message("level_email"), office.message("webhook"))
    async with office.working({"level_email": slow, "webhook": quick}, send_s=0.1):
        await until(lambda: len(slow.keys) >= 2 and len(quick.keys) == 1)
    kept = await office.kept("level_email")
    assert kept[0].last_error == "ReceiverAway: It did not answer in time."


async def test_a_mistake_of_ours_in_one_message_ends_nothing_else(office: Office) -> None:
    broken, sound = Counting(fails=RuntimeError("budi@caller.test")), Counting()
    await office.put(office.message("level_email"), office.message("webhook"))
    with capture_logs() as logs:
        async with office.working({"level_email": broken, "webhook": sound}):
            await until(lambda: len(broken.keys) >= 2 and len(sound.keys) == 1)
    kept = await office.kept("level_email")
    assert kept[0].last_error == "MessageDeferred: RuntimeError"
    told = next(one for one in logs if one["event"] == "message_not_sent")
    assert "test_outbox.py" in told["where"]
    assert "budi@caller.test" not in str(logs), "an error's own words may quote a caller"


async def test_a_message_that_is_deferred_lets_others_pass(office: Office) -> None:
    class First(Counting):
        """Only the first message is not taken."""

        async def send(self, message: OutboxMessage, put_at: datetime) -> str:
            self.fails = MessageDeferred("not now") if "/1/" in message.key else None
            return await super().send(message, put_at)

    sender = First()
    await office.put(*(office.message("webhook", f"/{n}") for n in range(1, 4)))
    async with office.working({"webhook": sender}):
        await until(lambda: len(office.accepted) == 2)
        await until(lambda: sum("/1/" in key for key in sender.keys) >= 2)


async def test_when_a_receiver_is_back_what_waits_for_a_late_try_goes_out_at_once(
    office: Office,
) -> None:
    sender = Counting(fails=ReceiverAway("down"))
    late, due = office.message("webhook", "/late"), office.message("webhook", "/due")
    await office.put(late, due)
    await office.connection.execute(
        "UPDATE outbox_messages SET next_try_at = now() + interval '1 h' WHERE key = $1", late.key
    )
    async with office.working({"webhook": sender}):
        await until(lambda: len(sender.keys) >= 2)
        assert set(sender.keys) == {due.key}
        sender.fails = None
        await until(lambda: {key for key, _ in office.accepted} == {late.key, due.key})


async def test_whoever_has_lost_the_calls_sends_nothing_more(office: Office) -> None:
    async def lost() -> None:
        raise StandDown("another agent has them")

    sender = Counting()
    await office.put(office.message("webhook"))
    store = OutboxStore(office.url)
    worker = OutboxWorker(store, {"webhook": sender}, lost, lambda *_: None)
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(worker.run(), 10)
    await store.aclose()
    assert ended.value.subgroup(StandDown)
    assert sender.keys == []


async def test_a_call_that_has_not_heard_is_told_again_after_a_restart(office: Office) -> None:
    await office.put(office.message("webhook"))
    sender = Counting()
    async with office.working({"webhook": sender}):
        await until(lambda: len(office.accepted) == 1)
    async with office.working({"webhook": sender}):
        await until(lambda: len(office.accepted) == 2)
    assert office.accepted[0] == office.accepted[1]
    assert len(sender.keys) == 1


async def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    worker = OutboxWorker(OutboxStore(""), {}, may_send, lambda *_: None)
    pauses = [worker._pause_s(tries, 900.0) for tries in (1, 2, 3, 8, 9, 10_000)]
    assert pauses == [5.0, 10.0, 20.0, 640.0, 900.0, 900.0]
