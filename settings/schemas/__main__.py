"""Writes the JSON Schemas: python -m settings.schemas."""

from settings.schemas import written

for path, text in written().items():
    path.write_text(text, "utf-8")
    print(f"wrote {path.name}")
