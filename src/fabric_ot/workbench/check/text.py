"""Files as Git and Fabric want them: UTF-8 without a mark, LF, one final newline, JSON that is JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from fabric_ot.workbench.check.problem import Finding
from fabric_ot.workbench.items.repository import Repository, item_folders

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BINARY_SUFFIXES = {".whl", ".jar", ".gz", ".zip", ".png", ".jpg", ".jpeg", ".gif", ".svgz", ".onnx"}
JSON_SUFFIXES = {".json", ".pbir", ".pbism"}
JSON_NAMES = {".platform", ".schedules"}


def text_is_utf8(repository: Repository) -> Iterator[Finding]:
    """UTF-16 and broken bytes survive a save in some editors; Git then calls the file binary."""
    for path, data in _text_files(repository):
        if data.startswith(UTF16_MARKS):
            yield path, "is UTF-16. Hint: save it as UTF-8."
            continue
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield path, f"byte {error.start} is not UTF-8. Hint: save it as UTF-8."


def text_has_no_mark(repository: Repository) -> Iterator[Finding]:
    """Fabric writes no byte order mark: with one, each round trip through Git changes the file."""
    for path, data in _text_files(repository):
        if data.startswith(UTF8_MARK):
            yield path, "starts with a byte order mark. Hint: save it as UTF-8 without one."


def lines_end_with_lf(repository: Repository) -> Iterator[Finding]:
    """CRLF makes every line of the next commit from Fabric a change."""
    for path, data in _text_files(repository):
        if b"\r" in data:
            line = data[: data.index(b"\r")].count(b"\n") + 1
            yield path, f"line {line} ends with CR. Hint: use LF line ends."


def text_ends_with_newline(repository: Repository) -> Iterator[Finding]:
    """One final newline, as in the files of this repository."""
    for path, data in _text_files(repository):
        if data and not data.startswith(UTF16_MARKS) and not data.endswith(b"\n"):
            yield path, "does not end with a newline. Hint: add one."


def json_is_json(repository: Repository) -> Iterator[Finding]:
    """A file that does not parse fails at deployment, after others have gone out."""
    for path, data in _text_files(repository):
        if path.suffix not in JSON_SUFFIXES and path.name not in JSON_NAMES:
            continue
        try:
            json.loads(data.decode("utf-16" if data.startswith(UTF16_MARKS) else "utf-8-sig"))
        except json.JSONDecodeError as error:
            yield path, f"line {error.lineno}, column {error.colno}: not JSON ({error.msg})."
        except UnicodeDecodeError:
            continue


def _text_files(repository: Repository) -> Iterator[tuple[Path, bytes]]:
    for folder in item_folders(repository.root):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in BINARY_SUFFIXES:
                yield path, path.read_bytes()
