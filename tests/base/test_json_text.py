"""Results as JSON text."""

import json

import numpy as np
import pytest

from perilune.base.json_text import json_text, plain


def test_copy_has_no_number_that_json_has_no_word_for():
    made = plain({"a": [1.0, float("nan"), (np.inf, np.float64(2.5))], "b": np.array([[1.0, -np.inf]]), "c": "nan", "d": True, "e": 7})
    assert made == {"a": [1.0, None, [None, 2.5]], "b": [[1.0, None]], "c": "nan", "d": True, "e": 7}


def test_text_reads_back_to_the_bit_and_refuses_what_is_not_finite():
    content = {"μ": [0.1, 1e-300, None], "n": 3}
    text = json_text(content)
    assert json.loads(text) == content and text.endswith("}\n") and "μ" in text
    with pytest.raises(ValueError):
        json_text({"x": float("nan")})
