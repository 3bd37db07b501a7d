"""Text of item files as it comes: byte order marks, UTF-16 and CRLF are read, so that `check` can name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fabric_ot.errors import ItemError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """Return the text of `path` with LF line ends and without a byte order mark.

    Raises:
        ItemError: the file is missing or is neither UTF-8 nor UTF-16 with a byte order mark.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise malformed(path, f"cannot be read ({exc.strerror}). Hint: the item needs this file; restore it.") from exc
    encoding = "utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise malformed(path, f"is not {encoding} text (byte {exc.start}). Hint: save it as UTF-8.") from exc
    return text.replace("\r\n", "\n")


def read_json(path: Path) -> Any:
    """Return the JSON document in `path`.

    Raises:
        ItemError: the file is missing or is not JSON; the message has line and column.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as exc:
        raise malformed(path, f"line {exc.lineno}, column {exc.colno}: not JSON ({exc.msg}).") from exc


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; anything but an object is an `ItemError`."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise malformed(path, f"expected a JSON object, found {type(document).__name__}.")
    return document


def malformed(where: Path | str, problem: str) -> ItemError:
    """Return the error for `problem` found in `where` (a path, or the name of an item).

    Example:
        >>> str(malformed("cfg.VariableLibrary", "no variable 'x'."))
        "cfg.VariableLibrary: no variable 'x'."
    """
    return ItemError(f"{where}: {problem}")
