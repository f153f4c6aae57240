"""What an answer said before, as people and programs read it."""

from msgspec.structs import replace

from agent.database.answers import add_answers, change_answer, retire_answer
from agent.domain.answer import Answer
from tests.database.form_stories import answer_parts
from tests.web.site import Site
from tests.web.test_site import token_for

ID = "jam-layanan"


async def written(here: Site) -> None:
    url = here.parts.pool.url
    await add_answers(url, [Answer(**answer_parts(category="06"))], "Dewi")
    await change_answer(url, ID, "Budi", lambda old: replace(old, answer="<b>Setiap</b> hari."))
    await retire_answer(url, ID, "Siti")


async def test_a_program_reads_every_version(here: Site) -> None:
    await written(here)
    program = await token_for(here, "desk")
    async with program.get(f"/api/v1/answers/{ID}/history") as answer:
        assert answer.status == 200
        told = await answer.json()
    assert [(one["version"], one["act"], one["by"], one["changed"]) for one in told] == [
        (3, "retired", "Siti", []),
        (2, "changed", "Budi", ["answer"]),
        (1, "added", "Dewi", []),
    ]
    assert [one["answer"] for one in told][1:] == ["<b>Setiap</b> hari.", "Senin sampai Jumat."]


async def test_the_page_shows_what_stood_there_before_and_runs_nothing_of_it(here: Site) -> None:
    await written(here)
    for role in ("operator", "administrator"):
        browser = await here.log_in(role)
        for language, act in (("id", "ditarik"), ("en", "retired")):
            browser.cookie_jar.update_cookies({"lpse-language": language})
            status, page = await here.get(browser, f"/answers/{ID}/history")
            assert status == 200
            assert "Senin sampai Jumat." in page and "&lt;b&gt;Setiap" in page
            assert "<b>Setiap" not in page
            assert act in page
            assert page.count("▲") == 1, "one part became other"


async def test_what_is_no_answer_and_who_is_nobody_is_told(here: Site) -> None:
    browser = await here.log_in("operator")
    for unknown in ("tidak-ada", "Jam", "a%00b", "%27--"):
        status, told = await here.ask(browser, "GET", f"/answers/{unknown}/history")
        assert (status, told["title"]) == (404, "answer_unknown"), unknown
        assert (await here.get(browser, f"/answers/{unknown}/history"))[0] == 404
    stranger = await here.browser()
    assert (await here.ask(stranger, "GET", f"/answers/{ID}/history"))[0] == 401
