"""The archive's store as the office's settings choose it."""

from agent.documents.archive_store import ArchiveStore, FolderStore
from agent.documents.object_store import ObjectStore
from agent.settings import Settings


def chosen_store(settings: Settings) -> ArchiveStore:
    """The folder, or the bucket where one is set. Raises SettingsInvalid."""
    if settings.archive_store is None:
        return FolderStore(settings.state_folder / "archive")
    return ObjectStore(
        settings.archive_store,
        settings.archive_s3_endpoint,
        settings.archive_s3_region,
        *settings.archive_s3_keys(),
    )
