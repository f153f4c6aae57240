"""Whether browsers reach the pages: somebody answers at their address, with a good certificate."""

import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from agent.settings import Settings, SettingsInvalid
from agent.web.serving import tls_of

WITHIN_S = 5.0
SOON_DAYS = 14
DAY_S = 86400

WHY = "systemctl status lpse-agent says why"
MENDS = {
    421: "Let the proxy pass on Host, as deploy/nginx/lpse-agent does",
    502: f"The proxy is there and the agent is not: {WHY}",
    504: f"The proxy is there and the agent is silent: {WHY}",
}
"""By what is answered to somebody who wants to log in."""


def look_at_pages(settings: Settings) -> tuple[str, str]:
    """What is found at the pages' own address, and how to mend it; no mend where all is well.

    Asks once, as a browser on this machine would, and waits five seconds at most.
    """
    origin = settings.pages_origin
    try:
        tls_of(settings)
    except SettingsInvalid as error:
        return str(error), "Mend that setting, or the file that it names"
    if origin is None:
        return "for browsers on this machine alone: pages_origin is not set", ""
    try:
        status, days = _asked(origin)
    except ssl.SSLCertVerificationError as error:
        mend = "Give a certificate of this name that is trusted here too, and restart who serves it"
        return f"{origin}: {error.verify_message}", mend
    except socket.gaierror as error:
        return f"{origin}: {error.strerror}", "Let this name lead to this machine"
    except (OSError, HTTPException) as error:
        proxy = "Start the proxy: deploy/nginx/lpse-agent is one for nginx"
        return f"no answer at {origin}: {error}", WHY if settings.pages_certificate_file else proxy
    if status != 200:
        return f"{origin} answers {status}", MENDS.get(status, "Something else answers there")
    if days is None:
        return f"{origin} answers", ""
    mend = "" if days >= SOON_DAYS else "Renew the certificate, and restart who serves it"
    return f"{origin} answers, its certificate is good for {days} days", mend


def _asked(origin: str) -> tuple[int, int | None]:
    """Status, and how many days the certificate is good. Raises OSError, HTTPException."""
    at = urlsplit(origin)
    assert at.hostname is not None
    if at.scheme == "https":
        line: HTTPConnection = HTTPSConnection(
            at.hostname, at.port, timeout=WITHIN_S, context=ssl.create_default_context()
        )
    else:
        line = HTTPConnection(at.hostname, at.port, timeout=WITHIN_S)
    try:
        line.connect()
        days = None
        if isinstance(line.sock, ssl.SSLSocket):
            ends = str((line.sock.getpeercert() or {})["notAfter"])
            days = int((ssl.cert_time_to_seconds(ends) - time.time()) // DAY_S)
        line.request("GET", "/login")
        return line.getresponse().status, days
    finally:
        line.close()
