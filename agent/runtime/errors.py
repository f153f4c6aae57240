"""What can go wrong at any door, as the runtime sees it."""


class EffectFailed(Exception):
    """The outside refused a wish or did not answer in time; the domain decides what it means."""


class OperatorNotOnDuty(Exception):
    """There is no such operator on duty."""


class StandDown(Exception):
    """Another agent has taken over this office's calls: stop commanding at once."""


def stands_down(error: BaseException) -> bool:
    """Whether a StandDown is what went wrong, however deep in groups of tasks."""
    if isinstance(error, BaseExceptionGroup):
        return any(stands_down(inner) for inner in error.exceptions)
    return isinstance(error, StandDown)


class RecordRefused(Exception):
    """This record will never be taken, however often it is tried: it is wrong, not the database."""


class ReceiverAway(EffectFailed):
    """A receiver of messages cannot be reached or takes nothing from us: all others wait too."""


class MessageDeferred(EffectFailed):
    """A receiver does not take this message now: others may pass it."""


class MessageRefused(Exception):
    """A receiver will never take this message, however often it is tried."""


class ReceiverGone(MessageRefused):
    """A receiver says that he is no more."""
