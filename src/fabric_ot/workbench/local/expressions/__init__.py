"""The expression language of pipelines: 84 functions, four context functions, interpolation.

Example:
    >>> evaluate("@if(greater(length(variables('files')), 0), 'land', 'wait')", Scope(variables={"files": []}))
    'wait'
"""

from __future__ import annotations

from fabric_ot.workbench.local.expressions.evaluator import evaluate, resolve
from fabric_ot.workbench.local.expressions.functions import function_names
from fabric_ot.workbench.local.expressions.references import Reference, find_references
from fabric_ot.workbench.local.expressions.scope import NO_ITEM, Scope

__all__ = ["NO_ITEM", "Reference", "Scope", "evaluate", "find_references", "function_names", "resolve"]
