"""Which encoding? Decided by trial decode over *all* bytes, never by a guess on the first kilobytes.

Byte order marks first, then UTF-16 without one (where the NUL bytes stand), ISO-2022-JP (its escape sequences), UTF-8,
CP932 and EUC-JP. Where both CP932 and EUC-JP accept every byte (EUC-JP hiragana is CP932 half-width kana), the kana decide.
A byte that fits nowhere is marked by a lone surrogate U+DC00+byte, so that the reader can name its record, line and cell.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from recommended_datasets.table import ReadError

BROKEN = re.compile("[\udc00-\udcff]+")
"""What a broken byte looks like in decoded text; valid text never holds a lone surrogate."""

BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
CODECS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "cp932": "cp932", "euc_jp": "euc_jp"}
ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\(I|\$\([DOQ])")

# CPython decodes these single bytes in cp932 although Microsoft's code page 932 leaves them undefined.
_HOLES = "\x80\uf8f0\uf8f1\uf8f2\uf8f3"
_CP932_HOLES = str.maketrans(_HOLES, "\udc80\udca0\udcfd\udcfe\udcff")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_WRONG_VOICING = re.compile("(?:^|[^\uff73\uff76-\uff84\uff8a-\uff8e])\uff9e|(?:^|[^\uff8a-\uff8e])\uff9f")
_FULL_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_WIDE = re.compile("[\u3000-\u9fff\uff01-\uff60\uf900-\ufaff\ue000-\uf8ff]")
_LIKELY = re.compile("[\t\r\n \u0020-\u00ff\u2010-\u9fff\uff00-\uffef]")
UTF8_MANY = re.compile("[\u0800-\ud7ff\ue000-\uffff]")


@dataclass(frozen=True, slots=True)
class Detection:
    """`encoding` is utf-8, utf-8-sig, cp932, euc_jp, utf-16 or iso2022_jp; `broken` counts the places that do not decode."""

    encoding: str
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Decoded:
    """The whole text, without its byte order mark; broken bytes are lone surrogates (see `BROKEN`)."""

    text: str
    detection: Detection
    mixed: tuple[tuple[int, str], ...] = ()
    """(physical line, encoding) where a run of lines in another encoding begins: files that were joined."""


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 | byte) for byte in error.object[error.start : error.end]), error.end


def _mark_broken_euc(error: UnicodeError) -> tuple[str, int]:
    """NEC row 13 and IBM letters (①, ㈱, 髙), which Python's euc_jp leaves out, are read by way of CP932."""
    if isinstance(error, UnicodeDecodeError):
        pair = error.object[error.start : error.start + 2]
        if len(pair) == 2 and all(0xA1 <= byte <= 0xFE for byte in pair):
            try:
                return _jis_pair(pair[0] & 0x7F, pair[1] & 0x7F).decode("cp932"), error.start + 2
            except UnicodeDecodeError:
                pass
    return _mark_broken(error)


codecs.register_error("recommended-datasets-broken", _mark_broken)
codecs.register_error("recommended-datasets-broken-euc", _mark_broken_euc)


def _jis_pair(high: int, low: int) -> bytes:
    """JIS X 0208 row and cell (each 0x21–0x7E) as the two bytes of Shift_JIS."""
    lead = ((high - 0x21) >> 1) + (0x81 if high < 0x5F else 0xC1)
    trail = low + (0x1F if low < 0x60 else 0x20) if high & 1 else low + 0x7E
    return bytes((lead, trail))


def detect_encoding(data: bytes) -> Detection:
    """The encoding of these bytes. Raises `ReadError` ``unknown-encoding`` where no Japanese encoding fits."""
    return decode(data).detection


def decode(data: bytes) -> Decoded:
    """The text of these bytes and how it was found. Raises `ReadError` ``unknown-encoding``."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise ReadError("unknown-encoding", guess="UTF-32")
    for bom, encoding in BOMS:
        if data.startswith(bom):
            codec = "utf-8" if encoding == "utf-8-sig" else ("utf-16-le" if bom == b"\xff\xfe" else "utf-16-be")
            return _decoded(data[len(bom) :].decode(codec, "recommended-datasets-broken"), encoding)
    wide = utf16_without_bom(data)
    if wide:
        return _decoded(data.decode(wide, "recommended-datasets-broken"), "utf-16")
    if data.isascii():
        if ESCAPES.search(data):
            return _iso2022_jp(data)
        return Decoded(data.decode("ascii"), Detection("utf-8"))
    return _eight_bit(data)


def _decoded(text: str, encoding: str) -> Decoded:
    broken = 0 if text.isascii() else len(BROKEN.findall(text))
    return Decoded(text, Detection(encoding, broken))


def broken_bytes(text: str) -> int:
    """How many bytes of this text did not decode."""
    return sum(map(len, BROKEN.findall(text)))


def strict(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding == "cp932" and any(hole in text for hole in _HOLES):
        return None
    return text


def tolerant(data: bytes, encoding: str) -> str:
    text = data.decode(encoding, "surrogateescape")  # marks as `BROKEN` says, and much faster than a handler of our own
    if encoding == "euc_jp" and broken_bytes(text) * 2 < len(text):
        return data.decode("euc_jp", "recommended-datasets-broken-euc")
    return text.translate(_CP932_HOLES) if encoding == "cp932" else text


def _eight_bit(data: bytes) -> Decoded:
    text = strict(data, "utf-8")
    if text is not None:
        if not UTF8_MANY.search(text) and _half_kana_words(data, text):
            return Decoded(data.decode("cp932"), Detection("cp932"))
        return Decoded(text, Detection("utf-8"))
    cp932, euc = strict(data, "cp932"), strict(data, "euc_jp")
    # Marking every byte of a CP932 file as broken takes seconds per MB; counting what is left without them does not.
    whole = data.decode("utf-8", "ignore")
    utf8_broken = len(data) - len(whole.encode())
    # In CP932 or EUC-JP text hardly any three bytes in a row are valid UTF-8; in UTF-8 with a broken byte nearly all are.
    mostly_utf8 = len(UTF8_MANY.findall(whole)) >= utf8_broken
    if mostly_utf8 or (cp932 is None and euc is None):
        mixed = _line_by_line(data)
        if mixed:
            return mixed
    if mostly_utf8:
        return _decoded(tolerant(data, "utf-8"), "utf-8")
    if cp932 is not None and euc is not None:
        return Decoded(euc, Detection("euc_jp")) if is_euc_jp(cp932, euc) else Decoded(cp932, Detection("cp932"))
    if cp932 is not None:
        return Decoded(cp932, Detection("cp932"))
    if euc is not None:
        return Decoded(euc, Detection("euc_jp"))
    return _least_broken(data, tolerant(data, "utf-8"))


def _half_kana_words(data: bytes, utf8: str) -> bool:
    """Valid UTF-8 of two-byte letters only, mostly beyond Latin-1, while CP932 reads well-formed half-width kana."""
    letters = [c for c in utf8 if c > "\x7f"]
    if sum(c > "\xff" for c in letters) * 2 <= len(letters):
        return False
    text = strict(data, "cp932")
    return text is not None and not _WIDE.search(text) and not _WRONG_VOICING.search(text)


def is_euc_jp(cp932: str, euc: str) -> bool:
    """Both encodings accept all bytes: True where EUC-JP is the one meant.

    Such bytes are, as CP932, half-width kana and rare kanji only (no byte 0x81–0x9F occurs). They are CP932 only if every
    sound mark follows a kana that takes one, hardly any kanji is among them, and the EUC-JP reading has hardly any kana.
    """
    half = len(_HALF_KANA.findall(cp932))
    if not half:
        return False
    wide = len(_WIDE.findall(cp932))
    if wide * 10 > half or _WRONG_VOICING.search(cp932):
        return True
    letters = len(_WIDE.findall(euc))
    return len(_FULL_KANA.findall(euc)) * 4 >= letters


def _least_broken(data: bytes, utf8: str) -> Decoded:
    best: tuple[float, str, str] | None = None
    for encoding in ("utf-8", "cp932", "euc_jp"):
        text = utf8 if encoding == "utf-8" else tolerant(data, encoding)
        broken = broken_bytes(text)
        good = len(UTF8_MANY.findall(text) if encoding == "utf-8" else _WIDE.findall(text))
        half = len(_HALF_KANA.findall(text)) if encoding != "utf-8" else 0
        share = (broken + half / 4) / (broken + good + half + 1)
        if best is None or share < best[0]:
            best = (share, encoding, text)
    assert best is not None
    share, encoding, text = best
    if share > 0.34 and broken_bytes(text) > 2:
        raise ReadError("unknown-encoding", guess="")
    return _decoded(text, encoding)


def _line_by_line(data: bytes) -> Decoded | None:
    """UTF-8 and CP932 files joined into one: each line in the encoding that it is valid in. None where all lines are of one.

    A line counts as CP932 only if it holds two kana or kanji in it and as UTF-8 would be broken all over, so that a single
    broken byte never changes its line's encoding.
    """
    lines = data.splitlines(keepends=True) if b"\n" in data else []
    texts: list[str] = []
    kinds: list[str] = []
    for line in lines:
        text, kind = line_encoding(line)
        texts.append(text)
        kinds.append(kind)
    if not {"utf-8", "cp932"} <= set(kinds):
        return None
    main = max(("utf-8", "cp932"), key=kinds.count)
    mixed: list[tuple[int, str]] = []
    last = main
    for number, kind in enumerate(kinds, 1):
        if kind and kind != last:
            last = kind
            if kind != main:
                mixed.append((number, kind))
    decoded = _decoded("".join(texts), main)
    return Decoded(decoded.text, decoded.detection, tuple(mixed))


def line_encoding(line: bytes) -> tuple[str, str]:
    """The line's text and its encoding, "" where it is ASCII or cannot be told."""
    if line.isascii():
        return line.decode("ascii"), ""
    utf8 = tolerant(line, "utf-8")
    broken = broken_bytes(utf8)
    many = len(UTF8_MANY.findall(utf8))
    if not broken:
        return utf8, "utf-8"
    if broken > many and broken >= 3:
        cp932 = strict(line, "cp932")
        if cp932 is not None and len(_WIDE.findall(cp932)) >= 2:
            return cp932, "cp932"
    return utf8, "utf-8" if many > broken else ""


def utf16_without_bom(data: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where the NUL bytes of ASCII letters, commas and line ends all stand on one side."""
    sample = data[: 1 << 16]
    nuls = sample.count(0)
    if nuls < 2 or nuls * 50 < len(sample):
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 20 > max(even, odd):
        return None
    text = sample[: len(sample) & ~1].decode(codec, "replace")
    likely = len(_LIKELY.findall(text))
    return codec if likely * 10 >= len(text) * 9 and "\x00" not in text[:64] else None


def _iso2022_jp(data: bytes) -> Decoded:
    for codec in ("iso2022_jp", "iso2022_jp_ext"):
        try:
            return Decoded(data.decode(codec), Detection("iso2022_jp"))
        except UnicodeDecodeError:
            continue
    return _decoded(_iso2022_by_hand(data), "iso2022_jp")


def _iso2022_by_hand(data: bytes) -> str:
    """Reads on after what Python's codec refuses: NEC row 13 (as CP50220 writes it) and broken bytes, marked one by one."""
    parts: list[str] = []
    wide = kana = False
    at, end = 0, len(data)
    while at < end:
        byte = data[at]
        if byte == 0x1B and re.match(rb"\x1b(?:\$[@B]|\([BJI])", data[at : at + 3]):
            wide, kana = data[at + 1] == 0x24, data[at + 2] == 0x49
            at += 3
        elif byte in b"\r\n":
            wide = kana = False  # RFC 1468: a line begins in ASCII
            parts.append(chr(byte))
            at += 1
        elif wide and byte > 0x20:
            pair = data[at : at + 2]
            if len(pair) == 2 and 0x21 <= byte <= 0x7E and 0x21 <= pair[1] <= 0x7E:
                decoded = _jis_pair(*pair).decode("cp932", "recommended-datasets-broken")
                parts.append("".join(chr(0xDC00 | b) for b in pair) if BROKEN.search(decoded) else decoded)
                at += 2
            else:
                parts.append(chr(0xDC00 | byte))
                at += 1
        elif kana and 0x21 <= byte <= 0x5F:
            parts.append(chr(byte + 0xFF40))
            at += 1
        else:
            parts.append(chr(0xDC00 | byte) if byte == 0x1B else chr(byte))
            at += 1
    return "".join(parts)
