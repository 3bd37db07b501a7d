"""Secrets and tokens from a local file or the environment; they are never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

from fabric_ot.errors import PlatformError
from fabric_ot.workbench.local.notebookutils.refusal import Area

SECRETS_FILE_VARIABLE = "FABRIC_OT_SECRETS"
"""Names the JSON file, which belongs outside the checkout."""
SECRET_PREFIX = "FABRIC_OT_SECRET_"  # noqa: S105
TOKEN_PREFIX = "FABRIC_OT_TOKEN_"  # noqa: S105


class Secrets:
    """Where secrets come from: environment variables first, then a JSON file.

    The file holds `{"secrets": {"<vault>": {"<name>": ".."}}, "tokens": {"<audience>": ".."}}`.
    """

    def __init__(self, *, environment: Mapping[str, str] | None = None, file: Path | None = None) -> None:
        """Read nothing yet."""
        self._environment = environment or {}
        self._file = file

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Secrets:
        """Return what this environment offers: its variables, and the file that one of them names."""
        file = environment.get(SECRETS_FILE_VARIABLE)
        return cls(environment=environment, file=Path(file) if file else None)

    def secret(self, vault: str, name: str) -> str:
        """Return a secret of a key vault, given by its address or name.

        Raises:
            PlatformError: it is nowhere; the message says where it was looked for.
        """
        short = (urlparse(vault).hostname or vault).partition(".")[0]
        found = self._environment.get(variable_name(SECRET_PREFIX, name))
        return self._require(found or self._section("secrets").get(short, {}).get(name), SECRET_PREFIX, name, short)

    def token(self, audience: str) -> str:
        """Return a token for an audience.

        Raises:
            PlatformError: it is nowhere; the message says where it was looked for.
        """
        found = self._environment.get(variable_name(TOKEN_PREFIX, audience))
        return self._require(found or self._section("tokens").get(audience), TOKEN_PREFIX, audience, "tokens")

    def _section(self, name: str) -> dict[str, dict[str, str]]:
        if self._file is None or not self._file.is_file():
            return {}
        try:
            section = json.loads(self._file.read_text(encoding="utf-8")).get(name, {})
        except (ValueError, AttributeError):
            # The decoder's own message would show a piece of the file.
            message = f"{self._file}: not a JSON object. Hint: see `Secrets` for its form."
            raise PlatformError(message) from None
        return section if isinstance(section, dict) else {}

    def _require(self, found: object, prefix: str, name: str, section: str) -> str:
        if isinstance(found, str) and found:
            return found
        variable = variable_name(prefix, name)
        place = f", nor {section}/{name} in {self._file}" if self._file else ""
        message = f"no value for {name!r}: neither the environment variable {variable}{place}. Hint: set one of them."
        raise PlatformError(message)


def variable_name(prefix: str, name: str) -> str:
    """Return the environment variable that may hold a secret.

    Example:
        >>> variable_name(SECRET_PREFIX, "sftp-password")
        'FABRIC_OT_SECRET_SFTP_PASSWORD'
    """
    return prefix + re.sub(r"\W+", "_", name).upper()


class CredentialsArea(Area):
    """`notebookutils.credentials`."""

    area = "credentials"

    def __init__(self, secrets: Secrets) -> None:
        """Keep the source of secrets."""
        self._secrets = secrets

    def getSecret(self, akvName: str, secret: str) -> str:  # noqa: N802, N803
        """Return a secret of a key vault."""
        return self._secrets.secret(akvName, secret)

    def getToken(self, audience: str) -> str:  # noqa: N802
        """Return a token for an audience such as `storage` or `pbi`."""
        return self._secrets.token(audience)
