"""Calls for the database's tests: scripted events, decided one by one by the call machine."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from agent.domain.call import decide
from agent.domain.call_state import Call
from agent.domain.effects import AnyEffect
from agent.domain.events import (
    AnyEvent,
    CallArrived,
    Caller,
    CallerAnswered,
    DigitPressed,
    FieldFilled,
    FormArchived,
    LegConnected,
    LegHungUp,
    NumberPair,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    PromptFinished,
    PromptStarted,
    TicketReserved,
)
from agent.domain.form import parse_form
from agent.domain.form_filling import Change, fill
from agent.domain.identifiers import CallId, ChannelId, OperatorId, operator_channel
from agent.domain.numbers import YearNumber, render_form_number, render_ticket_number
from agent.domain.rules import CallRules
from agent.runtime.recorder import Record
from agent.settings import DATA

SOP_NAME = "SOP-LPSE.BTG-017 rev 00"
OFFICE = "LPSE.BTG"
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 09:00 WIB
CALLER = Caller(raw="08123456789", number="+628123456789", shown="0812-3456-789")


RULES = CallRules(sop=SOP_NAME)
FORM = parse_form(tomllib.loads((DATA / "form" / "formulir-konsultasi-1.toml").read_text("utf-8")))
WITH_FORM = CallRules(sop=SOP_NAME, form=FORM.name, archive_after_seconds=480.0, hand_over=True)
ON_THE_FORM = {
    "caller_name": "Budi Santoso",
    "user_type": "penyedia",
    "business_name": "CV Melati",
    "contact_phone": "08123456789",
    "application": "spse",
    "category": "06",
    "problem": "Unggah penawaran gagal",
    "email": "budi@contoh.co.id",
    "urgency": "M",
    "impact": "S",
}


class Story:
    """One call told step by step; each step is some seconds after the one before."""

    def __init__(
        self,
        number: int = 1,
        start: datetime = MORNING,
        caller: Caller = CALLER,
        operator: str = "op-101",
        rules: CallRules = RULES,
    ) -> None:
        self.call_id = CallId(f"call-{number}")
        self.channel = ChannelId(f"caller-{number}")
        self.operator = OperatorId(operator)
        self.number = number
        self.now = start
        self.records: list[Record] = []
        self._pending: tuple[AnyEffect, ...] = ()
        self._call: Call | None = None
        self._caller = caller
        self._rules = rules

    @property
    def call(self) -> Call:
        """The call so far."""
        assert self._call is not None
        return self._call

    @property
    def form_number(self) -> str:
        """The form number that this story's call is given."""
        return render_form_number(YearNumber(self.now.year, self.number), OFFICE)

    @property
    def ticket_number(self) -> str:
        """The ticket number that this story's call is given when it is escalated."""
        return render_ticket_number(YearNumber(self.now.year, self.number))

    def tell(self, after_s: float, event: AnyEvent) -> None:
        """Decide one event and keep its record, if it taught the call anything."""
        decision = decide(self._call, event)
        if decision.call is not self._call:
            self._pending = decision.effects
            self.records.append(
                Record(self.call_id, decision.call.events, event, decision.call, decision.effects)
            )
        self._call = decision.call
        self.now += timedelta(seconds=after_s)

    def arrive(self) -> None:
        """The call enters and the caller's leg is answered."""
        arrived = CallArrived(
            at=self.now,
            source="ARI StasisStart",
            call_id=self.call_id,
            channel=self.channel,
            caller=self._caller,
            line="helpdesk",
            form_number=self.form_number,
            rules=self._rules,
        )
        self.tell(0.1, arrived)
        self.tell(
            0.1,
            CallerAnswered(at=self.now, source="ARI ChannelStateChange", channel=self.channel),
        )

    def hear_prompts(self) -> None:
        """Whatever plays now is heard to its end, each prompt for two seconds."""
        for playback in [p for p in self.call.playbacks if p.finished is None]:
            name = playback.playback
            self.tell(2.0, PromptStarted(at=self.now, source="ARI PlaybackStarted", playback=name))
            self.tell(
                0.01,
                PromptFinished(
                    at=self.now, source="ARI PlaybackFinished", playback=name, result="done"
                ),
            )

    def ring(self, operator: str | None = None, previous: NumberPair | None = None) -> ChannelId:
        """An operator's telephone rings for three seconds; answers the channel of his leg."""
        account = OperatorId(operator or self.operator)
        channel = operator_channel(self.call_id, len(self.call.offers) + 1)
        self.tell(
            0.2,
            OperatorOffered(at=self.now, operator=account, name="Siti Aminah", previous=previous),
        )
        ringing = OperatorRinging(at=self.now, source="ARI ChannelStateChange", channel=channel)
        self.tell(3.0, ringing)
        return channel

    def answer(self) -> ChannelId:
        """The operator who is being rung answers and is connected."""
        channel = self.call.offers[-1].channel
        source = "ARI ChannelStateChange"
        self.tell(0.02, OperatorAnswered(at=self.now, source=source, channel=channel))
        self.tell(0.05, OperatorLegReady(at=self.now, source="ARI StasisStart", channel=channel))
        for leg in (self.channel, channel):
            entered = LegConnected(at=self.now, source="ARI ChannelEnteredBridge", channel=leg)
            self.tell(0.01, entered)
        return channel

    def greet(self, after_s: float = 2.0) -> None:
        """The operator speaks, this long after he was connected."""
        self.now += timedelta(seconds=after_s)
        spoke = OperatorSpoke(
            at=self.now,
            source="ARI ChannelTalkingStarted",
            channel=self.call.offers[-1].channel,
        )
        self.tell(10.0, spoke)

    def press(self, code: str) -> None:
        """The operator presses these keys and hears what comes of it."""
        for digit in code:
            pressed = DigitPressed(
                at=self.now,
                source="ARI ChannelDtmfReceived",
                channel=self.call.offers[-1].channel,
                digit=digit,
            )
            self.tell(0.3, pressed)

    def fill(self, fields: Mapping[str, str]) -> None:
        """The operator writes into fields of the form."""
        for field, text in fields.items():
            change = Change(field=field, text=text, by=self.operator, at=self.now)
            filled = fill(FORM, self.call.form, change)
            assert isinstance(filled, FieldFilled), filled
            self.tell(0.1, filled)

    def give_ticket(self) -> None:
        """The ticket is reserved, and both numbers are heard by whoever is there."""
        self.tell(0.1, TicketReserved(at=self.now, ticket_number=self.ticket_number))
        self.hear_prompts()

    def hang_up(self, channel: ChannelId, cause: int = 16, source: str = "CEL HANGUP") -> None:
        """This leg is gone."""
        gone = LegHungUp(at=self.now, source=source, channel=channel, cause=cause)
        self.tell(0.1, gone)

    def archive(self) -> None:
        """The form is written."""
        self.tell(
            0.1, FormArchived(at=self.now, path=f"forms/{self.number}.json", sha256="ab" * 32)
        )


def escalated(
    number: int = 1,
    start: datetime = MORNING,
    greeting_s: float = 2.0,
    operator: str = "op-101",
) -> Story:
    """The whole path: welcome, answer, greeting, identity, escalation, numbers heard, archive."""
    story = Story(number, start, operator=operator)
    story.arrive()
    story.hear_prompts()
    story.ring()
    operator = story.answer()
    story.greet(greeting_s)
    story.press("*3")
    story.hear_prompts()
    story.press("*8")
    story.give_ticket()
    story.hang_up(story.channel)
    story.hang_up(operator)
    story.archive()
    return story


def handed_over(
    number: int = 1, fields: Mapping[str, str] = ON_THE_FORM, start: datetime = MORNING
) -> Story:
    """As `escalated`, with a form; both have left, and its case is to be handed over."""
    story = Story(number, start, rules=WITH_FORM)
    story.arrive()
    story.hear_prompts()
    story.ring()
    operator = story.answer()
    story.greet()
    story.fill(fields)
    story.press("*8")
    story.give_ticket()
    story.hang_up(story.channel)
    story.hang_up(operator)
    return story


def solved(number: int = 1, start: datetime = MORNING, operator: str = "op-101") -> Story:
    """The operator helps the caller himself."""
    story = Story(number, start, operator=operator)
    story.arrive()
    story.hear_prompts()
    story.ring()
    channel = story.answer()
    story.greet()
    story.press("*3*6")
    story.hear_prompts()
    story.hang_up(story.channel)
    story.hang_up(channel)
    story.archive()
    return story


def abandoned(number: int = 1, start: datetime = MORNING, operator: str = "op-101") -> Story:
    """The caller hangs up while an operator's telephone rings."""
    story = Story(number, start, operator=operator)
    story.arrive()
    story.hear_prompts()
    operator = story.ring()
    story.hang_up(story.channel)
    story.hang_up(operator, cause=26)
    story.archive()
    return story


def in_turn(stories: list[Story]) -> Iterator[Record]:
    """The records of several calls at once: one of each in turn."""
    longest = max(len(story.records) for story in stories)
    for place in range(longest):
        yield from (story.records[place] for story in stories if place < len(story.records))
