"""AGI's command lines, made so strictly that nobody's text is ever more than one argument.

Asterisk 22.10.1 dies of a command with 128 quoted arguments (it counts the unquoted ones only),
and takes what follows a line feed, or the 8,191st byte of a line, for the next command.
"""

from agent.asterisk.errors import AgiArgumentRefused

MOST_ARGUMENTS = 32
LONGEST_ARGUMENT = 1_000
"""Bytes of UTF-8, before quotes and backslashes are escaped."""
LONGEST_LINE = 8_000
"""Bytes, with the line feed."""


def encode_command(*arguments: str) -> bytes:
    """One line for Asterisk, every argument in quotes; the command's own words are arguments too.

    Raises AgiArgumentRefused when there are none or more than MOST_ARGUMENTS, when one holds a
    character that cannot be printed (controls, line ends, NUL, direction marks, surrogates) or is
    longer than LONGEST_ARGUMENT, or when the line would be longer than LONGEST_LINE.
    """
    if not 0 < len(arguments) <= MOST_ARGUMENTS:
        raise AgiArgumentRefused(f"{len(arguments)} arguments")
    line = b" ".join(_quoted(place, text) for place, text in enumerate(arguments, 1)) + b"\n"
    if len(line) > LONGEST_LINE:
        raise AgiArgumentRefused(f"a line of {len(line)} bytes")
    return line


def _quoted(place: int, text: str) -> bytes:
    if not text.isprintable():
        raise AgiArgumentRefused(f"argument {place} holds a character that cannot be printed")
    plain = text.encode()
    if len(plain) > LONGEST_ARGUMENT:
        raise AgiArgumentRefused(f"argument {place} has {len(plain)} bytes")
    return b'"' + plain.replace(b"\\", rb"\\").replace(b'"', rb"\"") + b'"'
