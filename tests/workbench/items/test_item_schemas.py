"""Every JSON file of an item that names one of Microsoft's schemas is valid against it."""

from __future__ import annotations

import json

import pytest

from fabric_ot.workbench.items.repository import item_folders

BASE = "https://developer.microsoft.com/json-schemas/fabric/"


@pytest.fixture(scope="module")
def registry(shared_schemas):
    referencing = pytest.importorskip("referencing")
    draft7 = pytest.importorskip("referencing.jsonschema").DRAFT7
    resources = []
    for path in sorted((shared_schemas / "fabric").rglob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        resource = referencing.Resource.from_contents(content, default_specification=draft7)
        urls = {BASE + path.relative_to(shared_schemas / "fabric").as_posix(), content.get("$id")} - {None}
        resources += [(url, resource) for url in urls]
    return referencing.Registry().with_resources(resources)


def nearest(registry, url):
    """The schema itself, else the newest older one of the same major version: real files run ahead of the schemas."""
    if url in registry:
        return registry.contents(url)
    kind, version, name = url.rsplit("/", 2)
    wanted = tuple(map(int, version.split(".")))
    older = [tuple(map(int, known.rsplit("/", 2)[1].split("."))) for known in registry if known.startswith(kind + "/")]
    fitting = [known for known in older if known[0] == wanted[0] and known < wanted]
    return registry.contents(f"{kind}/{'.'.join(map(str, max(fitting)))}/{name}") if fitting else None


def problems(registry, document):
    """The messages of the validator for one document; its own $schema says which."""
    validators = pytest.importorskip("jsonschema.validators")
    schema = nearest(registry, document["$schema"])
    assert schema is not None, f"no schema is known for {document['$schema']}"
    validator = validators.validator_for(schema)(schema, registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def documents(root):
    for folder in item_folders(root):
        for path in sorted(folder.rglob("*")):
            if path.name == ".platform" or path.suffix in {".json", ".pbir", ".pbism"}:
                document = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(document, dict) and str(document.get("$schema", "")).startswith(BASE):
                    yield path, document


def test_every_file_that_names_a_schema_is_valid(repository_root, registry):
    found = {
        path.relative_to(repository_root).as_posix(): problems(registry, document)
        for path, document in documents(repository_root)
    }
    assert "settings/ot_settings.VariableLibrary/variables.json" in found
    assert "lakehouses/silver/ot_silver.Lakehouse/.platform" in found
    assert {path: messages for path, messages in found.items() if messages} == {}


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("variables.json", lambda d: d["variables"][0].pop("type")),
        ("variables.json", lambda d: d["variables"][0].update(extra=1)),
        ("settings.json", lambda d: d.update(valueSetsOrder=["test", "test"])),
        ("valueSets/test.json", lambda d: d.pop("name")),
        (".platform", lambda d: d["config"].pop("logicalId")),
    ],
)
def test_the_schemas_refuse_a_broken_file(repository_root, registry, file, change):
    path = repository_root / "settings/ot_settings.VariableLibrary" / file
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    assert problems(registry, document)
