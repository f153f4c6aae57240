"""The consultation as a document for the archive; no decision about a call may enter."""
