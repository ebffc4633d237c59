"""Runs the program that the file `variant` names; a scenario writes that file before each step."""

from pathlib import Path

import changes
import imports
import relations

name = Path("variant").read_text()
module = next((one for one in (changes, imports) if hasattr(one, name)), relations)
getattr(module, name)()
