"""The ways of hand-over that an office has switched on, by its settings."""

import aiohttp

from agent.handover.email_messages import load_texts
from agent.handover.errors import MessageFileInvalid
from agent.handover.request_tracker import RequestTrackerSender, TrackerAccount
from agent.handover.smtp import EmailSender, MailAccount
from agent.handover.webhooks import WebhookSecretInvalid, WebhookSender
from agent.runtime.outbox import Sender, Way
from agent.settings import Settings, SettingsInvalid


def make_senders(settings: Settings, session: aiohttp.ClientSession) -> dict[Way, Sender]:
    """One sender for each way that is on. Raises SettingsInvalid with the key of what is wrong."""
    try:
        texts = load_texts(settings.messages_file)
    except MessageFileInvalid as error:
        raise SettingsInvalid(f"messages_file: {error}") from error
    senders: dict[Way, Sender] = {}
    if settings.smtp_host and settings.mail_from:
        account = MailAccount(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            mail_from=settings.mail_from,
            user=settings.smtp_user,
            password=settings.secret("smtp_password_file") if settings.smtp_user else None,
        )
        senders["caller_email"] = EmailSender(account, texts)
        if settings.level_addresses:
            senders["level_email"] = EmailSender(account, texts)
    if settings.webhook_url:
        try:
            secret = settings.secret("webhook_secret_file")
            senders["webhook"] = WebhookSender(session, settings.webhook_url, secret)
        except WebhookSecretInvalid as error:
            raise SettingsInvalid(f"webhook_secret_file: {error}") from error
    if settings.request_tracker_url and settings.request_tracker_queue:
        token = settings.secret("request_tracker_token_file")
        tracker = TrackerAccount(
            url=settings.request_tracker_url, queue=settings.request_tracker_queue, token=token
        )
        senders["request_tracker"] = RequestTrackerSender(session, tracker, texts)
    return senders
