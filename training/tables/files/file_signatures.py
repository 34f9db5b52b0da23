"""Names files that are no tables by their first bytes, for the message that refuses them."""

from training.file_kind import file_kind

_BINARY_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a program for Windows"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"ARROW1", "an Arrow file: save it as Parquet"),
    (b"ORC", "an ORC file: save it as Parquet"),
    (b"Obj\x01", "an Avro file: save it as Parquet"),
    (b"$FL2", "an SPSS file: save it as CSV"),
    (b"PARE", "an encrypted Parquet file: save it without encryption"),
    (b"SIMPLE  =", "a FITS file: save its table as CSV"),
    (b"RIFF", "an audio, video or WebP file"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"\x00asm", "a WebAssembly program"),
)
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
_TEXT_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"#!/", "a script"),
    (b"%!PS", "a PostScript document"),
    (b"<stata_dta>", "a Stata file: save it as CSV"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--", b"<svg")


def text_kind(head: bytes) -> str | None:
    """What a text with these first bytes is, if it is of a kind that holds no table."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for signature, kind in _TEXT_SIGNATURES:
        if start.startswith(signature):
            return kind
    if start.lower().startswith(_MARKUP):
        return "a web page or XML, perhaps the error of a download"
    return None


def binary_kind(head: bytes) -> str:
    """What a binary file with these first bytes is, such as `a PDF document`."""
    for signature, kind in _BINARY_SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(_PICKLES):
        return "a Python pickle, which is never opened: it may run a program"
    if head[4:8] == b"ftyp":
        return "a video or HEIC image"
    return file_kind(head[:512]) or "a binary file of an unknown type"
