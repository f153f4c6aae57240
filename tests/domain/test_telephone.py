import pytest

from agent.domain.telephone import parse_telephone, render_e164, render_national, render_shown


@pytest.mark.parametrize(
    ("text", "e164", "shown"),
    [
        ("0811234567", "+62811234567", "+62 811-234-567"),
        ("62811591999", "+62811591999", "+62 811-591-999"),
        ("+62 811-591-999", "+62811591999", "+62 811-591-999"),
        ("(0285) 391.234", "+62285391234", "+62 285 391234"),
        ("1500200", "+621500200", "+62 1 500 200"),
        ("+1 202 555 0143", "+12025550143", "+1 202-555-0143"),
    ],
)
def test_a_telephone_number_is_understood_as_people_and_trunks_write_it(
    text: str, e164: str, shown: str
) -> None:
    number = parse_telephone(text)
    assert number is not None
    assert render_e164(number) == e164
    assert render_shown(number) == shown
    assert parse_telephone(e164) == number


@pytest.mark.parametrize(
    "text", ["", "144", "0811", "+", "abc", "08x11234567", "٠٨١١٢٣٤٥٦٧", "9" * 25]
)
def test_what_is_nobodys_telephone_is_none(text: str) -> None:
    assert parse_telephone(text) is None


def test_a_number_of_the_country_is_shown_as_it_is_dialled_there() -> None:
    def shown(text: str) -> str:
        number = parse_telephone(text)
        assert number
        return render_national(number)

    assert shown("+6281234567890") == "0812-3456-7890"
    assert shown("+1 202 555 0143") == "+1 202-555-0143"
