"""What people read in e-mails, and that no fact of a caller's can become anything but text."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.secret_words import asks_for_secret
from agent.handover.email_messages import is_address, load_texts, message_id, render_email
from agent.handover.errors import MessageFileInvalid, MessageUnfit
from agent.runtime.outbox import OutboxMessage
from agent.settings import DATA
from tests.handover.messages import FACTS, PUT_AT, message, texts

FILE = DATA / "messages" / "id.toml"
FROM = "helpdesk@lpse.test"


def read(told: OutboxMessage) -> EmailMessage:
    """The mail as its reader's program sees it."""
    sent = render_email(texts(), told, PUT_AT, FROM).as_bytes()
    assert b"\r\n" in sent
    return message_from_bytes(sent, policy=policy.default)


def body_of(mail: EmailMessage) -> str:
    """The text, with line ends as everywhere but in mail."""
    body: str = mail.get_content()
    return body.replace("\r\n", "\n")


def test_the_caller_is_told_both_numbers_what_to_send_where_and_his_rights() -> None:
    mail = read(message())
    assert mail["Subject"] == "Tiket 26-00412-7: permasalahan Bapak/Ibu kami teruskan"
    assert mail["To"] == "budi@caller.test"
    assert mail["From"].addresses[0].display_name == "LPSE Kabupaten Batang"
    assert mail["Date"].datetime == PUT_AT
    assert mail["Auto-Submitted"] == "auto-generated"
    body = body_of(mail)
    for part in (
        "0123/FK-TLP/LPSE.BTG/2026\n     dibaca: 0123 / FK - TLP / LPSE . BTG / 2026",
        "26-00412-7\n     dibaca: 26 - 00 412 - 7",
        FACTS["problem"],
        "LPSE Support dengan akun Bapak/Ibu sendiri",
        "screenshot",
        "kode tender",
        "UU 27/2022",
        "tidak pernah meminta kata sandi",
    ):
        assert part in body, part
    assert "{" not in body


def test_the_next_level_is_told_priority_due_time_with_its_zone_and_the_contact() -> None:
    mail = read(message("level_email", to="ppe@lpse.test"))
    assert mail["Subject"] == "Tiket 26-00412-7 [prioritas Tinggi]: mohon ditangani"
    body = body_of(mail)
    assert "Yth. Admin PPE," in body
    assert "Batas penyelesaian: Kamis, 26 November 2026 pukul 10.00 WIB" in body
    assert "Telepon           : +628123456789" in body
    assert "Kode tender" not in body, "what is not known has no line"
    assert "UU 27/2022" not in body


@pytest.mark.parametrize(
    ("matter", "part"),
    [
        ("question_asked", "Berapa kode tendernya?"),
        ("ticket_solved", "Mohon konfirmasi"),
        ("ticket_reopened", "Masih gagal."),
    ],
)
def test_what_goes_on_is_told_in_the_same_conversation(matter: str, part: str) -> None:
    mail = read(message("caller_email", matter))  # type: ignore[arg-type]  # parametrised
    assert part in body_of(mail)
    assert mail["References"] == read(message())["Message-ID"]
    assert mail["Message-ID"] != mail["References"]


def test_a_mail_is_the_same_to_the_letter_when_it_is_made_again() -> None:
    made = [render_email(texts(), message(), PUT_AT, FROM).as_bytes() for _ in range(2)]
    assert made[0] == made[1]
    assert message_id("a", FROM) == message_id("a", "other@lpse.test") != message_id("b", FROM)


def test_a_mail_whose_subject_lacks_a_fact_has_the_ticket_number_as_its_subject() -> None:
    assert read(message("level_email", priority=None))["Subject"] == "26-00412-7"


def test_a_line_without_its_fact_is_left_out_and_so_is_its_heading() -> None:
    body = body_of(read(message(problem=None)))
    assert "Permasalahan:" not in body
    assert "\n\n\n" not in body


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [
        "a\r\nBcc: x@y.test",
        "a\nSubject: b",
        "{to}",
        "=?utf-8?q?=0ABcc:_x?=",
        "=??Q?=0A0",
        "\u2028Bcc: x",
        "a\\",
    ]
)


@settings(max_examples=60, deadline=None)
@given(problem=ANY_TEXT, office=ANY_TEXT, level=ANY_TEXT, priority=ANY_TEXT, target=ANY_TEXT)
def test_no_fact_begins_a_header_or_is_taken_for_a_place_to_fill(
    problem: str, office: str, level: str, priority: str, target: str
) -> None:
    told = message(
        "level_email",
        to="ppe@lpse.test",
        problem=problem,
        office_name=office,
        level=level,
        priority=priority,
        target_at=target,
    )
    mail = read(told)
    assert sorted(mail.keys()) == sorted(
        (
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
            *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
        )
    )
    assert mail["To"] == "ppe@lpse.test"
    assert mail["From"].addresses[0].addr_spec == FROM
    assert not mail.is_multipart()


@pytest.mark.parametrize(
    "address",
    [
        *("", "budi", "budi@", "a@b.id, c@d.id", "a@b.id\nBcc: c@d.id", "Budi <a@b.id>"),
        *("bu di@b.id", "büdi@b.id", ".@b.id", "a..b@c.id", "a@b.id\n"),
    ],
)
def test_what_is_no_single_address_gets_no_mail(address: str) -> None:
    assert not is_address(address)
    with pytest.raises(MessageUnfit, match="no address"):
        render_email(texts(), message(to=address), PUT_AT, FROM)


def test_a_matter_without_a_text_is_unfit_and_not_a_crash() -> None:
    with pytest.raises(MessageUnfit, match=r"level_email\.question_asked"):
        render_email(texts(), message("level_email", "question_asked"), PUT_AT, FROM)


def test_a_priority_or_level_of_the_offices_own_and_a_strange_time_are_shown_as_they_are() -> None:
    body = body_of(read(message("level_email", level="pokja", target_at="segera")))
    assert "Yth. pokja," in body
    assert "Batas penyelesaian: segera" in body


@pytest.mark.parametrize(
    ("written", "instead", "place"),
    [
        ("{question}", "{kwestion}", r"caller_email\.question_asked: there is no fact {kwestion}"),
        ('subject = "Tiket {ticket_number}: mohon', 'subjct = "', "subjct"),
        ("{question}", "{question} Apa kata sandi Anda?", "nobody is asked for a password"),
        ("[level_email.ticket_reopened]", "[level_email.ticket_lost]", "level_email"),
        ("[privacy]", "[privacy", "Expected"),
        ('subject = "{category}"', 'subject = ""', r"request_tracker\.ticket_opened: a subject"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_place(
    tmp_path: Path, written: str, instead: str, place: str
) -> None:
    original = FILE.read_text()
    assert written in original
    file = tmp_path / "id.toml"
    file.write_text(original.replace(written, instead))
    with pytest.raises(MessageFileInvalid, match=place):
        load_texts(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MessageFileInvalid, match=r"none\.toml"):
        load_texts(tmp_path / "none.toml")


def test_the_check_for_secrets_would_see_one() -> None:
    assert asks_for_secret(texts().privacy.text)
    assert not any(asks_for_secret(text.body) for _, text in texts().texts())
