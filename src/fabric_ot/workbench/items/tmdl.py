"""The grammar of TMDL: tab-indented text in, a tree of declared objects out.

What an object may contain is declared in `_GRAMMAR`; anything else is an `ItemError` with its file and line, so a
property that changes the numbers is never passed over in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.source_text import read_text


@dataclass(frozen=True)
class _Rule:
    """What one kind of object may contain; `named` says whether a name follows the keyword (None: as it likes)."""

    properties: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    named: bool | None = True
    has_expression: bool = False


def _rule(
    properties: str = "", children: str = "", *, named: bool | None = True, has_expression: bool = False
) -> _Rule:
    return _Rule(frozenset(properties.split()), frozenset(children.split()), named, has_expression)


_TAGS = "lineageTag sourceLineageTag"
_NOTES = "annotation changedProperty"
_GRAMMAR: dict[str, _Rule] = {
    "": _rule(children="database model table relationship expression ref"),
    "database": _rule("compatibilityLevel compatibilityMode id language", "annotation", named=None),
    "model": _rule(
        "culture collation defaultMode defaultPowerBIDataSourceVersion directLakeBehavior discourageImplicitMeasures "
        "sourceQueryCulture",
        "annotation ref dataAccessOptions",
    ),
    "dataAccessOptions": _rule("legacyRedirects returnErrorValuesAsNull", named=False),
    "table": _rule(
        f"isHidden isPrivate dataCategory excludeFromModelRefresh {_TAGS}", f"column measure partition {_NOTES}"
    ),
    "column": _rule(
        "dataType isHidden isKey isUnique isNullable isNameInferred isDataTypeInferred isAvailableInMdx formatString "
        f"summarizeBy sourceColumn sourceProviderType sortByColumn dataCategory displayFolder {_TAGS}",
        _NOTES,
        has_expression=True,
    ),
    "measure": _rule(
        f"formatString displayFolder isHidden dataCategory isSimpleMeasure {_TAGS}", _NOTES, has_expression=True
    ),
    "partition": _rule("mode", f"source {_NOTES}", has_expression=True),
    "source": _rule("entityName schemaName expressionSource", named=False, has_expression=True),
    "relationship": _rule(
        "fromColumn toColumn isActive crossFilteringBehavior fromCardinality toCardinality joinOnDateBehavior "
        "relyOnReferentialIntegrity securityFilteringBehavior",
        _NOTES,
    ),
    "expression": _rule(f"kind queryGroup {_TAGS}", _NOTES, has_expression=True),
    "annotation": _rule(has_expression=True),
    "changedProperty": _rule(has_expression=True),
}

_NAME = r"'(?:[^']|'')*'|[^\s=':.]+"
_DECLARATION = re.compile(rf"(?P<kind>[A-Za-z]+)(?:\s+(?P<name>{_NAME}))?\s*(?:=(?P<value>.*))?$", re.DOTALL)
_PROPERTY = re.compile(r"(?P<key>[A-Za-z]+)\s*:\s*(?P<value>.*)$")
_REFERENCE = re.compile(rf"ref\s+[A-Za-z]+\s+(?:{_NAME})$")
_FENCE = "```"


@dataclass
class TmdlObject:
    """One declared object: its kind and name, where it stands, its properties, expression and children."""

    kind: str
    name: str
    file: Path
    line: int
    description: str = ""
    expression: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    children: list[TmdlObject] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[TmdlObject]:
        """Return the children of one kind, in order."""
        return [child for child in self.children if child.kind == kind]

    def flag(self, key: str) -> bool:
        """Return a boolean property, false where it is absent; `isHidden` alone on its line means true."""
        value = self.properties.get(key, "false").lower()
        if value not in ("true", "false"):
            self.refuse(f"{key} must be true or false, found {value!r}")
        return value == "true"

    def text(self, key: str, default: str = "") -> str:
        """Return a text property without its quotes."""
        return unquote(self.properties.get(key, default))

    def refuse(self, problem: str) -> NoReturn:
        """Raise an `ItemError` that names the file and the line of this object."""
        message = f"{self.file}:{self.line}: {self.kind} {self.name!r}: {problem}"
        raise ItemError(message)


def unquote(text: str) -> str:
    """Return a TMDL name or value without its quotes.

    Example:
        >>> unquote("'State Time'"), unquote("'Shift''s'"), unquote("plain")
        ('State Time', "Shift's", 'plain')
    """
    for mark in ("'", '"'):
        if len(text) > 1 and text[0] == mark == text[-1]:
            return text[1:-1].replace(mark * 2, mark)
    return text


def read_tmdl(file: Path) -> list[TmdlObject]:
    """Return the objects declared at the top level of one `.tmdl` file.

    Raises:
        ItemError: the file cannot be read, is not indented by tabs, or declares something that is not known.
    """
    return _Reader(file, read_text(file).split("\n")).read()


class _Reader:
    """Reads one file line by line; the stack holds the objects that are open at each depth."""

    def __init__(self, file: Path, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.at = 0
        self.root = TmdlObject("", "", file, 0)
        self.stack = [self.root]
        self.description: list[str] = []
        self.described_at = 0

    def read(self) -> list[TmdlObject]:
        while self.at < len(self.lines):
            text = self.lines[self.at].strip()
            if text:
                self._line(text)
            self.at += 1
        if self.description:
            self.at = self.described_at
            self._fail("a '///' description stands before nothing")
        return self.root.children

    def _fail(self, problem: str) -> NoReturn:
        message = f"{self.file}:{self.at + 1}: {problem}"
        raise ItemError(message)

    def _depth(self) -> int:
        line = self.lines[self.at]
        indent = line[: len(line) - len(line.lstrip())]
        if indent.strip("\t"):
            self._fail("indent with tabs only; found a space or another blank")
        return len(indent)

    def _line(self, text: str) -> None:
        depth = self._depth()
        if text.startswith("///"):
            self.description.append(text[3:].strip())
            self.described_at = self.at
            return
        if depth > len(self.stack) - 1:
            self._fail(f"indented by {depth} tabs where at most {len(self.stack) - 1} can stand: {text!r}")
        del self.stack[depth + 1 :]
        self._member(self.stack[-1], text, depth)

    def _member(self, parent: TmdlObject, text: str, depth: int) -> None:
        rule = _GRAMMAR[parent.kind]
        declared = _PROPERTY.match(text)
        if declared and declared["key"] in rule.properties:
            self._property(parent, declared["key"], declared["value"].strip())
        elif text in rule.properties:
            self._property(parent, text, "true")
        elif "ref" in rule.children and _REFERENCE.match(text):
            self._reference()
        elif (match := _DECLARATION.match(text)) and match["kind"] in rule.children - {"ref"}:
            self._child(parent, match, depth)
        else:
            where = f"{parent.kind} {parent.name!r}" if parent.kind else "the top level"
            known = ", ".join(sorted(rule.properties | rule.children)) or "nothing"
            self._fail(f"{text!r} is not known in {where}; known there: {known}")

    def _property(self, parent: TmdlObject, key: str, value: str) -> None:
        if self.description:
            self._fail(f"a '///' description cannot stand before the property {key!r}")
        if key in parent.properties:
            self._fail(f"{key!r} is set twice in {parent.kind} {parent.name!r}")
        parent.properties[key] = value

    def _child(self, parent: TmdlObject, match: re.Match[str], depth: int) -> None:
        kind = match["kind"]
        rule = _GRAMMAR[kind]
        if rule.named not in (None, bool(match["name"])):
            self._fail(f"{kind!r} needs a name" if rule.named else f"{kind!r} takes no name, found {match['name']!r}")
        if match["value"] is not None and not rule.has_expression:
            self._fail(f"{kind!r} takes no expression")
        child = TmdlObject(kind, unquote(match["name"] or ""), self.file, self.at + 1, "\n".join(self.description))
        self.description = []
        parent.children.append(child)
        self.stack.append(child)
        if match["value"] is not None:
            child.expression = self._expression(match["value"].strip(), depth)

    def _reference(self) -> None:
        """`ref table X` only fixes an order, which carries no numbers."""
        if self.description:
            self._fail("a '///' description cannot stand before 'ref'")

    def _expression(self, first: str, depth: int) -> str:
        """Read what follows `=`: the rest of the line, a fenced block, or the lines indented two deeper."""
        if first == _FENCE:
            return self._fenced(depth)
        if first:
            return first
        taken: list[str] = []
        while self.at + 1 < len(self.lines):
            following = self.lines[self.at + 1]
            if following.strip() and not following.startswith("\t" * (depth + 2)):
                break
            taken.append(following[depth + 2 :])
            self.at += 1
        text = "\n".join(taken).strip("\n").rstrip()
        if not text:
            self._fail("an expression is missing after '='")
        return text

    def _fenced(self, depth: int) -> str:
        taken: list[str] = []
        start = self.at
        while self.at + 1 < len(self.lines):
            self.at += 1
            if self.lines[self.at].strip() == _FENCE:
                return "\n".join(taken).strip("\n").rstrip()
            taken.append(self.lines[self.at].removeprefix("\t" * (depth + 2)))
        self.at = start
        return self._fail(f"the block opened by {_FENCE} is never closed")
