"""Why somebody looked is kept for good, and names nobody."""

import pytest

from agent.database.access import Access, PurposeInvalid, access_of, log_access, purpose_of

FORM = "0001/FK-TLP/LPSE.BTG/2026"


@pytest.mark.parametrize("typed", ["surat 800/123/V/2026", "permintaan  2 Maret", "perkara 7"])
def test_a_reason_is_kept_on_one_line(typed: str) -> None:
    assert purpose_of(typed) == " ".join(typed.split())


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "x", "081298765432", "telp 0812-987-6543", "ke a@b.id", "a\x1bb", "x" * 301],
)
def test_a_reason_that_is_none_or_names_somebody_is_refused(typed: str) -> None:
    with pytest.raises(PurposeInvalid):
        purpose_of(typed)


async def test_the_log_is_found_by_form_and_by_person_in_order(url: str) -> None:
    for number, action in enumerate(("read", "search", "export")):
        await log_access(
            url,
            Access(
                by="op-101",
                action=action,  # type: ignore[arg-type]  # one of the words
                purpose=f"surat {number}",
                forms=(FORM,) if action != "search" else (),
                person_key="ab" if action == "search" else None,
            ),
        )
    assert [seen.action for seen in await access_of(url, [FORM])] == ["read", "export"]
    assert [seen.action for seen in await access_of(url, [], "ab")] == ["search"]
    assert len(await access_of(url, [FORM], "ab")) == 3
    assert await access_of(url, []) == []
