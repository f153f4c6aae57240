"""The office's letterhead as data: what stands at the head of its papers, and who signs them."""

import re

import msgspec

from agent.domain.plain_text import one_paragraph

LONGEST_LINE = 120
MOST_UNITS, MOST_SIGNERS = 3, 4
LOGO_KINDS = ("svg", "png", "jpg", "jpeg")

# No more than what a slip of the finger would break: papers are written to be read by people.
_TELEPHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{3,38}[0-9]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NIP = re.compile(r"[0-9]{8} ?[0-9]{6} ?[0-9] ?[0-9]{3}")


class LetterheadInvalid(ValueError):
    """The file describes no letterhead; the message has one sentence for each mistake."""


class Signer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One block of signatures; who left out his name writes it himself."""

    role: str
    name: str = ""
    nip: str = ""
    """The number of a civil servant, 18 digits."""


class Letterhead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Head and foot of every paper of one office."""

    office: str
    government: str
    unit: tuple[str, ...]
    address: str
    place: str
    """Where papers are signed."""
    telephone: str = ""
    email: str = ""
    website: str = ""
    logo: str = ""
    """A picture's file beside the letterhead's own."""
    signers: tuple[Signer, ...]


def parse_letterhead(content: object) -> Letterhead:
    """The letterhead out of its file. Raises LetterheadInvalid, a sentence for each mistake."""
    try:
        head = msgspec.convert(content, Letterhead)
    except msgspec.ValidationError as error:
        raise LetterheadInvalid(str(error)) from error
    mistakes = [*_of_lines(head), *_of_ways_to_reach(head), *_of_signers(head)]
    if head.logo and not _is_picture_beside(head.logo):
        kinds = ", ".join(LOGO_KINDS)
        mistakes.append(f"logo: {head.logo} is no file's name that ends with one of {kinds}")
    if mistakes:
        raise LetterheadInvalid("\n".join(mistakes))
    return head


def _of_lines(head: Letterhead) -> list[str]:
    wanted = [("government", head.government), ("address", head.address), ("place", head.place)]
    wanted += [(f"unit {place}", line) for place, line in enumerate(head.unit, 1)]
    wanted += [(f"role of signer {place}", one.role) for place, one in enumerate(head.signers, 1)]
    free = [("telephone", head.telephone), ("email", head.email), ("website", head.website)]
    free += [(f"name of signer {place}", one.name) for place, one in enumerate(head.signers, 1)]
    mistakes = [f"{name}: is empty" for name, line in wanted if not line.strip()]
    mistakes += [
        f"{name}: must be one printable line of at most {LONGEST_LINE} signs"
        for name, line in wanted + free
        if line.strip() != one_paragraph(line) or len(line) > LONGEST_LINE
    ]
    if not 1 <= len(head.unit) <= MOST_UNITS:
        mistakes.append(f"unit: must have 1 to {MOST_UNITS} lines")
    return mistakes


def _of_ways_to_reach(head: Letterhead) -> list[str]:
    mistakes = []
    if head.telephone and not _TELEPHONE.fullmatch(head.telephone):
        mistakes.append(f"telephone: {head.telephone} is no telephone number")
    if head.email and not _EMAIL.fullmatch(head.email):
        mistakes.append(f"email: {head.email} is no e-mail address")
    return mistakes


def _of_signers(head: Letterhead) -> list[str]:
    if not 1 <= len(head.signers) <= MOST_SIGNERS:
        return [f"signers: must be 1 to {MOST_SIGNERS}"]
    return [
        f"signer {place}: nip {one.nip} has not the 18 digits of a civil servant's number"
        for place, one in enumerate(head.signers, 1)
        if one.nip and not _NIP.fullmatch(one.nip)
    ]


def _is_picture_beside(name: str) -> bool:
    """Whether it is the name of a picture in the letterhead's own folder."""
    kinds = "|".join(LOGO_KINDS)
    return re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,99}}\.({kinds})", name) is not None
