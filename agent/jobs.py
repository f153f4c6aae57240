"""What the owner does beside the calls: messages, tickets, erasure, recaps, sheets, alarms."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from agent.asterisk.refused_calls import RefusedCallWatch, log_beside
from agent.database.case_desk import let_time_pass
from agent.database.equipment import compute_equipment
from agent.database.erasure import ErasureStore
from agent.database.recap import RecapStore
from agent.database.rules_in_force import RulesInForce
from agent.database.supplements import SupplementStore
from agent.database.webhooks import SubscriptionStore
from agent.documents.archive import Archive
from agent.documents.chosen_store import chosen_store
from agent.documents.recap_process import RecapProcess
from agent.handover.news import NewsPoster
from agent.handover.receiver_address import make_session
from agent.runtime.equipment_watch import watch_equipment
from agent.runtime.errors import stands_down
from agent.runtime.feed import Feed
from agent.runtime.monthly_recap import MonthlyRecap
from agent.runtime.outbox import OutboxWorker
from agent.runtime.person_keys import PersonKeys
from agent.runtime.purge import PurgeJob, Retention, removers
from agent.runtime.supplements import SupplementJob
from agent.runtime.ticket_clock import run_ticket_clock
from agent.runtime.webhooks import WebhookWorker
from agent.settings import Settings

AGAIN_S = 60.0

Job = Callable[[], Awaitable[None]]

log = structlog.get_logger()


def jobs_of(
    settings: Settings,
    decided: RulesInForce,
    outbox: OutboxWorker,
    epoch: int,
    feed: Feed,
    may_send: Callable[[], Awaitable[None]],
    archive: Archive,
) -> Mapping[str, Job]:
    """Every job by its name, as this office's settings want it. Raises SettingsInvalid."""
    url = settings.database_url
    supplements = SupplementJob(SupplementStore(url), archive)
    keys = PersonKeys(settings.key_of_persons_file)
    recaps_folder = settings.state_folder / "recaps"
    files = removers(chosen_store(settings).remove, settings.voicemail_folder, recaps_folder)
    purge = PurgeJob(
        ErasureStore(url, keys, files),
        lambda: Retention(decided.rules.audio_kept_days, settings.form_kept_years),
    )
    recaps = RecapProcess(recaps_folder)
    monthly = MonthlyRecap(RecapStore(url), recaps.make, settings.zone)

    async def pass_time(at: datetime) -> int:
        return await let_time_pass(url, decided.now, at, epoch=epoch)

    return {
        "messages": outbox.run,
        "decisions": decided.follow,
        "tickets": lambda: run_ticket_clock(pass_time),
        "purge": purge.run,
        "recaps": monthly.run,
        "supplements": supplements.run,
        "equipment": lambda: watch_equipment(lambda at: compute_equipment(url, settings.zone, at)),
        "refused_calls": RefusedCallWatch(log_beside(settings.ledger_file)).run,
        "feed": feed.run,
        "webhooks": lambda: tell_receivers(url, epoch, feed, may_send),
    }


async def tell_receivers(
    url: str, epoch: int, feed: Feed, may_send: Callable[[], Awaitable[None]]
) -> None:
    """Tell all who are subscribed what happens, until cancelled. Raises StandDown."""
    subscriptions = SubscriptionStore(url, epoch=epoch)
    try:
        async with make_session() as session:
            await WebhookWorker(subscriptions, feed, NewsPoster(session), may_send).run()
    finally:
        await subscriptions.aclose()


async def run_beside(name: str, job: Job, again_s: float = AGAIN_S) -> None:
    """Run a job until cancelled: whatever goes wrong in it must not cost anybody his call.

    It is told and begun again. Raises StandDown, because then the calls are another's.
    """
    while True:
        try:
            await job()
        except Exception as error:
            if stands_down(error):
                raise
            log.exception("job_failed", job=name)
        await asyncio.sleep(again_s)
