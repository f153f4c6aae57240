from datetime import date, time

from msgspec.structs import replace

from agent.documents.recap_summary import seconds, share, shown, summarise, whole
from agent.domain.recap_period import RecapPeriod
from agent.domain.recap_tally import RecapTally
from tests.documents.recap_office import FRAME, MADE_AT, NOVEMBER, ROWS, WORDS, counted
from tests.domain.recap_calls import november


def test_every_table_adds_up_to_its_total() -> None:
    tally, summary = counted(november())
    totals = dict(summary.totals)

    def sum_of(lines: tuple[tuple[str, int], ...]) -> int:
        return sum(count for _, count in lines)

    assert totals["Panggilan masuk"] == 300
    for lines in (summary.outcomes, summary.hours, summary.weekdays):
        assert sum_of(lines) == 300
    for lines in (summary.handling, summary.categories):
        assert sum_of(lines) == totals["Konsultasi dengan formulir"]
    assert sum_of(summary.deviations) == sum(tally.totals.deviations.values()) > 0


def test_a_figure_is_said_with_its_formula_and_its_counts() -> None:
    tally, summary = counted(november())
    level = summary.figures[0]
    of = tally.service
    assert "Permenkominfo 16/2013" in level.formula
    assert level.counts == f"{of.in_time} ÷ ({of.received} − {of.dropped_soon})"
    assert level.value == shown(100 * of.in_time / (of.received - of.dropped_soon)) + "%"


def test_the_footer_counts_as_the_registers_of_other_offices_do() -> None:
    _, summary = counted(november())
    counts = dict(summary.handling)
    assert summary.footer == (
        f"{counts['Tercatat belum ditangani']} tercatat belum ditangani / "
        f"{counts['Ditangani belum selesai']} ditangani belum selesai / "
        f"{counts['Selesai']} selesai; {counts['Tidak terlayani']} tidak terlayani. "
        f"Jumlah {sum(counts.values())}."
    )


def test_periods_are_named_as_people_name_them() -> None:
    def named(first: date, last: date) -> str:
        return summarise(
            RecapTally("WIB"),
            WORDS,
            ROWS,
            period=RecapPeriod(first, last),
            zone="WIB",
            sop=FRAME.sop,
            made_at=MADE_AT,
        ).period

    assert named(NOVEMBER.first, NOVEMBER.last) == "Bulan November 2026"
    assert named(date(2026, 11, 2), date(2026, 11, 2)) == "2 November 2026"
    assert named(date(2026, 1, 1), date(2026, 3, 31)) == "1 Januari 2026 s.d. 31 Maret 2026"


def test_categories_of_one_name_are_one() -> None:
    calls = november(60)
    other = [replace(call, fields=call.fields | {"category": "SIKaP"}) for call in calls]
    _, summary = counted(other)
    assert len(dict(summary.categories)) == len(summary.categories)


def test_numbers_dates_and_times_are_written_as_in_indonesia() -> None:
    assert [whole(1234567), whole(1234.5), whole(0)] == ["1.234.567", "1.234,5", "0"]
    assert [shown(12.5), shown(3), shown(None)] == ["12,5", "3", ""]
    assert [shown(date(2026, 11, 2)), shown(time(9, 5, 30))] == ["02-11-2026", "09.05"]
    assert [share(0.875, WORDS), share(None, WORDS)] == ["87,5%", "–"]
    assert [seconds(4455.25, WORDS), seconds(None, WORDS)] == ["4.455,2 dtk", "–"]
