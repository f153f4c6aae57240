from agent.database.audio import voicemail_of
from agent.database.connect import Connection
from tests.database.agents import running_writer
from tests.database.stories import abandoned, in_turn, solved


async def test_a_message_is_found_by_the_calls_number_until_it_is_erased(
    url: str, connection: Connection
) -> None:
    async with running_writer(url) as writer:
        for one in in_turn([abandoned(4), solved(5)]):
            await writer.record(one)
    await connection.execute(
        'UPDATE calls SET state = state || \'{"voicemail_recording": "a.wav"}\' '
        "WHERE call_id = 'call-4'"
    )
    found = await voicemail_of(connection, "4/2026")
    assert found and (found.form_number, found.name) == (abandoned(4).form_number, "a.wav")
    assert await voicemail_of(connection, "5/2026") is None
    assert await voicemail_of(connection, "6/2026") is None
    await connection.execute(
        "INSERT INTO erasures (call_id, what, by, why) VALUES ('call-4', 'audio', 'x', 'test')"
    )
    assert await voicemail_of(connection, "4/2026") is None
