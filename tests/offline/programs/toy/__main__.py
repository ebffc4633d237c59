"""Runs the program that the file `variant` names; a scenario writes that file before each step."""

from pathlib import Path

import changes
import relations

name = Path("variant").read_text()
getattr(changes if hasattr(changes, name) else relations, name)()
