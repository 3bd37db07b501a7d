"""`notebookutils.notebook`: ending a notebook and running others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fabric_ot.errors import FabricOTError, NotebookError
from fabric_ot.workbench.local.notebookutils.dag import DEFAULT_CELL_TIMEOUT_S, DagActivity, read_dag
from fabric_ot.workbench.local.notebookutils.exit_signal import NotebookExit
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Area

Results = dict[str, dict[str, Any]]


class RunMultipleError(NotebookError):
    """Some notebooks of a `runMultiple` failed; `result` holds what each of them gave."""

    def __init__(self, result: Results) -> None:
        """Name the notebooks that failed."""
        self.result = result
        failed = {name: entry["exception"] for name, entry in result.items() if entry["exception"]}
        lines = "\n".join(f"  - {name}: {error}" for name, error in failed.items())
        super().__init__(f"runMultiple: {len(failed)} of {len(result)} notebook(s) failed:\n{lines}")


class NotebooksArea(Area):
    """`notebookutils.notebook`. Notebooks of a `runMultiple` run one after another, whatever its concurrency."""

    area = "notebook"

    def __init__(self, place: NotebookPlace) -> None:
        """Keep the notebook's place."""
        self._place = place

    def exit(self, value: object = "") -> None:
        """End this notebook with `value`."""
        raise NotebookExit(str(value))

    def run(
        self,
        path: str,
        timeout_seconds: float = DEFAULT_CELL_TIMEOUT_S,
        arguments: Mapping[str, Any] | None = None,
        workspace: str = "",
    ) -> str:
        """Run another notebook and return its exit value, or an empty string."""
        return self._place.run_child(path, self._place.layer_of(workspace), timeout_seconds, arguments or {})

    def runMultiple(self, dag: Sequence[str] | Mapping[str, Any], config: Any = None) -> Results:  # noqa: N802, ARG002
        """Run a graph of notebooks; what depends on a failed one is not run.

        Raises:
            RunMultipleError: a notebook failed; its `result` has every outcome.
        """
        results: Results = {}
        for activity in read_dag(dag):
            results[activity.name] = self._run_activity(activity, results)
        if any(entry["exception"] for entry in results.values()):
            raise RunMultipleError(results)
        return results

    def validateDAG(self, dag: Mapping[str, Any]) -> bool:  # noqa: N802
        """Say that a graph can run, or raise what is wrong with it."""
        read_dag(dag)
        return True

    def _run_activity(self, activity: DagActivity, results: Results) -> dict[str, Any]:
        failed = [name for name in activity.dependencies if results[name]["exception"]]
        if failed:
            return {"exitVal": "", "exception": f"not run, because {failed} failed"}
        arguments = activity.arguments({name: entry["exitVal"] for name, entry in results.items()})
        error = ""
        for _ in range(activity.retry + 1):
            try:
                value = self.run(activity.path, activity.timeout_s, arguments, activity.workspace)
            except FabricOTError as exc:
                error = str(exc)
            else:
                return {"exitVal": value, "exception": None}
        return {"exitVal": "", "exception": error}
