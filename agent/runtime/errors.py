"""What can go wrong at any door, as the runtime sees it."""


class EffectFailed(Exception):
    """The outside refused a wish or did not answer in time; the domain decides what it means."""


class StandDown(Exception):
    """Another agent has taken over this office's calls: stop commanding at once."""


class RecordRefused(Exception):
    """This record will never be taken, however often it is tried: it is wrong, not the database."""
