"""Where a number stands in a picture: from nothing to a round number above the largest."""

from collections.abc import Iterable
from math import ceil, floor, log10

import msgspec

TICKS = 5


class Scale(msgspec.Struct, frozen=True):
    """From zero at `start` to `top` at `end`, both places in the picture."""

    top: float
    start: float
    end: float
    step: float

    def place(self, value: float) -> float:
        """Where this value stands; what lies beyond the ends stands at the end."""
        share = min(1.0, max(0.0, value / self.top))
        return self.start + (self.end - self.start) * share

    @property
    def ticks(self) -> tuple[float, ...]:
        """The round numbers of the axis, zero first."""
        return tuple(self.step * count for count in range(round(self.top / self.step) + 1))


def scale_of(
    values: Iterable[float | None], start: float, end: float, *, whole: bool = False
) -> Scale:
    """A scale with room for all of them; `whole` where only whole numbers can be."""
    largest = max((value for value in values if value is not None), default=0.0)
    if largest <= 0:
        return Scale(1.0, start, end, 1.0)
    rough = largest / TICKS
    power = 10.0 ** floor(log10(rough))
    step = power * next(round_ for round_ in (1, 2, 2.5, 5, 10) if rough <= power * round_ * 1.0001)
    if whole:
        step = max(1.0, ceil(step))
    return Scale(step * ceil(largest / step - 1e-9), start, end, step)
