"""What nobody but the office knows of its installation, and what of it cannot be."""

from __future__ import annotations

import ipaddress
import re
import ssl
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
ORIGIN = re.compile(r"https://([a-z0-9.-]+)(?::(\d{1,5}))?")
"""As the setting `pages_origin`; this machine's own http is no answer for browsers elsewhere."""


class AnswerInvalid(ValueError):
    """An answer is missing or impossible; the message says which option mends it."""


@dataclass(frozen=True)
class Answers:
    """Kept in site.toml, from where a repeat takes them."""

    number: str = "1500"
    trunk: tuple[str, ...] = ()
    phones: tuple[str, ...] = PRIVATE_NETWORKS
    sip_address: str = "0.0.0.0"  # noqa: S104 - telephones come from outside
    standby: bool = False
    pages_origin: str = ""
    pages_certificate: str = ""
    pages_key: str = ""
    browsers: tuple[str, ...] = PRIVATE_NETWORKS

    @property
    def pages_place(self) -> tuple[str, int] | None:
        """The name and port at which browsers look for the pages; None where none may."""
        match = ORIGIN.fullmatch(self.pages_origin)
        return (match[1], int(match[2] or 443)) if match else None


def read_answers(given: Mapping[str, Any], file: Path) -> Answers:
    """What was answered before, as site.toml has it, and above it what is given now.

    Raises AnswerInvalid.
    """
    try:
        told: dict[str, Any] = tomllib.loads(file.read_text()) if file.exists() else {}
        told |= {name: value for name, value in given.items() if value is not None}
        answers = Answers(**told)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise AnswerInvalid(f"{file} cannot be understood: {error}") from None
    if not answers.trunk:
        raise AnswerInvalid(
            "Who may call? Name the address that the telephone company calls from: --trunk ADDRESS."
        )
    _refuse_impossible_pages(answers)
    return replace(
        answers,
        trunk=tuple(_network("--trunk", one) for one in answers.trunk),
        phones=tuple(_network("--phones", one) for one in answers.phones),
        browsers=tuple(_network("--browsers", one) for one in answers.browsers),
    )


def _refuse_impossible_pages(answers: Answers) -> None:
    origin, certificate, key = (
        answers.pages_origin,
        answers.pages_certificate,
        answers.pages_key,
    )
    if origin and answers.pages_place is None:
        raise AnswerInvalid(
            f"--pages-origin {origin}: expected how browsers see the pages, such as"
            " https://helpdesk.example.go.id, without a path."
        )
    if bool(certificate) != bool(key) or (certificate and not origin):
        raise AnswerInvalid("--pages-origin, --pages-certificate and --pages-key belong together.")
    if certificate:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key, password="")
        except OSError as error:  # also an SSLError
            raise AnswerInvalid(
                f"--pages-certificate {certificate} --pages-key {key}: {error}"
            ) from None


def _network(option: str, text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise AnswerInvalid(f"{option} {text}: {error}") from None
    return str(network.network_address if network.prefixlen == 32 else network)
