"""classes.json of an exported dataset: the classes in their order, those without a picture too.

labels.csv cannot tell it: it names a class once a picture has it, and nothing says that "very low" lies below "low".
"""

import json
from collections.abc import Sequence

CLASS_LIST = "classes.json"


def class_list_text(names: Sequence[str]) -> str:
    """The file."""
    return json.dumps({"classes": list(names)}, ensure_ascii=False, indent=1)


def read_class_list(content: bytes) -> list[str] | None:
    """The classes that it names, in their order; None for a file that is no such list."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    names = found.get("classes") if isinstance(found, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        return None
    return list(dict.fromkeys(names))
