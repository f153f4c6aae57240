"""Webhooks by the API: an administrator's alone, with the secret shown once, and on record."""

import json

import asyncpg

from tests.handover.receivers import receiving
from tests.web.site import Site

URL = "https://app.example.go.id/hook?key=778812"


async def test_an_administrator_makes_tries_enables_and_removes_them(here: Site) -> None:
    browser = await here.log_in("administrator")
    async with receiving("") as receiver:
        wanted = {"url": receiver.url, "kinds": ["call.ended"]}
        status, made = await here.ask(browser, "POST", "/webhooks", wanted)
        assert (status, set(made)) == (201, {"id", "secret"})
        receiver.secret = made["secret"]
        path = f"/webhooks/{made['id']}"
        told = await here.ask(browser, "POST", f"{path}/test")
        assert told == (200, {"accepted": True, "reason": None})
        receiver.answers = [410]
        _, told = await here.ask(browser, "POST", f"{path}/test")
        assert not told["accepted"]
        assert "410" in told["reason"]
    assert (await here.ask(browser, "POST", "/webhooks", {"url": URL}))[0] == 201
    _, listed = await here.ask(browser, "GET", "/webhooks")
    assert [one["url"] for one in listed["webhooks"]] == [receiver.url, URL]
    assert made["secret"] not in json.dumps(listed)
    assert (await here.ask(browser, "POST", f"{path}/enable"))[0] == 204
    assert (await here.ask(browser, "DELETE", path))[0] == 204
    assert (await here.ask(browser, "DELETE", path))[0] == 404
    _, listed = await here.ask(browser, "GET", "/webhooks")
    assert [one["url"] for one in listed["webhooks"]] == [URL]
    acts = [act for act in await here.parts.accounts.acts() if act.action.startswith("webhook_")]
    assert [act.action for act in acts[::-1]] == [
        "webhook_added",
        "webhook_tested",
        "webhook_tested",
        "webhook_added",
        "webhook_enabled",
        "webhook_removed",
    ]
    assert {act.by for act in acts} == {"administrator"}
    record = json.dumps([[act.subject, act.detail] for act in acts])
    assert made["secret"] not in record
    assert "778812" not in record
    assert "app.example.go.id" in record


async def test_what_cannot_be_told_is_refused_and_keeps_nothing(here: Site) -> None:
    browser = await here.log_in("administrator")
    for wanted, status, title in (
        ({"url": "https://169.254.169.254/"}, 422, "webhook_refused"),
        ({"url": "http://10.0.0.1/"}, 422, "webhook_refused"),
        ({"url": URL, "kinds": ["call.rung"]}, 422, "webhook_refused"),
        ({"url": ""}, 400, "request_invalid"),
        ({"url": URL, "secret": "mine"}, 400, "request_invalid"),
    ):
        answer, told = await here.ask(browser, "POST", "/webhooks", wanted)
        assert (answer, told["title"]) == (status, title), wanted
    for path in ("/webhooks/7", "/webhooks/99999999999", "/webhooks/x", "/webhooks/-1"):
        assert (await here.ask(browser, "DELETE", path))[0] == 404, path
    assert (await here.ask(browser, "GET", "/webhooks"))[1] == {"webhooks": []}


async def test_nobody_else_sees_or_makes_them(here: Site) -> None:
    for role in ("operator", "supervisor", "auditor"):
        browser = await here.log_in(role)
        assert (await here.ask(browser, "GET", "/webhooks"))[0] == 403
        assert (await here.ask(browser, "POST", "/webhooks", {"url": URL}))[0] == 403


async def test_the_page_tells_how_each_is_and_never_its_secret(here: Site, url: str) -> None:
    browser = await here.log_in("administrator")
    status, text = await here.get(browser, "/webhooks")
    assert (status, "Belum ada webhook." in text) == (200, True)
    made = [
        (await here.ask(browser, "POST", "/webhooks", {"url": f"https://{name}.example.go.id/"}))[1]
        for name in ("works", "fails", "stands")
    ]
    connection = await asyncpg.connect(url)
    await connection.execute(
        "UPDATE webhook_subscriptions SET failing_since = now(), last_error = 'answered <503>' "
        "WHERE id = $1",
        made[1]["id"],
    )
    await connection.execute(
        "UPDATE webhook_subscriptions SET disabled_at = now() WHERE id = $1", made[2]["id"]
    )
    await connection.close()
    _, text = await here.get(browser, "/webhooks")
    assert "belum pernah diberi tahu" in text
    assert "gagal sejak" in text
    assert "answered &lt;503&gt;" in text
    assert "dimatikan" in text
    assert text.count("/enable") == 1, "only what is disabled can be enabled"
    assert not any(one["secret"] in text for one in made)
    for role in ("operator", "supervisor", "auditor"):
        assert (await here.get(await here.log_in(role), "/webhooks"))[0] == 403
