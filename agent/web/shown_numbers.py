"""Numbers as the reader's language writes them: 1.234,5 in Indonesian, 1,234.5 in English."""

from agent.catalogue import Words

NONE = "–"


class Numbers:
    """Writes numbers for one reader."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def count(self, value: float) -> str:
        """A count; one that is no whole number to a tenth."""
        text = f"{value:,.1f}" if round(value, 1) % 1 else f"{value:,.0f}"
        if self._words.language == "en":
            return text
        return text.translate(str.maketrans(",.", ".,"))

    def seconds(self, value: float | None) -> str:
        """A duration to a tenth of a second."""
        if value is None:
            return NONE
        return self._words("statistics.seconds", value=self.count(value))

    def share(self, value: float | None) -> str:
        """A share in hundredths."""
        return NONE if value is None else f"{self.count(value * 100)}%"
