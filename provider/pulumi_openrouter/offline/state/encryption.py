"""The secrets of a state on disk, encrypted.

The key lies beside the state, so no run asks for a passphrase. It keeps what a program marks as
secret out of everything that somebody may read, search or copy: a state, a journal, a backup of
one. Whoever has the whole folder has the key too.
"""

from __future__ import annotations

import base64
import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_openrouter.offline.exceptions import StateError
from pulumi_openrouter.offline.values.values import SECRET, SIGNATURE, map_secrets

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_OURS = "offline:"
"""What our ciphertexts begin with; the ones of Pulumi's secrets providers begin with a version."""


class Encryption:
    """Encrypts and decrypts the secrets of one stack.

    Args:
        file: The file of the key.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def create_key(self) -> None:
        """Create the key if there is none yet; raises OSError."""
        if self.file.exists():
            return
        temporary = self.file.with_suffix(".key.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.file)

    def dumps(self, document: Any, **options: Any) -> str:
        """Return a document as JSON text in which every secret is encrypted."""
        return json.dumps(map_secrets(self._encrypt, document), ensure_ascii=False, **options)

    def loads(self, text: str) -> Any:
        """Return the document of a JSON text, with every secret readable that was encrypted here.

        Raises StateError where the key is another one; ValueError for what is not JSON.
        """
        return map_secrets(self._decrypt, json.loads(text))

    @cached_property
    def _fernet(self) -> Fernet:
        # Imported here because most states have no secret.
        from cryptography.fernet import Fernet

        return Fernet(self.file.read_bytes())

    def _encrypt(self, secret: dict[str, Any]) -> dict[str, Any]:
        token = self._fernet.encrypt(secret["plaintext"].encode())
        return {SIGNATURE: SECRET, "ciphertext": _OURS + token.decode()}

    def _decrypt(self, secret: dict[str, Any]) -> dict[str, Any]:
        ciphertext = str(secret.get("ciphertext", ""))
        if not ciphertext.startswith(_OURS):
            return secret
        from cryptography.fernet import InvalidToken

        try:
            text = self._fernet.decrypt(ciphertext.removeprefix(_OURS))
        except (OSError, ValueError, InvalidToken) as error:
            msg = (
                f"the secrets of this state were encrypted with another key than that in "
                f"{self.file}; put that key back, or put back a copy of the state from before"
            )
            raise StateError(msg) from error
        return {SIGNATURE: SECRET, "plaintext": text.decode()}
