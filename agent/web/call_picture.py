"""One call as a picture: who was connected when, what was heard, each step against its limit.

Everything leads to the event that proves it, in the list below the picture (#event-7). The steps'
bars are as long as their share of the limit, for limits differ sixtyfold and the last step is met
long after the call; where a limit is exceeded, a pattern and a sign say so beside the colour.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from agent.database.reports import CallReport
from agent.domain.call_state import Moment, Offer, Playback
from agent.domain.consultation import Deviation, StepRecord
from agent.web.charts.drawing import Drawing, Shown, Words, series_class
from agent.web.charts.scale import Scale, scale_of

LEFT, WIDTH, LANE, GAP, TOP = 170.0, 960.0, 30.0, 14.0, 26.0
WAITED, TALKED, HEARD, EXCEEDED = 3, 0, 4, 1
"""Series of the charts, each with a pattern: in queue or ringing, connected, a prompt, late."""
LIMIT_AT = 0.6
"""Where a step's limit stands between the ends of its row."""
SMALLEST = 3.0

Say = Callable[[str], str]
"""The words of a key in the reader's language."""


def call_picture(report: CallReport, words: Words, say: Say, shown: Shown) -> str:
    """The picture of a call as markup; `shown` writes seconds. A living call ends where it is."""
    return _Picture(report, words, say, shown).markup()


class _Picture:
    def __init__(self, report: CallReport, words: Words, say: Say, shown: Shown) -> None:
        self._report, self._call = report, report.call
        self._say, self._shown = say, shown
        steps = [step for step in report.steps if step.state != "not_applicable"]
        lanes = 1 + len(self._call.offers) + self._has_prompts
        height = TOP + LANE * lanes + GAP + 18 + TOP + LANE * len(steps) + 30
        self._drawing = Drawing(words, WIDTH, height, role="group")
        self._drawing.patterns(5)
        self._end = self._last()
        length = max(1.0, self._seconds(self._end))
        self._scale = scale_of([length], LEFT, WIDTH - 20)
        self._y = TOP
        self._axis(lanes)
        self._caller_lane()
        for offer in self._call.offers:
            self._operator_lane(offer)
        if self._has_prompts:
            self._prompts_lane()
        self._y += GAP + 18 + TOP
        self._limit_line(len(steps))
        for step in steps:
            self._step(step)
        self._legend()

    def markup(self) -> str:
        return self._drawing.markup()

    @property
    def _has_prompts(self) -> bool:
        return any(playback.started for playback in self._call.playbacks)

    def _last(self) -> datetime:
        ended = self._call.ended
        gone = [offer.ended.at for offer in self._call.offers if offer.ended]
        return max([ended.at if ended else self._call.last_known, *gone])

    def _seconds(self, at: datetime) -> float:
        return max(0.0, (at - self._call.arrived.at).total_seconds())

    def _x(self, at: datetime) -> float:
        return self._scale.place(self._seconds(at))

    def _axis(self, lanes: int) -> None:
        foot = TOP + LANE * lanes
        for tick in self._scale.ticks:
            x = self._scale.place(tick)
            self._drawing.add("line", kind="chart-line", x1=x, x2=x, y1=TOP - 6, y2=foot)
            self._drawing.label(x, foot + 16, self._shown(tick), "chart-tick", "middle")

    def _lane(self, name: str) -> float:
        """A new lane; answers the height of its bars' upper edge."""
        self._drawing.label(LEFT - 12, self._y + LANE / 2 + 4, name, anchor="end")
        self._y += LANE
        return self._y - LANE + 5

    def _bar(self, y: float, series: int, name: str, began: Moment, ended: Moment | None) -> None:
        """From one moment to another; it leads to the event that began it."""
        end_at = ended.at if ended else self._end
        first, last = self._x(began.at), self._x(end_at)
        told = self._shown((end_at - began.at).total_seconds())
        with self._drawing.link(f"event-{began.event}", f"{name}: {told} (#{began.event})"):
            self._drawing.add(
                "rect",
                kind=f"chart-bar {series_class(series)}",
                x=first,
                y=y,
                width=max(SMALLEST, last - first),
                height=LANE - 10,
                fill=self._drawing.fill(series),
            )

    def _caller_lane(self) -> None:
        call, say = self._call, self._say
        y = self._lane(say("picture.caller"))
        gone = call.caller_gone or call.ended
        connected = call.caller_connected
        if call.queued:
            self._bar(y, HEARD, say("picture.welcomed"), call.arrived, call.queued)
            self._bar(y, WAITED, say("picture.waited"), call.queued, connected or gone)
        else:
            self._bar(y, HEARD, say("picture.welcomed"), call.arrived, connected or gone)
        if connected:
            self._bar(y, TALKED, say("picture.talked"), connected, gone)

    def _operator_lane(self, offer: Offer) -> None:
        say = self._say
        y = self._lane(f"{say('picture.operator')} {offer.operator}")
        rang = offer.ringing or offer.offered
        self._bar(y, WAITED, say("picture.rang"), rang, offer.answered or offer.ended)
        if offer.connected:
            self._bar(y, TALKED, say("picture.talked"), offer.connected, offer.ended)
        if offer.ended and not offer.connected:
            self._sign(self._x(offer.ended.at) + 4, y, "✕", offer.ended, say("picture.not_taken"))

    def _prompts_lane(self) -> None:
        y = self._lane(self._say("picture.prompts"))
        for playback in self._call.playbacks:
            if playback.started:
                self._prompt(y, playback, playback.started)

    def _prompt(self, y: float, playback: Playback, started: Moment) -> None:
        listener = "caller" if playback.channel == self._call.channel else "operator"
        name = (
            f"{self._say(f'record.prompts.{playback.prompt}')} · {self._say(f'picture.{listener}')}"
        )
        self._bar(y, HEARD, name, started, playback.finished)
        if playback.finished and not playback.heard:
            told = self._say("picture.not_heard")
            self._sign(self._x(playback.finished.at), y, "✕", playback.finished, f"{name}: {told}")

    def _limit_line(self, steps: int) -> None:
        x = LEFT + (WIDTH - 20 - LEFT) * LIMIT_AT
        foot = self._y + LANE * steps
        self._drawing.label(x + 4, self._y - 8, self._say("picture.limit"), "chart-limit-name")
        self._drawing.add(
            "line", kind="chart-limit", x1=x, x2=x, y1=self._y - 14, y2=foot, stroke_dasharray="6 4"
        )

    def _step(self, step: StepRecord) -> None:
        y = self._lane(f"{self._say('picture.step')} {step.step}")
        own = [d for d in self._report.deviations if d.step == step.step]
        limit = step.limit_s
        seconds = self._taken(step, own)
        text = self._text(step, seconds)
        x = LEFT
        if limit and seconds is not None:
            scale = Scale(limit / LIMIT_AT, LEFT, WIDTH - 20, limit)
            x = self._measured(y, step, min(seconds, limit), scale, text)
            if seconds > limit:
                x = self._exceeded(y, step, seconds, scale)
        self._drawing.label(x + 8, y + 14, text, "chart-tick")
        for place, deviation in enumerate(own):
            self._deviation(y, WIDTH - 24 - 22 * place, deviation)

    def _taken(self, step: StepRecord, own: list[Deviation]) -> float | None:
        """Seconds to its proof; where there is none, what its deviation has measured."""
        if step.seconds is not None:
            return step.seconds
        return next((d.measured_s for d in own if d.measured_s is not None), None)

    def _text(self, step: StepRecord, seconds: float | None) -> str:
        state = self._say(f"record.states.{step.state}")
        told = [self._shown(seconds)] if seconds is not None else []
        if step.limit_s:
            told.append(f"{self._say('picture.of')} {self._shown(step.limit_s)}")
        sign = "✓" if step.state == "met" else "…" if step.state == "running" else "✕"
        return f"{sign} {' '.join(told) or state}"

    def _measured(
        self, y: float, step: StepRecord, within: float, scale: Scale, text: str
    ) -> float:
        x = scale.place(within)
        with self._proof(step, f"{step.activity}: {text}"):
            self._drawing.add(
                "rect",
                kind="chart-bar chart-1",
                x=LEFT,
                y=y,
                width=max(SMALLEST, x - LEFT),
                height=LANE - 10,
                fill=self._drawing.fill(TALKED),
            )
        return x

    def _exceeded(self, y: float, step: StepRecord, seconds: float, scale: Scale) -> float:
        assert step.limit_s is not None
        first, last = scale.place(step.limit_s), min(scale.place(seconds), WIDTH - 240)
        over = f"▲ +{self._shown(seconds - step.limit_s)}"
        with self._proof(step, f"{step.activity}: {over}"):
            self._drawing.add(
                "rect",
                kind="chart-bar chart-exceeded chart-2",
                x=first,
                y=y,
                width=max(SMALLEST, last - first),
                height=LANE - 10,
                fill=self._drawing.fill(EXCEEDED),
            )
            self._drawing.label(last + 6, y + 14, over, "chart-over")
        return last + 6 + 7.2 * len(over)

    def _proof(self, step: StepRecord, tip: str) -> AbstractContextManager[None]:
        """A link to the last proof of a step, which met it."""
        event = step.evidence[-1].event if step.evidence else 1
        return self._drawing.link(f"event-{event}", f"{tip} (#{event})")

    def _deviation(self, y: float, x: float, deviation: Deviation) -> None:
        kind = self._say(f"record.deviation_kinds.{deviation.kind}")
        reason = self._say(f"record.reasons.{deviation.reason}")
        with self._drawing.link(
            f"deviation-{deviation.kind}-{deviation.step}", f"{kind}: {reason}"
        ):
            sign = "▲" if deviation.kind == "time" else "✕"
            self._drawing.add(
                "circle", kind=f"chart-deviation chart-{deviation.kind}", cx=x, cy=y + 10, r=9
            )
            self._drawing.label(x, y + 14, sign, "chart-deviation-sign", "middle")

    def _sign(self, x: float, y: float, sign: str, proof: Moment, tip: str) -> None:
        with self._drawing.link(f"event-{proof.event}", f"{tip} (#{proof.event})"):
            self._drawing.label(min(x, WIDTH - 14), y + 14, sign, "chart-over")

    def _legend(self) -> None:
        x, y = LEFT, self._drawing.height - 8
        for name, place in (
            ("talked", TALKED),
            ("waited", WAITED),
            ("heard", HEARD),
            ("exceeded", EXCEEDED),
        ):
            self._drawing.add(
                "rect",
                kind=f"chart-patch {series_class(place)}",
                x=x,
                y=y - 10,
                width=14,
                height=12,
                fill=self._drawing.fill(place),
            )
            told = self._say(f"picture.{name}")
            self._drawing.label(x + 20, y, told)
            x += 40 + 6.4 * len(told)
