"""One call for people: head, timeline, the procedure's steps, deviations, offers and hearing."""

from rich.console import Console
from rich.table import Table

from agent.commands.plain import PIPE_COLUMNS, clock_of, indonesian, milliseconds, seconds
from agent.commands.timeline import timeline_of
from agent.database.reports import CallReport
from agent.domain.call_state import Offer
from agent.domain.consultation import Deviation, StepRecord
from agent.domain.deviation_words import DeviationWord, standing_of, withdrawn
from agent.domain.event_words import cause_told, who
from agent.domain.office_time import local
from agent.domain.words import (
    DEVIATION_KINDS,
    DEVIATION_STANDINGS,
    FACTS,
    OUTCOMES,
    REASONS,
    STEP_STATES,
    WORD_ROLES,
)


def show_call(report: CallReport, zone: str, console: Console) -> None:
    """Print everything that is known of a call, in Indonesian, times in the office's zone."""
    _show_head(report, zone, console)
    console.print(_timeline(report, zone))
    console.print(_steps(report, zone, stacked=console.width < PIPE_COLUMNS))
    show_deviations(report, zone, console)
    if report.call.offers:
        console.print(_offers(report, zone))
    _show_hearing(report, zone, console)


def _show_head(report: CallReport, zone: str, console: Console) -> None:
    call, talk = report.call, report.call.conversation
    answered = talk.answered.at if talk and talk.answered else None
    console.print(f"Formulir    {call.form_number}")
    console.print(f"Tiket       {call.ticket_number or '–'}")
    console.print(f"Hasil       {OUTCOMES[report.outcome]} ({report.outcome})")
    console.print(f"Penelepon   {call.caller.shown}")
    console.print(f"Operator    {f'{talk.name} ({talk.operator})' if talk else '–'}")
    console.print(f"Tanggal     {local(call.arrived.at, zone):%Y-%m-%d} ({zone})")
    console.print(f"Masuk       {milliseconds(call.arrived.at, zone)}   {call.arrived.source}")
    source = talk.answered.source if talk and talk.answered else ""
    console.print(f"Dijawab     {milliseconds(answered, zone)}   {source}")
    ended = call.ended
    source = ended.source if ended else ""
    console.print(f"Selesai     {milliseconds(ended.at if ended else None, zone)}   {source}")
    console.print(f"SOP         {call.rules.sop}")
    console.print(f"Arsip       {call.archive_sha256 or '–'}\n")


def _timeline(report: CallReport, zone: str) -> Table:
    table = _table("Garis waktu", "Waktu", "Peristiwa", "Bukti")
    for line in timeline_of(report):
        table.add_row(milliseconds(line.at, zone), line.text, line.evidence)
    return table


def _steps(report: CallReport, zone: str, stacked: bool) -> Table:
    """Stacked: the proof below the activity, because 80 columns have no room for a column of it."""
    proof = () if stacked else ("Bukti",)
    table = _table("Langkah SOP", "No", "Kegiatan", "Batas", "Terukur", "Keadaan", *proof)
    table.show_lines = stacked
    for step in report.steps:
        evidence = _evidence(step, zone)
        activity = f"{step.activity}\n{evidence}".strip() if stacked else step.activity
        table.add_row(
            step.step,
            activity,
            f"{step.limit_s:g} dtk" if step.limit_s is not None else "–",
            seconds(step.seconds),
            STEP_STATES[step.state],
            *(() if stacked else (evidence,)),
        )
    return table


def _evidence(step: StepRecord, zone: str) -> str:
    return "\n".join(
        f"{FACTS.get(e.fact, e.fact)} {milliseconds(e.at, zone)} ({e.source} · #{e.event})"
        for e in step.evidence
    )


def show_deviations(report: CallReport, zone: str, console: Console) -> None:
    """Print a call's deviations, where each stands, and all that was said of them."""
    if report.deviations:
        console.print(_deviations(report))
    else:
        console.print("Penyimpangan: tidak ada")
    if report.words:
        console.print(_words(report, zone))


def _deviations(report: CallReport) -> Table:
    table = _table(
        "Penyimpangan", "No", "Jenis dan sebab", "Batas", "Terukur", "Lebih", "Operator", "Bukti"
    )
    for deviation in report.deviations:
        table.add_row(
            deviation.step,
            f"{DEVIATION_KINDS[deviation.kind]}: {REASONS.get(deviation.reason, deviation.reason)}"
            f"{standing_told(deviation, report.words)}",
            f"{deviation.limit_s:g} dtk" if deviation.limit_s is not None else "–",
            seconds(deviation.measured_s),
            seconds(deviation.excess_s),
            deviation.operator or "–",
            " ".join(f"#{event}" for event in deviation.events),
        )
    return table


def standing_told(deviation: Deviation, words: tuple[DeviationWord, ...]) -> str:
    """Where a deviation stands, on a line of its own; nothing as long as nothing was said."""
    standing = standing_of(deviation, words)
    again = " kembali" if standing.again else ""
    if standing.state == "open" and not again:
        return ""
    return f"\n{DEVIATION_STANDINGS[standing.state]}{again}"


def _words(report: CallReport, zone: str) -> Table:
    table = _table("Penjelasan dan keputusan", "No", "Oleh", "Isi")
    for word in report.words:
        told = f"{WORD_ROLES[word.role]} {word.by}\n{clock_of(zone)(word.at)}"
        if word.verdict:
            told += f"\n{DEVIATION_STANDINGS[word.verdict]}"
        table.add_row(
            f"{word.step} {DEVIATION_KINDS[word.kind]}", told, word.text + _past(report, word)
        )
    return table


def _past(report: CallReport, word: DeviationWord) -> str:
    """That a word is about what is no longer so."""
    if any(word.is_about(deviation) for deviation in report.deviations):
        return ""
    reason = REASONS.get(word.reason, word.reason)
    if word in withdrawn(report.deviations, report.words):
        return f"\n(tentang penyimpangan yang sudah ditarik: {reason})"
    return f"\n(tentang nilai sebelumnya: {seconds(word.measured_s)}, {reason})"


def _offers(report: CallReport, zone: str) -> Table:
    table = _table("Operator yang dihubungi", "Ditawarkan", "Operator", "Akhirnya", "Bukti")
    # Asterisk's long words would be the first to be broken on a narrow page.
    table.columns[-1].no_wrap = True
    for offer in report.call.offers:
        proof = offer.answered or offer.ended or offer.ringing or offer.offered
        table.add_row(
            milliseconds(offer.offered.at, zone),
            f"{offer.name} ({offer.operator})",
            _ending(offer),
            f"{proof.source} · #{proof.event}",
        )
    return table


def _ending(offer: Offer) -> str:
    if offer.answered:
        waited = seconds((offer.answered.at - offer.offered.at).total_seconds())
        talked = "berbicara" if offer.connected else "tidak tersambung"
        return f"diangkat setelah {waited}, {talked}"
    return cause_told(offer.cause, indonesian()) if offer.ended else "masih berdering"


def _show_hearing(report: CallReport, zone: str, console: Console) -> None:
    """Who heard the numbers, and how much of them."""
    for playback in report.call.playbacks:
        if playback.prompt not in ("numbers", "nobody_available"):
            continue
        listener = who(report.call, playback.channel, indonesian()).capitalize()
        if playback.heard:
            at = milliseconds(playback.heard.at, zone)
            proof = f"{playback.heard.source} · #{playback.heard.event}"
            console.print(f"{listener} mendengar nomor sampai akhir pada {at} ({proof})")
        else:
            console.print(f"{listener} tidak mendengar nomor sampai akhir")


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", show_lines=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
