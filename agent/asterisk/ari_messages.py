"""ARI's events as they come over the wire: only the kinds and fields that are used."""

import msgspec


class CallerId(msgspec.Struct, frozen=True):
    """Who Asterisk says is calling."""

    name: str = ""
    number: str = ""


class Dialplan(msgspec.Struct, frozen=True):
    """Where in the dialplan a channel is."""

    exten: str = ""


class Channel(msgspec.Struct, frozen=True):
    """A leg."""

    id: str
    state: str
    creationtime: str
    caller: CallerId
    dialplan: Dialplan
    channelvars: dict[str, str] = {}


class PlaybackInfo(msgspec.Struct, frozen=True):
    """A prompt on a leg."""

    id: str
    state: str


class Message(msgspec.Struct, frozen=True, tag_field="type"):
    """Any event; the timestamp is Asterisk's own."""

    timestamp: str


class StasisStart(Message, frozen=True, tag=True):
    """A channel entered our application."""

    channel: Channel
    args: list[str]


class ChannelStateChange(Message, frozen=True, tag=True):
    """Ringing, Up and so on."""

    channel: Channel


class ChannelHangupRequest(Message, frozen=True, tag=True):
    """Somebody hung up; a `soft` one's cause is Asterisk's own flag and no Q.850 cause."""

    channel: Channel
    cause: int = 0
    soft: bool = False


class ChannelDestroyed(Message, frozen=True, tag=True):
    """A channel is gone, with its Q.850 cause."""

    channel: Channel
    cause: int = 0


class ChannelEnteredBridge(Message, frozen=True, tag=True):
    """A leg joined the conversation."""

    channel: Channel


class ChannelDtmfReceived(Message, frozen=True, tag=True):
    """A key was pressed and let go."""

    channel: Channel
    digit: str


class ChannelTalkingStarted(Message, frozen=True, tag=True):
    """Speech was detected on a leg."""

    channel: Channel


class PlaybackStarted(Message, frozen=True, tag=True):
    """A prompt began."""

    playback: PlaybackInfo


class PlaybackFinished(Message, frozen=True, tag=True):
    """A prompt ended: its state says how."""

    playback: PlaybackInfo


class ChannelUserevent(Message, frozen=True, tag=True):
    """An event that somebody sent to our application; our own echo among them."""

    eventname: str


class ApplicationReplaced(Message, frozen=True, tag=True):
    """Another program has taken our application's place; this socket stays silent from now on."""

    application: str


AnyMessage = (
    StasisStart
    | ChannelStateChange
    | ChannelHangupRequest
    | ChannelDestroyed
    | ChannelEnteredBridge
    | ChannelDtmfReceived
    | ChannelTalkingStarted
    | PlaybackStarted
    | PlaybackFinished
    | ChannelUserevent
    | ApplicationReplaced
)


class _Envelope(msgspec.Struct):
    type: str


class MessageUnknown(ValueError):
    """Asterisk sent a kind of event that is not used here."""


class MessageMalformed(ValueError):
    """What came is not an event."""


_KINDS = frozenset(kind.__name__ for kind in AnyMessage.__args__)
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)

USED_KINDS = sorted(_KINDS)
"""For Asterisk's event filter, which holds back ApplicationReplaced too when it is not named."""


def parse_message(text: bytes | str) -> AnyMessage:
    """One event. Raises MessageUnknown, MessageMalformed; never anything else."""
    try:
        kind = _decode_envelope(text).type
        if kind not in _KINDS:
            raise MessageUnknown(kind)
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageMalformed(str(error)) from error
