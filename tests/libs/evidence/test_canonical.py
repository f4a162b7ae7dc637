"""A document has one form: that of RFC 8785, which another JSON writer comes to as well."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.evidence.canonical import canonical, digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.from_regex(r"^[a-z_]{1,12}$", fullmatch=True), inner),
    max_leaves=40,
)


@given(st.dictionaries(st.from_regex(r"^[a-z_]{1,12}$", fullmatch=True), VALUES))
def test_the_bytes_are_those_of_the_standard(document: dict[str, Any]) -> None:
    plain = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(document) == plain.encode()


def test_neither_the_order_of_keys_nor_a_reading_changes_the_bytes() -> None:
    written = canonical({"b": [1, {"z": None, "a": "é\n\x1f"}], "a": True})
    assert written == '{"a":true,"b":[1,{"a":"é\\n\\u001f","z":null}]}'.encode()
    assert canonical(json.loads(written)) == written
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
