"""The only room that reads or writes tables: the `Lakehouse` object, its files and its writes.

One writer per table at a time is assumed (each contract names it); every write is one Delta commit or none.
"""

from __future__ import annotations

from fabric_ot.lakehouse.files import FileArea, LandedFile
from fabric_ot.lakehouse.landed_tables import LandedTable, TableVersion
from fabric_ot.lakehouse.locations import open_lakehouse
from fabric_ot.lakehouse.merge import Keep, MergeCounts
from fabric_ot.lakehouse.tables import Lakehouse
from fabric_ot.lakehouse.together import do_together

__all__ = [
    "FileArea", "Keep", "Lakehouse", "LandedFile", "LandedTable", "MergeCounts", "TableVersion", "do_together",
    "open_lakehouse",
]  # fmt: skip
