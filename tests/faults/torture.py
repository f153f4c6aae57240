"""SIP that is hard to read, or no SIP at all, of the kinds that RFC 4475 collects.

Most of it asks for a number that is none, so that what is understood leaves no call behind.
"""

import secrets

from tests.faults.stranger import Stranger

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
NOBODY = "000"
LARGEST_DATAGRAM = 65507


def hard_to_read(sender: Stranger) -> dict[str, bytes]:
    """Requests that the grammar allows, though no telephone would write them."""

    def changed(old: str, new: str, method: str = "OPTIONS") -> bytes:
        return sender.request(method, NOBODY).replace(old.encode(), new.encode(), 1)

    return {
        "folded and padded headers": changed("Max-Forwards: 70", "Max-Forwards   :\r\n\t 0070"),
        "short header names": changed("Call-ID:", "i:").replace(b"From:", b"f:"),
        "names in capitals and small letters": changed("From:", "fRoM:"),
        "escapes in the address": changed(f"sip:{NOBODY}", "sip:%6e%00%2d%3Bx"),
        "separators in the address": changed(f"sip:{NOBODY}", f"sip:{NOBODY};a=b;c:pass%3b;x=1"),
        "a scheme nobody knows": changed("OPTIONS sip:", "OPTIONS nobodyknows:"),
        "a method nobody knows": changed(
            "OPTIONS ", "!interesting-Method0123456789_*+`.%indeed'~ "
        ),
        "parameters without number": changed("<sip:", "<sip:x;" + "p=v;" * 500),
        "seventy hops": changed("Via:", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nVia:" * 70),
        "empty headers": changed("Max-Forwards: 70", "Max-Forwards: 70\r\nSupported:\r\nAllow: "),
        "a body of many parts": sender.request(
            "INVITE",
            NOBODY,
            more="Content-Type: multipart/mixed;boundary=x\r\n",
            body="--x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n\0\r\n--x--\r\n",
        ),
    }


def malformed(sender: Stranger, number: str) -> dict[str, bytes]:
    """What the grammar forbids, and plain nonsense; what is said of voices goes to `number`."""

    def changed(old: str, new: str, method: str = "INVITE") -> bytes:
        return sender.request(method, NOBODY).replace(old.encode(), new.encode(), 1)

    def described(lines: str) -> bytes:
        return sender.request(
            "INVITE", number, more="Content-Type: application/sdp\r\n", body=SDP + lines
        )

    return {
        "nothing": b"",
        "zeros": bytes(2000),
        "noise": secrets.token_bytes(1400),
        "the largest datagram": b"INVITE " + b"A" * (LARGEST_DATAGRAM - 7),
        "a line without an end": b"INVITE sip:" + b"9" * 8000,
        "no headers": f"INVITE sip:{NOBODY}@{sender.server} SIP/2.0\r\n\r\n".encode(),
        "two thousand headers": changed("Max-Forwards", "X: y\r\n" * 2000 + "Max-Forwards"),
        "a body that is shorter than told": changed("Length: 0", "Length: 9999"),
        "a negative length": changed("Length: 0", "Length: -999"),
        "a length beyond all numbers": changed("Length: 0", f"Length: {10**40}"),
        "a sequence beyond all numbers": changed("CSeq: 1", "CSeq: 36893488147419103232"),
        "a sequence of another method": changed("CSeq: 1 INVITE", "CSeq: 1 NEWMETHOD"),
        "hops beyond all numbers": changed("Forwards: 70", f"Forwards: {2**32 + 1}"),
        "an expiry beyond all numbers": sender.request(
            "REGISTER", more=f"Expires: {10**25}\r\nMin-Expires: -1\r\n"
        ),
        "a name without its second quote": changed("From: <", 'From: "Bell, Alexander <'),
        "an address without its bracket": changed(">;tag", ";tag"),
        "spaces in the address": changed(f"sip:{NOBODY}", f"sip:{NOBODY}; lr "),
        "brackets around the address": changed(f"sip:{NOBODY}@", f"<sip:{NOBODY}@"),
        "a version of the future": changed(" SIP/2.0", " SIP/7.0"),
        "no version": changed(" SIP/2.0", ""),
        "two callers": changed("To:", "From: <sip:other@127.0.0.9>;tag=2\r\nTo:"),
        "two lengths": changed("Content-Length: 0", "Content-Length: 5\r\nContent-Length: 0"),
        "no Via": changed("Via:", "Nil:"),
        "a Via without a place": changed(f"UDP {sender.here}", "UDP ;;,;,,"),
        "a Via to a port that is none": changed(sender.here, f"{sender.address}:99999999"),
        "a date of no calendar": changed("Max", "Date: Fri, 99 Foo 2026 25:61:61 EST\r\nMax"),
        "a proof of no scheme": changed("Max", "Authorization: NoOne opaque-data=1\r\nMax"),
        "a proof without words": changed("Max", 'Authorization: Digest username="\r\nMax'),
        "a form that cannot be told": changed("Max", "Content-Type: /;;=\r\nMax"),
        "an answer to nobody": b"SIP/2.0 200 OK\r\n\r\n",
        "an answer with a status beyond all numbers": sender.request("OPTIONS").replace(
            b"OPTIONS sip:1500@" + sender.server.encode() + b" SIP/2.0", b"SIP/2.0 4294967301 x", 1
        ),
        "control characters in the number": changed(f"sip:{NOBODY}", "sip:\x01\x7f\x1b[2J"),
        "a name that is not UTF-8": sender.request("INVITE", NOBODY).replace(
            b"From: <", b'From: "\xff\xfe\xc3" <', 1
        ),
        "a thousand voices that nobody hears": described("m=audio 4000 RTP/AVP 18\r\n" * 1000),
        "a voice at a port that is none": described("m=audio -1 RTP/AVP 8\r\n"),
        "a voice without form": described("m=audio 99999999999 RTP/AVP " + "8 " * 500 + "\r\n"),
        "a picture and no voice": described("m=video 4000 RTP/AVP 31\r\na=rtpmap:31\r\n"),
        "a description of nothing": described("\0" * 100),
        "a description of one line": sender.request(
            "INVITE", number, more="Content-Type: application/sdp\r\n", body="v" * 4000
        ),
        "a replacement of no call": changed("Max", "Replaces: x;to-tag=y;from-tag=z\r\nMax"),
        "a reason for nothing": changed("Max", "Reason: Q.850;cause=99999999999\r\nMax", "BYE"),
        "keys of no call": sender.request(
            "INFO", more="Content-Type: application/dtmf-relay\r\n", body="Signal=*\r\nDuration=-1"
        ),
    }
