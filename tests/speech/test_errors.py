import inspect

from agent.speech import errors


def test_every_error_of_the_room_says_in_its_docstring_what_happened() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) == 4
    for kind in kinds:
        assert issubclass(kind, Exception)
        assert kind.__doc__ and kind.__doc__.endswith(".")
