"""Every message of a ticket's life has all that the office's texts say of it."""

from datetime import timedelta

from agent.database.case_desk import CaseDesk, let_time_pass
from agent.database.outbox import messages_of_ticket
from agent.database.tickets import Tell, change_ticket
from agent.handover.email_messages import render_email, render_text
from agent.runtime.case_messages import Ways, sent_up, told_to_user
from tests.database.desk import WAYS, on_record, rules
from tests.database.stories import MORNING
from tests.domain.ticket_story import event
from tests.handover.messages import texts

ALL = Ways(
    on=frozenset({"caller_email", "level_email", "webhook", "request_tracker"}),
    office_name=WAYS.office_name,
    addresses=WAYS.addresses,
)


async def test_each_can_be_written_with_the_texts_that_are_delivered(url: str) -> None:
    story = await on_record(url)
    decided = rules(ways=ALL)
    await CaseDesk(url, decided).hand_over(story.call)
    for minutes, name, tell in LIFE:
        told = event(name, MORNING + timedelta(minutes=minutes))
        await change_ticket(url, story.ticket_number, decided, lambda _t, e=told: e, tell)
    await let_time_pass(url, decided, MORNING + timedelta(days=1))
    messages = [kept.message for kept in await messages_of_ticket(url, story.ticket_number)]
    assert sorted((m.matter, m.way) for m in messages if m.way != "webhook") == [
        ("question_asked", "caller_email"),
        ("ticket_opened", "caller_email"),
        ("ticket_opened", "level_email"),  # when it was opened
        ("ticket_opened", "level_email"),  # sent back by hand
        ("ticket_opened", "level_email"),  # to LKPP, by its age
        ("ticket_opened", "request_tracker"),
        ("ticket_reopened", "caller_email"),
        ("ticket_reopened", "level_email"),
        ("ticket_solved", "caller_email"),
    ]
    for message in messages:
        if message.way == "webhook":
            continue
        _, body = render_text(texts(), message)
        assert story.form_number in body
        for word in TOLD[message.matter]:
            assert word in body, (message.key, word)
        if message.way.endswith("email"):
            assert render_email(texts(), message, MORNING, "helpdesk@example.go.id")["To"]


def telling(matter: str, **told: str) -> Tell:
    """What is put with an event, as the commands put it."""
    return lambda case: told_to_user(case, ALL, matter, **told)  # type: ignore[arg-type]


NOTHING: Tell = lambda _case: []  # noqa: E731
LIFE: list[tuple[int, str, Tell]] = [
    (5, "taken", NOTHING),
    (6, "asked", telling("question_asked", question="Kode tender?")),
    (10, "answered", NOTHING),
    (20, "to admin_ppe", lambda case: sent_up(case, ALL, by_hand=True)),
    (21, "taken", NOTHING),
    (22, "solved", telling("ticket_solved", solution="Perbarui Apendo")),
    (30, "reopened", telling("ticket_reopened", reason="Masih gagal")),
]
TOLD = {
    "ticket_opened": ("Unggah penawaran gagal",),
    "question_asked": ("Kode tender?",),
    "ticket_solved": ("Perbarui Apendo",),
    "ticket_reopened": (),
}
