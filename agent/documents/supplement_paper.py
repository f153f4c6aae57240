"""The Lembar Tambahan on paper: one deviation of an archived form, its proof, what was said of it.

As with the form, the texts of people are data, and the same sheet gives the same bytes.
"""

from typing import Any

import msgspec

from agent.documents.form_paper import TEMPLATES, date_on_paper, qr_code
from agent.documents.letterhead_file import Stationery
from agent.documents.paper_text import all_on_paper
from agent.documents.typesetting import MAIN, Paper
from agent.domain.event_words import event_told
from agent.domain.form_facts import shown_moment, shown_seconds
from agent.domain.office_time import local
from agent.domain.sop import Sop
from agent.domain.supplement import Supplement
from agent.domain.words import DEVIATION_KINDS, DEVIATION_STANDINGS, REASONS, WORD_ROLES, Say

TITLE = "Lembar Tambahan Simpangan"
TEMPLATE = "supplement.typ"
WITHDRAWN = "tidak ada lagi menurut rekaman yang terakhir"


def compose_supplement_paper(
    supplement: Supplement, sop: Sop, stationery: Stationery, say: Say
) -> Paper:
    """What the sheet is typeset from."""
    call, zone = supplement.call, supplement.call.rules.zone
    content = all_on_paper(
        {
            "letterhead": msgspec.to_builtins(stationery.letterhead),
            "title": TITLE,
            "form_number": call.form_number,
            "sop": {"document": sop.document, "revision": sop.revision},
            "deviation": _deviation(supplement, sop),
            "proof": [
                {
                    "place": f"#{one.place}",
                    "at": shown_moment(one.event.at, zone),
                    "told": event_told(call, one.event, say),
                }
                for one in supplement.proof
            ]
            if supplement.stands
            else [],
            "words": [
                {
                    "role": WORD_ROLES[word.role],
                    "by": supplement.named(word.by),
                    "at": shown_moment(word.at, zone),
                    "verdict": DEVIATION_STANDINGS[word.verdict] if word.verdict else None,
                    "text": word.text,
                }
                for word in supplement.words
            ],
            "date": date_on_paper(local(supplement.at, zone)),
            "written_at": shown_moment(supplement.at, zone),
        }
    )
    # Names of files, digits and hashes are ours: they need no care, and must not be changed.
    content |= {
        "form_path": supplement.form_path,
        "form_sha256": supplement.form_sha256,
        "logo": stationery.logo_name,
    }
    files = {
        MAIN: (TEMPLATES / TEMPLATE).read_bytes(),
        "letterhead.typ": (TEMPLATES / "letterhead.typ").read_bytes(),
        "parts.typ": (TEMPLATES / "parts.typ").read_bytes(),
        "paper.json": msgspec.json.encode(content),
        "qr.svg": qr_code(call.form_number),
    }
    if stationery.logo is not None:
        files[stationery.logo_name] = stationery.logo
    return Paper(files, supplement.at)


def _deviation(supplement: Supplement, sop: Sop) -> list[dict[str, Any]]:
    word, stands = supplement.word, supplement.stands
    activity = next((step.activity for step in sop.steps if step.step == word.step), None)
    excess = stands.excess_s if stands else None
    operator = stands.operator if stands else None
    told = {
        "Langkah": f"{word.step}. {activity}" if activity else word.step,
        "Jenis": DEVIATION_KINDS[word.kind],
        "Sebab": REASONS.get(word.reason, word.reason),
        "Batas": f"{word.limit_s:g} detik" if word.limit_s is not None else None,
        "Terukur": shown_seconds(word.measured_s) if word.measured_s is not None else None,
        "Lebih": shown_seconds(excess) if excess is not None else None,
        "Petugas": supplement.named(operator) if operator else None,
        "Keadaan": None if stands else WITHDRAWN,
    }
    return [{"label": label, "value": value} for label, value in told.items() if value]
