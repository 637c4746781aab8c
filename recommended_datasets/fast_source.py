"""A large file as pieces of UTF-8, each ending with a line: the encoding is found on the first piece and held to after it."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from recommended_datasets import _cells
from recommended_datasets import encoding as encodings
from recommended_datasets.encoding_cp932 import from_cp932

PIECE = 4 << 20
"""Bytes read at a time: twice as many take no less time and a third more memory."""
HEAD = 1 << 20
"""Bytes on which the encoding is found."""
LONGEST_LINE = 32 << 20

_UTF8_BOM = b"\xef\xbb\xbf"


class Unsuitable(Exception):
    """The fast lane cannot be exact on this file: the exact reader has to read it."""


class Piece(NamedTuple):
    """Whole lines of the file. A record may begin in one piece and end in the next."""

    raw: bytes
    """As they stand in the file, or as UTF-8 where `decoded`."""
    decoded: bool
    """Whether they were decoded in order, by a decoder with a state."""
    line: int
    """Physical lines of the file before it."""
    last: bool


class Source:
    """`pieces`, and each of them as UTF-8 without byte order mark, broken bytes as lone surrogates.

    `encoding` is the whole file's, and after the last piece so is `sha256`. Raises `Unsuitable` where the whole file might be
    read otherwise than its beginning says.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        self._hash = hashlib.sha256()
        self.encoding = ""
        self._many = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._last = False
        self._line = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def pieces(self) -> Iterator[Piece]:
        """All pieces in order. Raises `Unsuitable`."""
        file = self.file
        file.seek(0)
        head = file.read(HEAD)
        file.seek(0)
        self._wide(head)
        if self._decoder:
            yield from self._decoded(file, self._decoder)
            return
        rest = b""
        while not self._last:
            piece, rest = self._read(file, rest)
            if not self.encoding:
                self._detect(piece)
                piece = piece.removeprefix(_UTF8_BOM)
            yield self._piece(piece)

    def _piece(self, raw: bytes) -> Piece:
        made = Piece(raw, bool(self._decoder), self._line, self._last)
        self._line += _cells.count(raw, b"\n")
        return made

    def utf8(self, piece: Piece) -> tuple[bytes, int]:
        """A piece of this file as UTF-8, and how many broken bytes are in it, each a lone surrogate (`encoding.BROKEN`).

        Raises `Unsuitable`."""
        return (piece.raw, 0) if piece.decoded else self._utf8(piece.raw)

    def close(self, broken: int) -> None:
        """After the last piece was used. Raises `Unsuitable` where a file with so many broken bytes cannot be what its
        beginning says."""
        self.file.close()
        if self.encoding == "utf-8" and broken > self._many:
            raise Unsuitable("more broken bytes than letters")

    def _wide(self, head: bytes) -> None:
        """Finds encodings that are read by a decoder with a state: UTF-16, and ISO-2022-JP by its escape sequences."""
        codec = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(head[:2]) or encodings.utf16_without_bom(head)
        if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
            raise Unsuitable("UTF-32")
        if codec:
            self.encoding = "utf-16"
        elif head.isascii() and encodings.ESCAPES.search(head):
            self.encoding, codec = "iso2022_jp", "iso2022_jp"
        if codec:
            self._decoder = codecs.getincrementaldecoder(codec)()

    def _decoded(self, file: BinaryIO, decoder: codecs.IncrementalDecoder) -> Iterator[Piece]:
        """The pieces of a file in one of these encodings. What does not decode is left to the exact reader."""
        rest = ""
        begun = False
        while not self._last:
            new = file.read(PIECE)
            self._hash.update(new)
            self._last = len(new) < PIECE
            if self.encoding == "iso2022_jp" and not new.isascii():
                raise Unsuitable("8-bit bytes in ISO-2022-JP")
            try:
                text = rest + decoder.decode(new, self._last)
            except UnicodeDecodeError as error:
                raise Unsuitable("broken bytes") from error
            if not begun:
                text = text.removeprefix("\ufeff")
                begun = True
            cut = len(text) if self._last else text.rfind("\n") + 1
            if not cut and len(text) > LONGEST_LINE:
                raise Unsuitable("no line ends")
            text, rest = text[:cut], text[cut:]
            try:
                piece = text.encode()
            except UnicodeEncodeError as error:
                raise Unsuitable("lone surrogates") from error
            if piece or self._last:
                yield self._piece(piece)

    def _read(self, file: BinaryIO, rest: bytes) -> tuple[bytes, bytes]:
        """Whole lines, and the beginning of the next one."""
        parts = [rest]
        length = len(rest)
        while True:
            new = file.read(PIECE)
            self._hash.update(new)
            parts.append(new)
            length += len(new)
            if len(new) < PIECE:
                self._last = True
                return b"".join(parts), b""
            cut = new.rfind(b"\n") + 1
            if cut:
                parts[-1] = new[:cut]
                return b"".join(parts), new[cut:]
            if length > LONGEST_LINE:
                raise Unsuitable("no line ends")

    def _detect(self, piece: bytes) -> None:
        if piece.count(0, 0, 1 << 16) * 50 > min(len(piece), 1 << 16):
            raise Unsuitable("NUL bytes")
        if piece.startswith(_UTF8_BOM):
            self.encoding = "utf-8-sig"
            return
        head = piece[: HEAD if len(piece) <= HEAD else piece.rfind(b"\n", 0, HEAD) + 1]
        if head.isascii():
            raise Unsuitable("ASCII only: what follows decides")
        found = encodings.decode(head)
        if found.detection.encoding == "utf-8":
            self._many = len(encodings.UTF8_MANY.findall(found.text))
            if self._many < 1000:
                raise Unsuitable("hardly any letters")
        elif found.detection.encoding not in ("cp932", "euc_jp"):
            raise Unsuitable(found.detection.encoding)
        elif _reads_as(head, "cp932") and _reads_as(head, "euc_jp"):
            raise Unsuitable("CP932 or EUC-JP")
        self.encoding = found.detection.encoding

    def _utf8(self, piece: bytes) -> tuple[bytes, int]:
        if self.encoding == "euc_jp":
            text = encodings.strict(piece, "euc_jp")
            if text is None:
                raise Unsuitable("broken bytes in EUC-JP")
            return text.encode(), 0
        if self.encoding == "cp932":
            made = from_cp932(piece)
            return self._marked(piece, "cp932", "utf-8") if made is None else (made, 0)
        return (piece, 0) if _cells.valid(piece) else self._marked(piece, "utf-8", "cp932")

    def _marked(self, piece: bytes, encoding: str, other: str) -> tuple[bytes, int]:
        if self.encoding != "utf-8-sig":
            self._refuse_mixed(piece, other)
        text = encodings.tolerant(piece, encoding)
        return text.encode("utf-8", "surrogatepass"), encodings.broken_bytes(text)

    def _refuse_mixed(self, piece: bytes, other: str) -> None:
        """A piece with broken bytes may be of two files in two encodings: then every line is read in its own."""
        if any(encodings.line_encoding(line)[1] == other for line in piece.splitlines(keepends=True)):
            raise Unsuitable("two encodings")


def _reads_as(piece: bytes, encoding: str) -> bool:
    return encodings.strict(piece, encoding) is not None
