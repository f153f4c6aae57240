"""The documents' tests use the same real databases as the database's own."""
