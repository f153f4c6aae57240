"""How Asterisk 22.10.1 reads what an AGI peer sends it, as far as it matters to be safe."""

BUFFER = 8192
"""Its buffer for one line, closing zero included: what is longer is read as several commands."""
MOST_ARGUMENTS = 128
"""Its array of arguments, closing null pointer included."""


class AsteriskDies(Exception):
    """A real one writes past the end of its array here; one argument more and it is gone."""


def commands(sent: bytes) -> list[bytes]:
    """What Asterisk takes for one command each; all of a line after a NUL is unseen."""
    found = []
    while sent:
        line, _, _ = sent.partition(b"\n")
        piece = sent[: min(len(line) + 1, BUFFER - 1)]
        found.append(piece.removesuffix(b"\n").partition(b"\0")[0])
        sent = sent[len(piece) :]
    return found


def arguments(command: bytes) -> list[bytes]:
    """The arguments of one command. Raises AsteriskDies."""
    found: list[bytearray] = []
    quoted = escaped = False
    between = True
    for sign in command:
        character = bytes([sign])
        if character == b'"' and not escaped:
            quoted = not quoted
            if quoted and between:
                # The one place where a new argument is not counted against the array.
                found.append(bytearray())
                between = False
        elif character in b" \t" and not quoted and not escaped:
            between = True
        elif character == b"\\" and not escaped:
            escaped = True
        else:
            if between:
                if len(found) >= MOST_ARGUMENTS - 1:
                    continue
                found.append(bytearray())
                between = False
            found[-1] += character
            escaped = False
    if len(found) >= MOST_ARGUMENTS:
        raise AsteriskDies(f"{len(found)} arguments")
    return [bytes(argument) for argument in found]
