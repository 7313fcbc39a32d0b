#!/usr/bin/env python3
"""Writes the rules of schema/alerts into config/affsync.schema.json. Run it after a rule or a setting
is new; a test compares the two."""
import json
import pathlib

root = pathlib.Path(__file__).resolve().parent.parent
path = root / "config/affsync.schema.json"
schema = json.loads(path.read_text())
# What is left empty is as if it were not there.
empty = {"type": "null"}
forms = {
    "usd": {"type": ["string", "number", "null"]},
    "duration": {"anyOf": [{"$ref": "#/$defs/duration"}, empty]},
    "days": {"anyOf": [{"$ref": "#/$defs/days"}, empty]},
    "count": {"type": ["integer", "string", "null"], "minimum": 1, "pattern": "^[0-9]+$"},
    "percent": {"anyOf": [{"$ref": "#/$defs/percent"}, empty]},
}
to = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, empty],
    "description": "Names of receivers; all if it is not given.",
}
keys = ("severity", "window", "together", "setting")
rules = {}
for file in sorted((root / "schema/alerts").glob("*.sql")):
    name = file.stem.split("_", 1)[1]
    about, settings = [], {}
    for line in file.read_text().splitlines():
        if not line.startswith("--"):
            break
        line = line[2:].strip()
        key = line.split(":", 1)[0]
        if key == "setting":
            word, kind, default, text = line.split(":", 1)[1].strip().split(" ", 3)
            settings[word] = {**forms[kind], "description": f"{text} Default: {default}."}
        elif key not in keys:
            about.append(line)
    rules[name] = {
        "anyOf": [
            {"$ref": "#/$defs/flag"},
            empty,
            {
                "title": f"the rule {name}",
                "type": "object",
                "additionalProperties": False,
                "properties": {**settings, "to": to},
            },
        ],
        "description": " ".join(about),
    }
names = list(rules)


def rename(value):
    """Replaces each list of all rules, which `except` has."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "enum" and isinstance(inner, list) and "source_blocked" in inner:
                value[key] = names
            else:
                rename(inner)
    elif isinstance(value, list):
        for inner in value:
            rename(inner)


rename(schema)
schema["properties"]["alerts"]["properties"]["rules"]["properties"] = rules
path.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n")
