"""The real servers of the tests start, keep what they have over a stop, and leave nothing."""

import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.office_servers import MailServer, OfficeServer, RequestTracker, ServerFailed


def mail(subject: str, to: str = "budi@caller.test") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "agent@lpse.test", to, subject
    made.set_content("Isi\n")
    return made


def test_mail_is_taken_after_a_login_over_starttls_and_stays_over_a_stop() -> None:
    with MailServer() as server:
        trusting = ssl.create_default_context(cafile=server.certificate)
        for subject in ("satu", "dua"):
            with smtplib.SMTP("localhost", server.port, timeout=10) as client:
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    client.send_message(mail("tanpa login"))
                client.starttls(context=trusting)
                client.login(server.user, server.password)
                client.send_message(mail(subject))
            server.stop()
            with pytest.raises(OSError, match="refused"):
                smtplib.SMTP("localhost", server.port, timeout=10)
            server.start()
        deadline = time.monotonic() + 20
        while len(server.mails()) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sorted(m["Subject"] for m in server.mails()) == ["dua", "satu"]
        folder = server.folder
    assert not folder.exists()


def test_mail_is_refused_for_good_or_for_now_as_its_domain_says() -> None:
    with MailServer(without_login=True) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        for domain, code in (("refused.test", 550), ("later.test", 451)):
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.send_message(mail("tidak", f"budi@{domain}"))
            assert refused.value.recipients[f"budi@{domain}"][0] == code


def test_request_tracker_knows_its_account_and_nobody_else() -> None:
    with RequestTracker() as tracker:
        asked = urllib.request.Request(  # noqa: S310 (our own loopback address)
            f"{tracker.url}/REST/2.0/queue/{tracker.queue}",
            headers={"Authorization": f"token {tracker.token}"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 (as above)
            assert json.load(answer)["Name"] == tracker.queue
        asked.remove_header("Authorization")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked, timeout=30)  # noqa: S310 (as above)


def test_a_server_that_cannot_start_says_its_last_words_and_leaves_nothing() -> None:
    made: list[Path] = []

    class Broken(OfficeServer):
        def prepare(self) -> None:
            made.append(self.folder)

        def command(self) -> tuple[str, ...]:
            return "/usr/bin/perl", "-e", "die 'no tables'"

    with pytest.raises(ServerFailed, match="Broken did not start: no tables"), Broken():
        pass
    assert made
    assert not made[0].exists()


def test_without_a_root_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LPSE_SERVERS_ROOT")
    with pytest.raises(ServerFailed, match=r"\./deploy/test"):
        MailServer()
