"""The registry of rules, and the one function that asks them all."""

from __future__ import annotations

from pathlib import Path

from fabric_ot.workbench.check import (
    environments,
    identity,
    notebooks,
    pipeline_structure,
    pipeline_targets,
    report,
    semantic_model,
    shortcuts,
    text,
    variable_libraries,
    warehouse,
)
from fabric_ot.workbench.check.problem import Problem, Rule
from fabric_ot.workbench.items.repository import scan_repository

RULES: tuple[Rule, ...] = (
    text.text_is_utf8,
    text.text_has_no_mark,
    text.lines_end_with_lf,
    text.text_ends_with_newline,
    text.json_is_json,
    identity.platform_files_read,
    identity.item_folders_have_a_platform,
    identity.folders_are_named_like_their_items,
    identity.layers_are_known,
    identity.logical_ids_are_given,
    identity.logical_ids_are_unique,
    identity.names_are_unique_in_a_workspace,
    notebooks.notebooks_read,
    notebooks.notebooks_are_thin,
    notebooks.notebooks_use_no_banned_words,
    notebooks.notebook_languages_agree,
    notebooks.notebook_code_compiles,
    notebooks.notebooks_name_their_environment,
    notebooks.notebook_references_resolve,
    pipeline_structure.pipelines_read,
    pipeline_structure.activity_types_exist,
    pipeline_structure.referenced_activities_run_before,
    pipeline_structure.used_names_are_declared,
    pipeline_targets.pipeline_references_resolve,
    pipeline_targets.library_variables_exist,
    pipeline_targets.notebook_parameters_exist,
    pipeline_targets.invoked_parameters_exist,
    pipeline_targets.connections_are_present,
    pipeline_targets.invocations_say_whether_they_wait,
    pipeline_targets.stored_procedures_exist,
    variable_libraries.variable_libraries_read,
    variable_libraries.value_sets_leave_no_id_behind,
    environments.environments_read,
    environments.environments_pin_a_runtime,
    environments.environment_sizes_are_legal,
    environments.environment_libraries_are_pinned,
    environments.environment_wheel_is_this_version,
    shortcuts.lakehouses_read,
    shortcuts.shortcut_names_are_unique,
    shortcuts.shortcut_targets_are_lakehouses,
    shortcuts.shortcut_targets_are_contract_tables,
    warehouse.warehouses_read,
    warehouse.warehouse_tables_equal_contracts,
    semantic_model.semantic_models_read,
    semantic_model.model_tables_are_gold_tables,
    semantic_model.model_columns_are_gold_columns,
    semantic_model.model_sources_exist,
    report.reports_read,
    report.report_models_are_items,
    report.report_fields_exist,
)
"""All rules, in the order in which their problems are told."""


def check_repository(root: Path) -> list[Problem]:
    """Return every problem of the items below `root`; an empty list means that they can be deployed.

    Raises:
        ItemError: `root` is no folder.
    """
    root = root.resolve()
    repository, _ = scan_repository(root)
    problems: list[Problem] = []
    for rule in RULES:
        for path, message in rule(repository):
            where = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            problems.append(Problem(rule.__name__, where, _without_root(message, root)))
    return list(dict.fromkeys(problems))


def _without_root(message: str, root: Path) -> str:
    return message.replace(f"{root}: ", "").replace(f"{root}/", "")
