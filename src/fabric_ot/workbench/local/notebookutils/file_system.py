"""`notebookutils.fs`, inside the local OneLake only."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.local.notebookutils.file_paths import require_inside_item, resolve_path
from fabric_ot.workbench.local.notebookutils.place import NotebookPlace
from fabric_ot.workbench.local.notebookutils.refusal import Area

_HEAD_BYTES = 102_400


@dataclass(frozen=True)
class FileInfo:
    """One entry of a listing, with Fabric's names."""

    name: str
    path: str
    size: int
    isDir: bool  # noqa: N815
    isFile: bool  # noqa: N815
    modifyTime: int  # noqa: N815


class FileSystemArea(Area):
    """`notebookutils.fs`."""

    area = "fs"

    def __init__(self, place: NotebookPlace) -> None:
        """Keep the notebook's place."""
        self._place = place

    def ls(self, path: str) -> list[FileInfo]:
        """List a folder, or the one file that `path` names."""
        found = self._existing(path)
        entries = sorted(found.iterdir()) if found.is_dir() else [found]
        return [_info(entry) for entry in entries]

    def exists(self, file: str) -> bool:
        """Say whether a file or folder exists."""
        return resolve_path(self._place, file).exists()

    def mkdirs(self, path: str) -> bool:
        """Create a folder and those above it."""
        self._writable(path).mkdir(parents=True, exist_ok=True)
        return True

    def head(self, file: str, max_bytes: int = _HEAD_BYTES) -> str:
        """Return the first bytes of a file as UTF-8."""
        with self._existing(file).open("rb") as stream:
            return stream.read(max_bytes).decode("utf-8", errors="replace")

    def put(self, file: str, content: str, overwrite: bool = False) -> bool:
        """Write a text file."""
        target = self._writable(file)
        if target.exists() and not overwrite:
            message = f"{file!r} exists. Hint: pass overwrite=True."
            raise PlatformError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8", newline="")
        return True

    def append(self, file: str, content: str, createFileIfNotExists: bool = False) -> bool:  # noqa: N803
        """Add text to a file."""
        target = self._writable(file)
        if not target.exists() and not createFileIfNotExists:
            message = f"{file!r} does not exist. Hint: pass createFileIfNotExists=True."
            raise PlatformError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8", newline="") as stream:
            stream.write(content)
        return True

    def cp(self, src: str, dest: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with `recurse`."""
        source, target = self._existing(src), self._writable(dest)
        self._require_recurse(source, src, recurse)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target / source.name if target.is_dir() else target)
        return True

    def mv(self, src: str, dest: str, create_path: bool = False, overwrite: bool = False) -> bool:
        """Move a file or folder."""
        source, target = self._writable(src), self._writable(dest)
        self._existing(src)
        if target.is_dir():
            target = target / source.name
        if target.exists() and not overwrite:
            message = f"{dest!r} exists. Hint: pass overwrite=True."
            raise PlatformError(message)
        if not target.parent.exists() and not create_path:
            message = f"the folder of {dest!r} does not exist. Hint: pass create_path=True."
            raise PlatformError(message)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
        return True

    def rm(self, path: str, recurse: bool = False) -> bool:
        """Remove a file, or a folder with `recurse`."""
        target = self._writable(path)
        self._existing(path)
        self._require_recurse(target, path, recurse)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
        return True

    def _existing(self, path: str) -> Path:
        found = resolve_path(self._place, path)
        if not found.exists():
            message = f"{path!r} does not exist in OneLake."
            raise PlatformError(message)
        return found

    def _writable(self, path: str) -> Path:
        return require_inside_item(self._place, resolve_path(self._place, path), path)

    def _require_recurse(self, found: Path, path: str, recurse: bool) -> None:
        if found.is_dir() and not recurse:
            message = f"{path!r} is a folder. Hint: pass recurse=True."
            raise PlatformError(message)


def _info(entry: Path) -> FileInfo:
    status = entry.stat()
    size = 0 if entry.is_dir() else status.st_size
    return FileInfo(entry.name, str(entry), size, entry.is_dir(), entry.is_file(), int(status.st_mtime * 1000))
