"""`.platform`: what is accepted, and what each refusal says."""

from __future__ import annotations

import json

import pytest

from fabric_ot.errors import ItemError
from fabric_ot.workbench.items.platform import Platform, read_platform

GUID = "36773abe-8a1e-5598-925a-7185535a7c72"


@pytest.fixture
def write_platform(tmp_path):
    def write(folder="ot_x.Lakehouse", *, encoding="utf-8", newline="\n", **changes):
        document = {
            "$schema": "https://example.com/platform",
            "metadata": {"type": "Lakehouse", "displayName": "ot_x", "description": "words"},
            "config": {"version": "2.0", "logicalId": GUID},
        }
        for key, value in changes.items():
            section, _, name = key.partition("__")
            if name:
                document[section][name] = value
            else:
                document[section] = value
        item = tmp_path / folder
        item.mkdir()
        text = json.dumps(document, indent=2).replace("\n", newline)
        (item / ".platform").write_bytes(text.encode(encoding))
        return item

    return write


def test_a_good_file_gives_type_name_and_identity(write_platform):
    assert read_platform(write_platform()) == Platform("Lakehouse", "ot_x", "words", GUID)


@pytest.mark.parametrize(("encoding", "newline"), [("utf-8-sig", "\r\n"), ("utf-16", "\n")])
def test_marks_and_line_ends_do_not_matter_to_reading(write_platform, encoding, newline):
    assert read_platform(write_platform(encoding=encoding, newline=newline)).display_name == "ot_x"


def test_an_upper_case_guid_is_the_same_identity(write_platform):
    assert read_platform(write_platform(config__logicalId=GUID.upper())).logical_id == GUID


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config__logicalId": "not-a-guid"}, "logicalId must be a GUID, found 'not-a-guid'"),
        ({"config__logicalId": None}, "logicalId must be a GUID"),
        ({"config__version": "1.0"}, "config.version"),
        ({"metadata__displayName": " "}, "'displayName' must be non-empty text"),
        ({"metadata__type": 7}, "'type' must be non-empty text"),
        ({"metadata__description": 7}, "metadata.description must be text"),
        ({"metadata": []}, "'metadata' must be an object"),
        ({"$schema": None}, "'$schema' is missing"),
    ],
)
def test_each_refusal_names_the_file_and_the_problem(write_platform, changes, said):
    folder = write_platform(**changes)
    with pytest.raises(ItemError) as caught:
        read_platform(folder)
    assert str(folder / ".platform") in str(caught.value)
    assert said in str(caught.value)


def test_a_suffix_that_is_not_the_type_is_refused(write_platform):
    folder = write_platform("ot_x.Warehouse")
    with pytest.raises(ItemError, match=r"metadata\.type is 'Lakehouse' but the folder ends in 'Warehouse'"):
        read_platform(folder)


def test_text_that_is_not_json_is_refused_with_its_place(tmp_path):
    (tmp_path / ".platform").write_text('{\n  "a": ,\n}', encoding="utf-8")
    with pytest.raises(ItemError, match="line 2, column 8: not JSON"):
        read_platform(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / ".platform").write_bytes(b'{"a": "\xff\xfe\x80"}')
    with pytest.raises(ItemError, match="is not utf-8-sig text"):
        read_platform(tmp_path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ItemError, match="cannot be read"):
        read_platform(tmp_path)
