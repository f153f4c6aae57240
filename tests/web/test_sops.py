"""Revisions of the procedure by the API and on their page."""

from urllib.parse import quote

import msgspec

from agent.database.sops import load_sop
from agent.office import content_of
from agent.settings import DATA
from tests.web.site import Site


async def next_revision(here: Site) -> str:
    content = content_of(DATA / "sop" / "SOP-LPSE.BTG-017.toml", "sop_file")
    steps = msgspec.convert(content["steps"], list[dict[str, object]])
    changed = [
        {**step, "limit_s": 15} if step["step"] == "2" else step
        for step in steps
        if step["step"] != "1a"
    ]
    added = {"step": "9", "actor": "helpdesk", "activity": "Menutup <telepon>", "met_by": "decided"}
    content = {**content, "revision": "01", "title": "SOP baru", "steps": [*changed, added]}
    return (await load_sop(here.parts.pool.url, content)).name


async def test_two_revisions_are_compared(here: Site) -> None:
    new = await next_revision(here)
    admin = await here.log_in("administrator")
    _, known = await here.ask(admin, "GET", "/sops")
    old = known["in_force"]
    assert [f"{one['document']} rev {one['revision']}" for one in known["revisions"]] == [old, new]
    path = f"/sops/comparison?before={quote(old)}&after={quote(new)}"
    status, compared = await here.ask(admin, "GET", path)
    assert status == 200
    changes = {s["step"]: s["change"] for s in compared["steps"] if s["change"] != "same"}
    assert changes == {"1a": "removed", "2": "changed", "9": "added"}
    status, text = await here.get(admin, f"/sops?revision={quote(new)}&before={quote(old)}")
    assert status == 200
    for sign in ("+ ditambah", "− dihapus", "▲ diubah", "▲ 15 detik", "Menutup &lt;telepon&gt;"):
        assert sign in text, sign


async def test_the_revision_in_force_is_shown_as_a_table(here: Site) -> None:
    admin = await here.log_in("administrator")
    status, text = await here.get(admin, "/sops")
    assert (status, "✓ berlaku sekarang" in text) == (200, True)
    assert all(step.activity in text for step in here.parts.sop.steps)


async def test_a_revision_that_never_was_is_not_found(here: Site) -> None:
    admin = await here.log_in("administrator")
    status, told = await here.ask(admin, "GET", "/sops/comparison?before=x&after=y")
    assert (status, told["title"]) == (404, "sop_unknown")
    assert (await here.get(admin, "/sops?revision=x"))[0] == 404
    assert (await here.get(admin, "/sops?other=x"))[0] == 400
