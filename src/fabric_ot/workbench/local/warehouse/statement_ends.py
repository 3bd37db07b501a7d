"""Where a statement ends when nothing says so: at a keyword that cannot continue it."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_ot.workbench.items.tsql_tokens import Token

_WORDS = """
    SELECT INSERT UPDATE DELETE MERGE WITH DECLARE SET IF WHILE BEGIN END ELSE EXEC EXECUTE PRINT RETURN THROW RAISERROR
    DROP CREATE ALTER TRUNCATE COMMIT ROLLBACK BREAK CONTINUE GOTO WAITFOR USE COPY
"""
STARTS = frozenset(_WORDS.split())
_SET_OPERATORS = ("UNION", "ALL", "EXCEPT", "INTERSECT")
_BODIES = ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE")


def end_of_condition(tokens: Sequence[Token], start: int) -> int:
    """Return the index behind a condition that starts at `start`."""
    depth = cases = 0
    for index in range(start, len(tokens)):
        word = tokens[index].word
        depth += (word == "(") - (word == ")")
        if word == "CASE":
            cases += 1
        elif word == "END" and cases:
            cases -= 1
        elif depth == 0 and not cases and (word in STARTS or word == ";"):
            return index
    return len(tokens)


def end_of_statement(tokens: Sequence[Token], start: int) -> int:
    """Return the index behind the statement that starts at `start`, its semicolon not included."""
    scan = _Scan(tokens[start].word)
    depth = cases = 0
    for index in range(start + 1, len(tokens)):
        word = tokens[index].word
        depth += (word == "(") - (word == ")")
        if depth or word in ("(", ")"):
            continue
        if word == ";":
            return index
        if word == "VALUES":
            scan.selects = 0
        elif word == "CASE":
            cases += 1
        elif cases:
            cases -= word == "END"
        elif word in STARTS and not scan.continues(tokens, index):
            return index
    return len(tokens)


class _Scan:
    """What may still come inside one statement."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.awaits_body = first == "WITH"
        self.body = "" if first == "WITH" else first
        self.selects = 1 if first in ("INSERT", "CREATE") else 0
        self.sets = 1 if first == "UPDATE" else 0

    def continues(self, tokens: Sequence[Token], index: int) -> bool:
        """Say whether the keyword at `index` belongs to the statement."""
        word, before = tokens[index].word, tokens[index - 1].word
        if self.awaits_body and word in _BODIES:
            self.awaits_body = False
            self.body = word
            self.selects, self.sets = int(word == "INSERT"), int(word == "UPDATE")
            return True
        if word == "SELECT":
            return self._takes_select(before)
        if word == "SET" and self.sets:
            self.sets = 0
            return True
        if word in ("EXEC", "EXECUTE") and self.body == "INSERT" and self.selects:
            self.selects = 0
            return True
        if word == "WITH":
            if self.first in ("RAISERROR", "EXEC", "EXECUTE"):
                return True
            return index + 1 < len(tokens) and tokens[index + 1].word in ("(", "TIES")
        return word == "IF" and self.first == "DROP"

    def _takes_select(self, before: str) -> bool:
        if before in _SET_OPERATORS:
            return True
        taken, self.selects = self.selects, 0
        return bool(taken)
