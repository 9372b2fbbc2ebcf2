"""Whether a file is text, as a person would say."""

from __future__ import annotations

from collections.abc import Callable

_TEXT = frozenset(
    (
        *(b"py", b"pyi", b"ipynb", b"r", b"rmd", b"jl", b"js", b"jsx", b"ts", b"tsx", b"sh"),
        *(b"c", b"h", b"cc", b"cpp", b"hpp", b"cu", b"java", b"go", b"rs", b"sql", b"txt", b"md"),
        *(b"rst", b"csv", b"tsv", b"json", b"jsonl", b"yaml", b"yml", b"toml", b"ini", b"cfg"),
        *(b"html", b"css", b"xml"),
    )
)
_BINARY = frozenset(
    (
        *(b"png", b"jpg", b"jpeg", b"gif", b"bmp", b"ico", b"tif", b"tiff", b"webp", b"psd"),
        *(b"mp3", b"ogg", b"wav", b"flac", b"mid", b"midi", b"aif", b"wma", b"mp4", b"mpeg"),
        *(b"avi", b"mov", b"mkv", b"webm", b"wmv", b"swf", b"zip", b"tar", b"gz", b"tgz", b"bz2"),
        *(b"xz", b"zst", b"7z", b"rar", b"z", b"deb", b"rpm", b"whl", b"pdf", b"doc", b"docx"),
        *(b"ppt", b"pptx", b"xls", b"xlsx", b"pyc", b"so", b"dll", b"exe", b"o", b"a", b"bin"),
        *(b"pkl", b"pickle", b"npy", b"npz", b"pt", b"pth", b"ckpt", b"onnx", b"h5", b"hdf5"),
        *(b"safetensors", b"joblib", b"parquet", b"feather", b"arrow", b"db", b"sqlite"),
    )
)
# Control characters that text has: backspace, tab, line ends, form feed, escape.
_CONTROLS = bytes({*range(32), 127} - {*b"\b\t\n\r\f\x1b"})


def is_text(path: bytes, read_start: Callable[[], bytes]) -> bool:
    """Whether a file is text: by its name, else by what it starts with (1,024 bytes do)."""
    name = path.rpartition(b"/")[2]
    ending = name.rpartition(b".")[2].lower() if b"." in name[1:] else b""
    if ending in _TEXT or ending in _BINARY:
        return ending in _TEXT
    return is_text_start(read_start())


def is_text_start(start: bytes) -> bool:
    """Whether a file that starts like this is text, in UTF-8 or an encoding of one byte."""
    if b"\0" in start:
        return False
    controls = len(start) - len(start.translate(None, _CONTROLS))
    try:
        start.decode()
    except UnicodeDecodeError as error:
        # A character may be cut off where the start ends.
        if not (error.reason == "unexpected end of data" and error.start > len(start) - 4):
            return not controls
    return controls * 20 <= len(start)
