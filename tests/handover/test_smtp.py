"""Mail handed in to a real mail server, received and read again."""

import asyncio
from email.message import EmailMessage

import pytest

from agent.handover.errors import (
    MessageUnfit,
    ReceiverRefusesUs,
    ReceiverUnreachable,
    TryLater,
)
from agent.handover.smtp import EmailSender, MailAccount
from deploy.office_servers import MailServer
from tests.handover.messages import FACTS, PUT_AT, message, texts
from tests.runtime.waiting import until

FROM = "helpdesk@lpse.test"


@pytest.fixture(autouse=True)
def trusting(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The office trusts the server's own certificate, as its machine would be told to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.certificate))


def sender(server: MailServer, **changed: object) -> EmailSender:
    account = {
        "host": "localhost",
        "port": server.port,
        "security": "starttls",
        "mail_from": FROM,
        "user": server.user,
        "password": server.password,
        **changed,
    }
    return EmailSender(MailAccount(**account), texts())  # type: ignore[arg-type]  # all of it above


async def received(server: MailServer, ticket: str) -> list[EmailMessage]:
    def found() -> list[EmailMessage]:
        return [mail for mail in server.mails() if ticket in mail["Subject"]]

    await until(lambda: bool(found()))
    return found()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_arrives_as_it_was_meant(mail_server: MailServer, security: str) -> None:
    ticket = "26-00001-1" if security == "tls" else "26-00002-2"
    port = mail_server.tls_port if security == "tls" else mail_server.port
    told = message(ticket=ticket)
    answer = await sender(mail_server, security=security, port=port).send(told, PUT_AT)
    assert answer.startswith("OK id=")
    [mail] = await received(mail_server, ticket)
    assert mail["Envelope-to"] == mail["To"] == "budi@caller.test"
    assert FACTS["problem"] in mail.get_content().replace("\r\n", "\n")
    assert "esmtpsa" in mail["Received"], "over TLS and after a login"


async def test_a_repeat_has_the_same_message_id(mail_server: MailServer) -> None:
    told = message(ticket="26-00003-3")
    for _ in range(2):
        await sender(mail_server).send(told, PUT_AT)
    await until(lambda: sum("26-00003-3" in m["Subject"] for m in mail_server.mails()) == 2)
    mails = await received(mail_server, "26-00003-3")
    assert len({mail["Message-ID"] for mail in mails}) == 1


async def test_a_wrong_login_is_no_fault_of_the_mail(mail_server: MailServer) -> None:
    with pytest.raises(ReceiverRefusesUs, match="535") as refused:
        await sender(mail_server, password=mail_server.user).send(message(), PUT_AT)
    assert mail_server.user not in str(refused.value)


async def test_a_server_that_wants_a_login_refuses_us_without_one(mail_server: MailServer) -> None:
    with pytest.raises(ReceiverRefusesUs, match="530"):
        await sender(mail_server, user=None, password=None).send(message(), PUT_AT)


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    for security, port in (("starttls", mail_server.port), ("tls", mail_server.tls_port)):
        with pytest.raises(ReceiverRefusesUs, match="certificate"):
            await sender(mail_server, security=security, port=port).send(message(), PUT_AT)


async def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        while line := await reader.readline():
            assert b"budi" not in line
            writer.write(b"250 mail.test\r\n" if line.startswith(b"EHLO") else b"502 no\r\n")

    server = await asyncio.start_server(plain, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    account = MailAccount(host="localhost", port=port, security="starttls", mail_from=FROM)
    with pytest.raises(ReceiverRefusesUs):
        await EmailSender(account, texts()).send(message(), PUT_AT)
    server.close()


@pytest.mark.parametrize(
    ("domain", "judged"), [("refused.test", MessageUnfit), ("later.test", TryLater)]
)
async def test_the_server_says_whether_a_mailbox_takes_it_later_or_never(
    mail_server: MailServer, domain: str, judged: type[Exception]
) -> None:
    with pytest.raises(judged, match="It answered") as refused:
        await sender(mail_server).send(message(to=f"budi@{domain}"), PUT_AT)
    assert domain not in str(refused.value), "what goes on record holds no address"


async def test_a_server_that_is_down_hangs_or_breaks_off_is_away() -> None:
    async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    for told in (port, 1):
        account = MailAccount(host="127.0.0.1", port=told, security="none", mail_from=FROM)
        with pytest.raises(ReceiverUnreachable):
            await EmailSender(account, texts()).send(message(), PUT_AT)
    server.close()
