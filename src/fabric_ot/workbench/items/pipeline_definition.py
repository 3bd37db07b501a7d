"""What a DataPipeline item holds: activities with what they wait for, their policies and their branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")
FINAL_STATES = ("Succeeded", "Failed", "Skipped")
PARAMETER_TYPES = ("string", "int", "float", "bool", "array", "object", "securestring")
VARIABLE_TYPES = ("String", "Boolean", "Array", "Integer")
ACTIVITY_TYPES = (
    "AppendVariable", "AzureFunction", "AzureHDInsight", "AzureMLExecutePipeline", "Copy", "Custom",
    "DataLakeAnalyticsScope", "DatabricksNotebook", "Delete", "Email", "ExecutePipeline", "ExecuteSSISPackage", "Fail",
    "Filter", "ForEach", "GetMetadata", "IfCondition", "InvokeCopyJob", "InvokePipeline", "KustoQueryLanguage",
    "Lookup", "MicrosoftTeams", "Office365Email", "PBISemanticModelRefresh", "RefreshDataFlow", "Script",
    "SetVariable", "SparkJobDefinition", "SqlServerStoredProcedure", "Switch", "Teams", "TridentNotebook", "Until",
    "Wait", "WebActivity", "WebHook",
)  # fmt: skip
"""What the published definition of pipelines names, whether the local runtime can run it or not."""

CASE = "case:"
"""A case of a Switch is the branch `case:<value>`."""

DEFAULT_TIMEOUT_S = 7 * 86400.0
DEFAULT_RETRY_INTERVAL_S = 30


@dataclass(frozen=True)
class Dependency:
    """Wait for `activity`; go on if it ended in one of `conditions`."""

    activity: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Limits and secrecy of one activity; without a timeout Fabric waits seven days."""

    timeout_s: float = DEFAULT_TIMEOUT_S
    retry: int = 0
    retry_interval_s: int = DEFAULT_RETRY_INTERVAL_S
    secure_input: bool = False
    secure_output: bool = False


@dataclass(frozen=True)
class Activity:
    """One step; `type_properties` without the nested activities, which are in `branches` by their JSON key."""

    name: str
    type: str
    depends_on: tuple[Dependency, ...] = ()
    policy: Policy = Policy()
    type_properties: Mapping[str, Any] = field(default_factory=dict)
    branches: Mapping[str, tuple[Activity, ...]] = field(default_factory=dict)
    is_inactive: bool = False
    inactive_status: str = "Succeeded"
    connection: str | None = None
    linked_service: Mapping[str, Any] | None = None
    description: str = ""

    def branch(self, key: str) -> tuple[Activity, ...]:
        """Return the nested activities under `key`, none if there is no such branch."""
        return self.branches.get(key, ())


@dataclass(frozen=True)
class Parameter:
    """A pipeline parameter; `has_default` tells a missing default from a null one."""

    name: str
    type: str
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True)
class Variable:
    """A pipeline variable with its initial value; an Array without a default starts empty."""

    name: str
    type: str
    default: Any = None


@dataclass(frozen=True)
class LibraryVariable:
    """A value of a Variable Library under a local alias."""

    alias: str
    library: str
    variable: str
    type: str


@dataclass(frozen=True)
class Pipeline:
    """A pipeline definition whose structure is sound."""

    name: str
    activities: tuple[Activity, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    library_variables: Mapping[str, LibraryVariable] = field(default_factory=dict)
    logical_id: str = ""
    description: str = ""

    def walk(self) -> Iterator[Activity]:
        """Yield every activity, those inside containers after their container."""
        yield from walk_activities(self.activities)


def walk_activities(activities: Sequence[Activity]) -> Iterator[Activity]:
    """Yield `activities` and everything nested in them, depth first."""
    for activity in activities:
        yield activity
        for branch in activity.branches.values():
            yield from walk_activities(branch)
