"""What can go wrong with a receiver of messages: whose fault, and whether waiting can mend it.

Their words go into the record and the log, so they hold no address and nothing that a receiver
said beyond a status.
"""

from agent.runtime import errors


class ReceiverUnreachable(errors.ReceiverAway):
    """The receiver does not answer: does it run, is its address in the settings right?"""


class ReceiverRefusesUs(errors.ReceiverAway):
    """The receiver takes nothing from us: are account, secret and address in the settings right?"""


class TryLater(errors.MessageDeferred):
    """The receiver does not take this message at the moment."""


class MessageUnfit(errors.MessageRefused):
    """The receiver, or the message itself, says that it can never be taken."""


class ReceiverGone(MessageUnfit, errors.ReceiverGone):
    """The receiver says that there is nobody at this address any more."""


class MessageFileInvalid(Exception):
    """The file of texts cannot be used; the words name the place."""
