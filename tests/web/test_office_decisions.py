"""What the office has decided, by the API and on its page."""

from urllib.parse import quote

from agent.database.office_files import keep_office_file
from agent.office import content_of
from tests.web.site import Site


async def test_what_is_in_force_is_shown_with_its_versions(here: Site) -> None:
    settings = here.parts.settings
    content = content_of(settings.priority_file, "priority_file")
    await keep_office_file(
        settings.database_url, "priority_table", "usulan-2",
        {**content, "version": "usulan-2", "source": "Surat <baru>"},
    )  # fmt: skip
    admin = await here.log_in("administrator")
    status, told = await here.ask(admin, "GET", "/office")
    assert status == 200
    decision = told["versions"]["priority_table"].pop("decision")
    assert (decision["name"], decision["decided_by"]) == ("usulan-1", None)
    assert told["versions"]["priority_table"] == {
        "setting": "priority_file",
        "in_force": "usulan-1",
        "shown": "usulan-1",
        "known": ["usulan-1", "usulan-2"],
    }
    assert told["office_hours"]["office"] == "LPSE.BTG"
    assert f"{told['form']['form']}-{told['form']['version']}" == here.parts.form
    _, told = await here.ask(admin, "GET", "/office?priority_table=usulan-2")
    assert told["priority_table"]["source"] == "Surat <baru>"
    assert told["versions"]["priority_table"]["decision"] is None
    two = "kind=priority_table&before=usulan-1&after=usulan-2"
    _, told = await here.ask(admin, "GET", f"/office/comparison?{two}")
    assert [(one["where"], one["after"]) for one in told["differences"]] == [
        (["source"], "Surat <baru>")
    ]
    _, page = await here.get(admin, f"/office/comparison?{two}")
    assert "Surat &lt;baru&gt;" in page
    assert "Dasar</th>" in page
    wrong = "/office/comparison?kind=form&before=x&after=y"
    assert (await here.ask(admin, "GET", wrong))[0] == (await here.get(admin, wrong))[0] == 404
    assert (await here.get(admin, "/office/comparison"))[0] == 400


async def test_the_page_tells_what_the_files_say(here: Site) -> None:
    admin = await here.log_in("administrator")
    status, text = await here.get(admin, "/office")
    assert status == 200
    for told in (
        "3 jam kerja",
        "akhir hari kerja ke-5",
        "07.30–16.00",
        "Senin, Selasa",
        "caller_name",
        "300 detik",
        "90 hari",
    ):
        assert told in text, told
    assert text.count("✓ berlaku sekarang") == 4


async def test_a_version_that_never_was_is_not_found(here: Site) -> None:
    admin = await here.log_in("administrator")
    for kind in ("priority_table", "office_hours", "office_rules", "form"):
        status, told = await here.ask(admin, "GET", f"/office?{kind}={quote('x y')}")
        assert (status, told["title"]) == (404, "office_file_unknown")
        assert (await here.get(admin, f"/office?{kind}=x"))[0] == 404
