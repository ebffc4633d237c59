"""Runs the program that the file `variant` names; a scenario writes that file before each step."""

from pathlib import Path

import changes
import imports
import relations

name = Path("variant").read_text()
next(getattr(one, name) for one in (changes, relations, imports) if hasattr(one, name))()
