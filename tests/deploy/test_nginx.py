"""Debian's own nginx with the site of deploy/nginx before the real pages."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, CookieJar, TCPConnector

from agent.settings import ROOT
from deploy.asterisk_server import ending_with_us, find_installation, free_port
from deploy.installed_answers import Answers
from deploy.installed_files import NGINX_SITE, Programs, write_files
from deploy.set_up_asterisk import cache
from tests.certificates import make_certificate
from tests.web.conftest import exchange, here, prepared, renderer, speech_root, writer
from tests.web.site import PASSWORD, Site
from tests.web.test_serving import parts_with, serving, status_at

__all__ = ["exchange", "here", "prepared", "renderer", "speech_root", "writer"]

NGINX = cache() / "tools/nginx/usr/sbin/nginx"
# What Debian's nginx.conf says around a site, in a folder of the test's own.
AROUND = """\
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	gzip on;
	include {folder}/site;
}}
"""


@asynccontextmanager
async def behind_nginx(here: Site, folder: Path) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """The pages behind nginx: how browsers see them, and whom these trust."""
    port, behind = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    origin = f"https://localhost:{port}"
    root = Path(os.environ["LPSE_ASTERISK_ROOT"]) if os.environ["LPSE_ASTERISK_ROOT"] else None
    programs = Programs(ROOT, Path(sys.executable), find_installation(root), root)
    answers = Answers(trunk=("192.0.2.10",), pages_origin=origin)
    write_files(answers, programs, "postgresql:///", folder / "installed")
    site = (folder / "installed" / NGINX_SITE[1:]).read_text()
    made, key = make_certificate(folder)
    for told, own in (
        ("/etc/letsencrypt/live/localhost/fullchain.pem", made),
        ("/etc/letsencrypt/live/localhost/privkey.pem", key),
        ("127.0.0.1:8280", f"127.0.0.1:{behind}"),
    ):
        assert told in site
        site = site.replace(told, str(own))
    (folder / "site").write_text(site)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    async with serving(parts_with(here, pages_port=behind, pages_origin=origin)):
        await status_at(f"http://127.0.0.1:{behind}/login")
        with nginx(folder / "nginx.conf"):
            yield origin, ssl.create_default_context(cafile=str(made))


@contextmanager
def nginx(file: Path) -> Iterator[None]:
    """nginx runs with this configuration, of which it has nothing to say."""
    command = [NGINX, "-c", file]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0 and "[warn]" not in tried.stderr, tried.stderr
    running = subprocess.Popen([*ending_with_us(), *map(str, command)])
    try:
        yield
    finally:
        running.terminate()
        running.wait(10)


async def test_who_logs_in_through_nginx_follows_his_desk_without_delay(
    here: Site, tmp_path: Path
) -> None:
    account = await here.account("operator")
    async with (
        behind_nginx(here, tmp_path) as (origin, trusted),
        ClientSession(
            origin,
            connector=TCPConnector(ssl=trusted),
            cookie_jar=CookieJar(unsafe=True),
            headers={"Origin": origin},
            timeout=ClientTimeout(20),
        ) as browser,
    ):
        assert await status_at(f"{origin}/login", ssl=trusted) == 200
        asked = {"account": account, "password": PASSWORD}
        async with browser.post("/login", data=asked, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        async with browser.get("/api/v1/desk/stream") as stream:
            assert b"event: desk" in await stream.content.readuntil(b"\n\n")
            call = (await here.talks()).call
            assert call
            form = call.form_number
            while form.encode() not in await stream.content.readuntil(b"\n\n"):
                pass


async def test_who_fails_is_counted_by_the_address_that_nginx_saw_and_other_names_are_refused(
    here: Site, tmp_path: Path
) -> None:
    account = await here.account("operator")
    async with behind_nginx(here, tmp_path) as (origin, trusted), ClientSession() as browser:
        assert await status_at(f"{origin}/login", ssl=trusted) == 200
        named = {"Host": "another.example"}
        assert await status_at(f"{origin}/login", ssl=trusted, headers=named) == 421
        told = {"Origin": origin, "X-Forwarded-For": "203.0.113.9"}
        wrong = {"account": account, "password": "salah"}
        async with browser.post(f"{origin}/login", data=wrong, headers=told, ssl=trusted) as answer:
            assert answer.status == 401
    failed = next(a for a in await here.parts.accounts.acts() if a.action == "login_failed")
    assert "127.0.0.1" in str(failed) and "203.0.113.9" not in str(failed)
