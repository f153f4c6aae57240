"""Distinct types for things that must never be taken for one another."""

from typing import NewType

CallId = NewType("CallId", str)
ChannelId = NewType("ChannelId", str)
BridgeId = NewType("BridgeId", str)
PlaybackId = NewType("PlaybackId", str)
OperatorId = NewType("OperatorId", str)
"""An operator's account, which is also the name of his telephone's SIP account."""


def bridge_of(call_id: CallId) -> BridgeId:
    """The one bridge of a call; chosen beforehand so that a repeated create is recognised."""
    return BridgeId(f"lpse-{call_id}")


def operator_channel(call_id: CallId, offer: int) -> ChannelId:
    """The operator's leg of the call's n-th offer (1, 2, ...)."""
    return ChannelId(f"lpse-{call_id}-o{offer}")


def supervisor_channel(call_id: CallId, session: int) -> ChannelId:
    """The leg of whoever supervises the call, in its n-th session (1, 2, ...)."""
    return ChannelId(f"lpse-{call_id}-s{session}")


def supervisors_bridge(call_id: CallId, session: int) -> BridgeId:
    """Where the supervisor hears without being in the conversation; named as his leg is.

    What is commanded about both is done in one order for their one name.
    """
    return BridgeId(supervisor_channel(call_id, session))


def listening_channel(call_id: CallId, count: int) -> ChannelId:
    """The n-th ear on an operator's leg (1, 2, ...); each mode of a session gets one of its own."""
    return ChannelId(f"lpse-{call_id}-l{count}")


def playback_of(call_id: CallId, count: int) -> PlaybackId:
    """The call's n-th playback (1, 2, ...)."""
    return PlaybackId(f"lpse-{call_id}-p{count}")
