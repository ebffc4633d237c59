"""Write the reference pages, and remove those of what is no longer there."""

from generator import REFERENCE, pages

found = pages()
for file in REFERENCE.glob("*.md"):
    if file.name not in found:
        file.unlink()
for name, text in found.items():
    (REFERENCE / name).write_text(text, encoding="utf-8")
