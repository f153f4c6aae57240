"""Texts out of a data file with a ticket's facts filled in, and e-mails of them; plain text."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import msgspec

from agent.domain.numbers import render_spoken
from agent.domain.office_time import local
from agent.domain.plain_text import many_lines, one_paragraph
from agent.domain.secret_words import asks_for_secret
from agent.handover.errors import MessageFileInvalid, MessageUnfit
from agent.runtime.outbox import OutboxMessage

FACTS = frozenset(
    (
        *("office_name", "form_number", "form_number_spoken", "ticket_number"),
        *("ticket_number_spoken", "problem", "application", "category", "tender_code"),
        *("caller_name", "company", "contact_phone", "contact_email", "priority", "level"),
        *("target_at", "question", "solution", "reason"),
    )
)
"""What a text may name. `target_at` is a moment in ISO 8601 and needs the fact `zone` (WIB …)."""

RULE = "-" * 40
"""Not the mark of a signature, which mail programs hide."""

_FACT = re.compile(r"\{(\w+)\}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One e-mail, as written in the file."""

    subject: str
    body: str


class CallerTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a caller is told."""

    ticket_opened: Text
    question_asked: Text
    ticket_solved: Text
    ticket_reopened: Text


class LevelTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the next level is told."""

    ticket_opened: Text
    ticket_reopened: Text


class TrackerTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a ticket in Request Tracker begins with."""

    ticket_opened: Text


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The end of every e-mail to a caller."""

    text: str


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of the days from Monday and of the months."""

    days: tuple[str, str, str, str, str, str, str]
    months: tuple[str, str, str, str, str, str, str, str, str, str, str, str]


class MessageTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: str
    privacy: Privacy
    calendar: Calendar
    priorities: dict[str, str]
    levels: dict[str, str]
    caller_email: CallerTexts
    level_email: LevelTexts
    request_tracker: TrackerTexts

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Every text with its place."""
        for way in ("caller_email", "level_email", "request_tracker"):
            group = getattr(self, way)
            for matter in group.__struct_fields__:
                yield f"{way}.{matter}", getattr(group, matter)


def load_texts(path: Path) -> MessageTexts:
    """The texts of a TOML file. Raises MessageFileInvalid with the place that is wrong."""
    try:
        texts = msgspec.toml.decode(path.read_bytes(), type=MessageTexts)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise MessageFileInvalid(f"{path}: {error}") from error
    for place, text in (*texts.texts(), ("privacy", Text("-", texts.privacy.text))):
        for fact in _FACT.findall(text.subject + text.body):
            if fact not in FACTS:
                raise MessageFileInvalid(f"{path}: {place}: there is no fact {{{fact}}}")
        if not text.subject.strip() or "\n" in text.subject or not text.body.strip():
            raise MessageFileInvalid(f"{path}: {place}: a subject is one line, a body is not empty")
        if place != "privacy" and asks_for_secret(text.subject + "\n" + text.body):
            raise MessageFileInvalid(f"{path}: {place}: nobody is asked for a password or a code")
    return texts


def render_text(texts: MessageTexts, message: OutboxMessage) -> tuple[str, str]:
    """Subject (one line, whatever stands in a fact) and body of a message.

    Raises MessageUnfit when there is no text for it.
    """
    text = getattr(getattr(texts, message.way, None), message.matter, None)
    if not isinstance(text, Text):
        raise MessageUnfit(f"There is no text for {message.way}.{message.matter}.")
    facts = _facts(texts, message)
    body = _filled(text.body, facts)
    if message.way == "caller_email":
        body += f"\n\n{RULE}\n" + _filled(texts.privacy.text, facts)
    return _one_header(_filled(text.subject, facts)) or message.ticket_number, body


def render_email(
    texts: MessageTexts, message: OutboxMessage, put_at: datetime, mail_from: str
) -> EmailMessage:
    """The e-mail of a message: the same to the letter, Message-ID included, however often made.

    Whatever stands in a fact stays in its line of the header and cannot begin another. Raises
    MessageUnfit when there is no text for it or `to` is no address.
    """
    subject, body = render_text(texts, message)
    to = message.facts.get("to", "")
    if not is_address(to):
        raise MessageUnfit("It has no address that mail can be sent to.")
    made = EmailMessage(policy=policy.SMTP)
    sender = _one_header(message.facts.get("office_name", ""))
    made["From"] = Address(sender, addr_spec=mail_from)
    made["To"] = Address(addr_spec=to)
    made["Subject"] = subject
    made["Date"] = put_at
    made["Message-ID"] = message_id(message.key, mail_from)
    opened = f"{message.ticket_number}/ticket_opened/{message.way}"
    if message.key != opened:
        made["References"] = message_id(opened, mail_from)  # shown as one conversation
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
    made.set_content(body, cte="quoted-printable")
    return made


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one plain address, ASCII, nothing around it."""
    try:
        return bool(_ADDRESS.fullmatch(text)) and Address(addr_spec=text).addr_spec == text
    except (ValueError, IndexError, HeaderParseError):
        return False


def message_id(key: str, mail_from: str) -> str:
    """The Message-ID of a key; the key itself is not shown to every mail server on the way."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{mail_from.rpartition('@')[2]}>"


def _one_header(text: str) -> str:
    """One line, and nothing in it that a mail program decodes (RFC 2047) into anything else."""
    return one_paragraph(text).replace("=?", "= ?")


def _facts(texts: MessageTexts, message: OutboxMessage) -> dict[str, str]:
    facts = {name: many_lines(value) for name, value in message.facts.items()}
    facts["ticket_number"] = message.ticket_number
    for number in ("form_number", "ticket_number"):
        if facts.get(number):
            facts[f"{number}_spoken"] = render_spoken(facts[number])
    if "priority" in facts:
        facts["priority"] = texts.priorities.get(facts["priority"], facts["priority"])
    if "level" in facts:
        facts["level"] = texts.levels.get(facts["level"], facts["level"])
    if facts.get("target_at"):
        facts["target_at"] = _moment(texts.calendar, facts["target_at"], facts.get("zone", "WIB"))
    return facts


def _moment(calendar: Calendar, iso: str, zone: str) -> str:
    """`Kamis, 26 November 2026 pukul 10.00 WIB`: callers and levels sit in three zones."""
    try:
        at = local(datetime.fromisoformat(iso), zone)
    except (ValueError, KeyError):
        return iso
    day, month = calendar.days[at.weekday()], calendar.months[at.month - 1]
    return f"{day}, {at.day} {month} {at.year} pukul {at:%H.%M} {zone}"


def _filled(text: str, facts: Mapping[str, str]) -> str:
    """The text with its facts, without lines whose facts are not known and their headings."""
    lines: list[str] = []
    for line in text.strip("\n").splitlines():
        if all(facts.get(fact) for fact in _FACT.findall(line)):
            lines.append(_FACT.sub(lambda found: facts[found[1]], line))
        elif lines and lines[-1].endswith(":"):
            lines.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
