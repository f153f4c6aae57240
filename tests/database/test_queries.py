"""Every named query is understood by a real database with the migrated schema."""

import asyncpg

from agent.database.connect import Connection
from agent.database.queries import all_queries


async def test_every_query_can_be_prepared(connection: Connection) -> None:
    refused = {}
    for query in all_queries().values():
        try:
            await connection.prepare(query.sql)
        except asyncpg.PostgresError as error:
            refused[query.name] = str(error)
    assert refused == {}
    assert len(all_queries()) > 10


def test_every_query_says_what_it_is_for() -> None:
    purposes = [query.purpose for query in all_queries().values()]
    assert all(purpose.endswith(".") for purpose in purposes)
    assert len(set(purposes)) == len(purposes)
