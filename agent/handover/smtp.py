"""Gives e-mails to the office's mail server."""

import contextlib
import re
import ssl
from datetime import datetime
from typing import Literal

import aiosmtplib
import msgspec

from agent.domain.plain_text import one_line
from agent.handover.email_messages import MessageTexts, render_email
from agent.handover.errors import (
    MessageUnfit,
    ReceiverRefusesUs,
    ReceiverUnreachable,
    TryLater,
)
from agent.runtime.outbox import OutboxMessage

DEADLINE_S = 10.0
"""For each command; the whole try has one of its own (runtime/outbox.py)."""
LONGEST_ANSWER = 200
SHUTTING_DOWN = 421
"""RFC 5321: the server closes now, whatever was asked of it."""

NOT_WITHOUT_LOGIN = {530, 535, 538}
POLICY = re.compile(r"[45]\.7\.\d+\b")
"""RFC 3463: refused for who we are, not for who it is to; whoever mends that loses no mail."""


class MailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as whom mail is handed in; without a user nobody logs in."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    mail_from: str
    user: str | None = None
    password: str | None = None


class EmailSender:
    """Implements runtime.outbox.Sender; a certificate is always checked, against this machine's.

    A mail that the server has accepted and whose answer was lost on the way is handed in once more,
    under the same Message-ID: most mail servers and readers show it once, none is bound to.
    """

    def __init__(self, account: MailAccount, texts: MessageTexts) -> None:
        self._account = account
        self._texts = texts
        # Once: reading all of the machine's certificates would hold up calls for every mail.
        self._tls = ssl.create_default_context() if account.security != "none" else None

    async def send(self, message: OutboxMessage, put_at: datetime) -> str:
        """Return the server's answer, often with its own id, when it has accepted the mail.

        Raises ReceiverUnreachable, ReceiverRefusesUs, TryLater, MessageUnfit.
        """
        account = self._account
        mail = render_email(self._texts, message, put_at, account.mail_from)
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            timeout=DEADLINE_S,
            use_tls=account.security == "tls",
            start_tls=account.security == "starttls",
            username=account.user,
            password=account.password,
            tls_context=self._tls,
        )
        try:
            await client.connect()
            _, answer = await client.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _judged(first.code, first.message) from error
        except aiosmtplib.SMTPDataError as error:
            raise _judged(error.code, error.message) from error
        except aiosmtplib.SMTPResponseException as error:
            # Greeting, login or sender: the same for whatever we send.
            raise ReceiverRefusesUs(f"It answered {error.code} before any mail.") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
                raise ReceiverRefusesUs("Its certificate or its TLS is not good.") from error
            if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
                raise ReceiverRefusesUs("It lacks STARTTLS or the login.") from error
            kind = type(error).__name__
            raise ReceiverUnreachable(f"No mail could be handed in ({kind}).") from error
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, ValueError):
                client.close()
        return one_line(answer)[:LONGEST_ANSWER]


def _judged(code: int, answer: str) -> Exception:
    if code in NOT_WITHOUT_LOGIN or POLICY.match(answer):
        return ReceiverRefusesUs(f"It answered {code}.")
    if code == SHUTTING_DOWN:
        return ReceiverUnreachable(f"It closes ({code}).")
    if 400 <= code < 500:
        return TryLater(f"It answered {code}.")
    return MessageUnfit(f"It answered {code}.")
