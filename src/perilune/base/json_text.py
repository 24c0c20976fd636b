"""Results as JSON text: one layout, and null for what is not finite, which JSON has no word for."""

import json
import math
from typing import Any

import numpy as np


def json_text(content: Any) -> str:
    """`content`, which must be finite throughout, as the text of a file."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A copy for JSON: arrays and tuples as lists, numbers that are not finite as None."""
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
