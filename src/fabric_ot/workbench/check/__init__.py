"""Pre-deployment lint: one rule, one function, all problems at once."""

from __future__ import annotations

from fabric_ot.workbench.check.problem import Problem
from fabric_ot.workbench.check.rules import RULES, check_repository

__all__ = ["RULES", "Problem", "check_repository"]
