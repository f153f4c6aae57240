"""The documents' tests use the same real databases as the database's own."""

from tests.database.conftest import server_url, template, url

__all__ = ["server_url", "template", "url"]
