"""What each event of a call says to people, in Indonesian; commands and pages show the same."""

from agent.domain.call_prompts import find
from agent.domain.call_state import Call
from agent.domain.events import (
    AnyEvent,
    ButtonPressed,
    CallAdopted,
    CallArrived,
    CallerAnswered,
    CaseHandedOver,
    CaseNotHandedOver,
    DetailShed,
    DigitPressed,
    EffectRefused,
    FieldFilled,
    FormArchived,
    FormFinished,
    HandedToExchange,
    LegConnected,
    LegHungUp,
    NobodyTookCall,
    NoticeHeard,
    OperatorAnswered,
    OperatorLegReady,
    OperatorOffered,
    OperatorRinging,
    OperatorSpoke,
    OperatorTookCall,
    PromptFinished,
    PromptStarted,
    StepMarked,
    SupervisionModeChanged,
    SupervisorCalled,
    SupervisorJoined,
    SupervisorLeft,
    TicketReserved,
    TimerFired,
    VoicemailLeft,
)
from agent.domain.identifiers import PlaybackId
from agent.domain.words import PLAYBACK_RESULTS, PROMPTS, SUPERVISION, WAYS, cause


def event_told(call: Call, event: AnyEvent) -> str:
    """One line for an event of this call."""
    match event:
        case CallArrived(caller=caller, form_number=form_number):
            return f"Telepon masuk dari {caller.shown}; konsultasi dibuka, formulir {form_number}"
        case CallAdopted(form_number=form_number):
            return f"Panggilan tanpa catatan dilanjutkan, formulir {form_number}"
        case HandedToExchange():
            return "Diteruskan ke sentral telepon karena layanan ini tidak berjalan"
        case NoticeHeard():
            return "Penelepon mendengar pemberitahuan rekaman sampai akhir"
        case OperatorTookCall(operator=operator):
            return f"Operator {operator} mengangkat telepon"
        case StepMarked(step=step):
            return f"Operator menekan *{step}"
        case NobodyTookCall():
            return "Tidak ada operator yang mengangkat; penelepon diberi tahu"
        case VoicemailLeft(recording=recording):
            return f"Penelepon meninggalkan pesan suara: {recording}"
        case CallerAnswered():
            return "Saluran penelepon dibuka untuk mendengar sambutan"
        case PromptStarted(playback=playback):
            return f"{_listener(call, playback)} mulai mendengar {_prompt(call, playback)}"
        case PromptFinished(playback=playback, result=result):
            known = find(call, playback)
            ended = known.how_it_ended(result) if known else result
            told = f"{_prompt(call, playback)}: {PLAYBACK_RESULTS[ended]}"
            return f"{_listener(call, playback)}, {told}"
        case OperatorOffered(operator=operator, name=name):
            return f"Ditawarkan kepada {name} ({operator})"
        case OperatorRinging(channel=channel):
            return f"Telepon {who(call, channel)} berdering"
        case OperatorAnswered(channel=channel):
            return f"{_named(call, channel)} mengangkat telepon; jam SOP mulai"
        case OperatorLegReady(channel=channel):
            return f"Saluran {who(call, channel)} siap disambungkan"
        case LegConnected(channel=channel):
            return f"{_named(call, channel)} masuk ke percakapan"
        case OperatorSpoke(channel=channel):
            return f"{_named(call, channel)} berbicara"
        case DigitPressed(channel=channel, digit=digit):
            return f"{_named(call, channel)} menekan {digit}"
        case ButtonPressed(step=step):
            return f"Operator menekan tombol *{step} pada halamannya"
        case LegHungUp(channel=channel, cause=code):
            return f"Saluran {who(call, channel)} berakhir: {cause(code)}"
        case TicketReserved(ticket_number=ticket_number):
            return f"Tiket {ticket_number} dibuat"
        case TimerFired(timer=timer):
            return f"Waktu {timer} habis"
        case EffectRefused(effect=effect, reason=reason):
            return f"{effect} ditolak: {reason or 'tanpa sebab'}"
        case FieldFilled(field=field, value=value, by=by):
            return f"{by} {'mengisi' if value else 'mengosongkan'} isian {field}"
        case FormFinished(by=by):
            return f"{by} menyatakan formulir selesai diisi"
        case CaseHandedOver(way=way):
            return f"Penerusan kasus diterima ({WAYS.get(way, way)})"
        case CaseNotHandedOver():
            return "Penerusan kasus tidak pernah diterima dan tidak dicoba lagi"
        case FormArchived(path=path, sha256=sha256):
            return f"Lembar konsultasi diarsipkan: {path} (SHA-256 {sha256[:16]}…)"
        case SupervisorCalled(supervisor=supervisor, name=name, mode=mode):
            return f"Supervisor {name} ({supervisor}) dihubungi untuk {SUPERVISION[mode]}"
        case SupervisorJoined(channel=channel):
            return f"{_named(call, channel)} mulai mendengar percakapan"
        case SupervisionModeChanged(supervisor=supervisor, mode=mode):
            return f"Supervisor {supervisor} beralih: {SUPERVISION[mode]}"
        case SupervisorLeft(channel=channel):
            return f"{_named(call, channel)} tidak lagi mendengar percakapan"
        case DetailShed(count=count):
            return f"{count} rincian tidak tersimpan karena basis data tidak dapat dihubungi"


def who(call: Call, channel: str) -> str:
    """Whose leg a channel is."""
    if channel == call.channel:
        return "penelepon"
    offer = next((offer for offer in call.offers if offer.channel == channel), None)
    if offer:
        return f"operator {offer.operator}"
    session = next((one for one in call.supervisions if one.channel == channel), None)
    return f"supervisor {session.supervisor}" if session else f"saluran {channel}"


def _named(call: Call, channel: str) -> str:
    return who(call, channel).capitalize()


def _listener(call: Call, playback: PlaybackId) -> str:
    known = find(call, playback)
    return _named(call, known.channel if known else playback)


def _prompt(call: Call, playback: PlaybackId) -> str:
    known = find(call, playback)
    name = known.prompt if known else playback
    return PROMPTS.get(name, name)
