"""What a call's record can spare when there is no room for all of it.

The list of a call's events is the truth. Where not all can be kept, those are given up first on
which no step, clock, outcome or later decision depends: that a telephone really rang, that a prompt
began, and that a prompt of the operator's alone (a tone) ended.
"""

from msgspec.structs import replace

from agent.domain.call_state import Call, Decision, Playback


def is_detail(before: Call, decision: Decision) -> bool:
    """Whether a decision wished for nothing and changed nothing on which anything depends."""
    return not decision.effects and _essence(decision.call) == _essence(before)


def _essence(call: Call) -> Call:
    return replace(
        call,
        events=0,
        playbacks=tuple(_essential(call, playback) for playback in call.playbacks),
        offers=tuple(replace(offer, ringing=None) for offer in call.offers),
    )


def _essential(call: Call, playback: Playback) -> Playback:
    if playback.prompt == "recording_notice":
        return playback  # its beginning is a clock of the SOP, its end a proof
    if playback.prompt == "numbers" or playback.channel == call.channel:
        return replace(playback, started=None)
    return replace(playback, started=None, finished=None, result=None)
