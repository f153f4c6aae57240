"""What can go wrong at the database's door; each docstring or message is said to people."""

from agent.runtime import errors


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the message says why and what to do."""


class DatabaseUnreachable(DatabaseProblem, errors.EffectFailed):
    """The database did not answer in time: is PostgreSQL running, is DATABASE_URL right?"""


class DatabaseNewer(DatabaseProblem):
    """The database was migrated by a newer program than this one."""


class DatabaseOlder(DatabaseProblem):
    """The database lacks migrations that this program needs."""


class MigrationChanged(DatabaseProblem):
    """A migration that was applied is no longer what its file says."""


class RecordRefused(DatabaseProblem, errors.RecordRefused):
    """The database will never take this record, however often it is tried."""


class SopRevisionChanged(DatabaseProblem):
    """The procedure's file changed while its revision stayed the same."""


class OfficeFileChanged(DatabaseProblem):
    """A file of the office changed while its version stayed the same."""


class PromptChanged(DatabaseProblem):
    """Somebody else has written this prompt meanwhile."""


class OfficeDecisionStale(DatabaseProblem):
    """Somebody else decided meanwhile: what this is based on does not count any more."""


class TicketUnknown(DatabaseProblem):
    """There is no such ticket."""


class NumberUnknown(DatabaseProblem):
    """No call has this form number or ticket number."""


class OperatorUnknown(DatabaseProblem):
    """There is no such operator on duty."""


class AccountUnknown(DatabaseProblem):
    """There is no such account."""


class AccountInvalid(DatabaseProblem):
    """There cannot be such an account."""


class TokenUnknown(DatabaseProblem):
    """There is no such token."""


class DeviationUnknown(DatabaseProblem):
    """The call has no such deviation, or more than one is meant."""


class AnswerUnknown(DatabaseProblem):
    """There is no answer with this id, or it is retired."""


class AnswerChanged(DatabaseProblem):
    """Somebody else has written this answer meanwhile."""


class DatabaseInUse(DatabaseProblem):
    """The database holds calls of a real office, among which nothing may be made up."""
