"""`notebookutils.lakehouse`: the lakehouses of a workspace and where they lie."""

from __future__ import annotations

from fabric_ot.workbench.items.lakehouse import load_lakehouse
from fabric_ot.workbench.items.repository import Item
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Area, Record
from fabric_ot.workbench.local.onelake import LAKEHOUSE

Records = list[Record]


class LakehousesArea(Area):
    """`notebookutils.lakehouse`: reading only; lakehouses are created by their definitions."""

    area = "lakehouse"

    def __init__(self, place: NotebookPlace) -> None:
        """Keep the notebook's place."""
        self._place = place

    def get(self, name: str = "", workspaceId: str = "") -> Record:  # noqa: N803
        """Return a lakehouse by name; without a name, the notebook's default one."""
        return self._describe(self._find(name, workspaceId), workspaceId)

    def getWithProperties(self, name: str, workspaceId: str = "") -> Record:  # noqa: N802, N803
        """Return a lakehouse with `properties.oneLakeTablesPath` and `oneLakeFilesPath`."""
        item = self._find(name, workspaceId)
        folder = self._place.onelake.item_folder(item).resolve()
        properties = {"oneLakeTablesPath": str(folder / "Tables"), "oneLakeFilesPath": str(folder / "Files")}
        schema = load_lakehouse(item.folder).default_schema
        more = {"abfsPath": str(folder), **({"defaultSchema": schema} if schema else {})}
        return Record({**self._describe(item, workspaceId), "properties": Record({**properties, **more})})

    def list(self, workspaceId: str = "", maxResults: int = 1000) -> Records:  # noqa: N803
        """Return the lakehouses of a workspace."""
        layer = self._place.layer_of(workspaceId)
        items = [item for item in self._place.onelake.repository.of_type(LAKEHOUSE) if item.layer == layer]
        return [self._describe(item, workspaceId) for item in items[:maxResults]]

    def listTables(  # noqa: N802
        self,
        lakehouse: str = "",
        workspaceId: str = "",  # noqa: N803
        maxResults: int = 1000,  # noqa: N803
    ) -> Records:
        """Return the tables of a lakehouse, those behind shortcuts too."""
        tables = self._place.onelake.tables(self._find(lakehouse, workspaceId))
        found = [
            Record(name=name, schemaName=schema, type="Managed", location=str(folder), format="delta")
            for (schema, name), folder in tables.items()
        ]
        return found[:maxResults]

    def _find(self, name: str, workspace_id: str) -> Item:
        if not name and self._place.default_lakehouse is not None:
            return self._place.default_lakehouse
        return self._place.onelake.named(LAKEHOUSE, name, self._place.layer_of(workspace_id))

    def _describe(self, item: Item, workspace_id: str) -> Record:
        layer = self._place.layer_of(workspace_id)
        return Record(
            id=item.logical_id,
            type=LAKEHOUSE,
            displayName=item.display_name,
            description="",
            workspaceId=self._place.onelake.workspace_id(layer),
        )
