"""The secrets of a state on disk, encrypted.

The key lies beside the state, so no run asks for a passphrase. It keeps what a program marks as
secret out of everything that somebody may read, search or copy: a state, a journal, a backup of
one. Whoever has the whole folder has the key too.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_openrouter.offline.exceptions import StateError
from pulumi_openrouter.offline.values.values import SECRET, SIGNATURE, map_secrets

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_OURS = "offline:"
"""What our ciphertexts begin with; the ones of Pulumi's secrets providers begin with a version."""

_KEY_BYTES = 32


class Encryption:
    """Encrypts and decrypts the secrets of one stack.

    Args:
        file: The file of the key.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def prepare(self, texts: Iterable[str | None]) -> None:
        """See that there is a key, and create one where nothing was encrypted with one before.

        Args:
            texts: What the key may have encrypted; read only where there is no usable key.

        Raises OSError; and StateError where something was encrypted with the key that is lost.
        """
        try:
            self._key()
        except (OSError, ValueError) as error:
            if any(_OURS in text for text in texts if text):
                raise self._unusable(error) from error
            self._create_key()

    def _create_key(self) -> None:
        temporary = self.file.with_suffix(".key.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.file)

    def _key(self) -> bytes:
        """Return the key; raises OSError or ValueError where there is none."""
        text = self.file.read_bytes().strip()
        if len(base64.urlsafe_b64decode(text)) != _KEY_BYTES:
            msg = "it is damaged"
            raise ValueError(msg)
        return text

    def _unusable(self, error: Exception) -> StateError:
        if isinstance(error, FileNotFoundError):
            reason = "is missing"
        elif isinstance(error, OSError):
            reason = f"cannot be read ({error.strerror})"
        else:
            reason = "is damaged" if isinstance(error, ValueError) else "is another one"
        return StateError(
            f"the secrets of this state cannot be decrypted: the key {self.file} {reason}; put "
            "back the key that the state was saved with, or a copy of the state from before"
        )

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

        return Fernet(self._key())

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
            raise self._unusable(error) from error
        return {SIGNATURE: SECRET, "plaintext": text.decode()}
