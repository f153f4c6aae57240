"""Tickets for people and for programs: the list, and one with its whole history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from agent.commands.plain import clock_of, indonesian
from agent.database.outbox import KeptMessage
from agent.database.ticket_search import TicketSummary
from agent.database.tickets import TicketReport
from agent.domain.office_time import local
from agent.domain.ticket_opening import address_in
from agent.domain.ticket_words import FATES, LEVELS, MATTERS, PRIORITIES, STAGES, ticket_line
from agent.domain.words import WAYS

BY_TELEPHONE = "Penelepon tidak dapat dikirimi e-mail: sampaikan melalui telepon."


def address_of(report: TicketReport) -> str | None:
    """The user's e-mail address; None when no mail can be sent there."""
    return address_in(report.consultation.values.get("email"))


def table_of(tickets: Sequence[TicketSummary], zone: str) -> Table:
    """Tickets in Indonesian, a line each, times in the office's zone."""
    shown = clock_of(zone)
    table = _table("Tiket", "Formulir", "Keadaan", "Tingkat", "Prioritas", "Batas", "Petugas")
    for ticket in tickets:
        late = " (terlambat)" if ticket.overdue else ""
        table.add_row(
            ticket.ticket_number,
            ticket.form_number,
            STAGES[ticket.stage],
            LEVELS[ticket.level],
            PRIORITIES.get(ticket.priority or "", "–"),
            shown(ticket.target_at) + late,
            ticket.holder or "–",
        )
    return table


def show_ticket(report: TicketReport, zone: str, console: Console, *, by_email: bool) -> None:
    """Print one ticket with its history, in Indonesian.

    `by_email` tells whether the user hears of it by e-mail; else somebody must telephone.
    """
    shown, ticket = clock_of(zone), report.ticket
    console.print(f"Tiket       {report.consultation.ticket_number}")
    console.print(f"Formulir    {report.consultation.form_number}")
    if ticket is None:
        console.print("Belum dibuka: kasusnya belum diteruskan.")
        return
    console.print(f"Keadaan     {STAGES[ticket.stage]}")
    console.print(f"Tingkat     {LEVELS[ticket.level]}")
    choice = ticket.choice
    console.print(f"Prioritas   {PRIORITIES[choice.priority]} (tabel {choice.table})")
    console.print(f"Batas       {shown(report.target_at)}")
    console.print(f"Petugas     {ticket.holder or '–'}")
    console.print(f"LPSE Support {ticket.external_number or '–'}")
    if not by_email:
        console.print(BY_TELEPHONE)
    table = _table("Waktu", "Oleh", "Peristiwa", title="Riwayat")
    for event in report.events:
        table.add_row(shown(event.at), event.by, ticket_line(event, shown, indonesian()))
    console.print(table)
    if report.messages:
        told = _table("Dibuat", "Tentang", "Melalui", "Keadaan", "Sejak", title="Pesan")
        for kept in report.messages:
            told.add_row(
                shown(kept.put_at),
                MATTERS[kept.message.matter],
                WAYS[kept.message.way],
                FATES[kept.fate],
                shown(kept.accepted_at or kept.gave_up_at or kept.resent_at),
            )
        console.print(told)


def ticket_object(report: TicketReport, zone: str, *, by_email: bool) -> dict[str, Any]:
    """One ticket for programs; times in the office's zone."""
    told = {
        "ticket_number": report.consultation.ticket_number,
        "form_number": report.consultation.form_number,
        "tell_by_telephone": not by_email,
        "target_at": report.target_at,
        "ticket": report.ticket,
        "events": report.events,
        "messages": [_message(kept) for kept in report.messages],
    }
    here: dict[str, Any] = _in_zone(msgspec.to_builtins(told, builtin_types=(datetime,)), zone)
    return here


def _message(kept: KeptMessage) -> dict[str, Any]:
    return {
        "matter": kept.message.matter,
        "way": kept.message.way,
        "fate": kept.fate,
        "put_at": kept.put_at,
        "resent_at": kept.resent_at,
        "tries": kept.tries,
        "last_error": kept.last_error,
        "accepted_at": kept.accepted_at,
        "gave_up_at": kept.gave_up_at,
    }


def _in_zone(value: Any, zone: str) -> Any:
    if isinstance(value, datetime):
        return local(value, zone).isoformat()
    if isinstance(value, dict):
        return {name: _in_zone(inner, zone) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_in_zone(inner, zone) for inner in value]
    return value


def _table(*headings: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
