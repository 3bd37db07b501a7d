"""Reports and their model: every field that a visual shows exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fabric_ot.workbench.check.problem import Finding, load_each, reading_problems
from fabric_ot.workbench.items.report import Report, load_report
from fabric_ot.workbench.items.repository import Repository
from fabric_ot.workbench.items.semantic_model import SemanticModel, load_semantic_model


def reports_read(repository: Repository) -> Iterator[Finding]:
    """Pages that are listed exist, and so does the model that `byPath` names."""
    yield from reading_problems(repository.of_type("Report"), load_report)


def report_models_are_items(repository: Repository) -> Iterator[Finding]:
    """fabric-cicd rebinds a report only to a model that it deploys too."""
    folders = {item.folder.resolve() for item in repository.of_type("SemanticModel")}
    for item, report in load_each(repository.of_type("Report"), load_report):
        if report.model_path not in folders:
            found = report.model_path.name
            yield item.folder / "definition.pbir", f"byPath names {found!r}, which is no semantic model here."


def report_fields_exist(repository: Repository) -> Iterator[Finding]:
    """A visual on a field that the model has not shows an error instead of numbers."""
    models = {
        item.folder.resolve(): model
        for item, model in load_each(repository.of_type("SemanticModel"), load_semantic_model)
    }
    for item, report in load_each(repository.of_type("Report"), load_report):
        model = models.get(report.model_path)
        if model is not None:
            yield from _field_problems(item.folder, report, model)


def _field_problems(folder: Path, report: Report, model: SemanticModel) -> Iterator[Finding]:
    columns = {(table.name, column) for table in model.tables for column in table.column_names}
    measures = {(table.name, measure.name) for table in model.tables for measure in table.measures}
    for page in report.pages:
        for visual in page.visuals:
            path = folder / f"definition/pages/{page.name}/visuals/{visual.name}/visual.json"
            for field in visual.fields:
                if (field.table, field.name) not in (columns if field.kind == "column" else measures):
                    message = f"the model has no {field.kind} {field.table}[{field.name}]."
                    yield path, f"{message} Hint: rename the field in the visual, or add it to the model."
            for sort in visual.sort:
                if (sort.table, sort.name) not in columns | measures:
                    yield path, f"sorts by {sort.table}[{sort.name}], which the model does not have."
