"""The names of shared copies, and the links that they are in."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.protocol import read_event
from app.protocol.ids import is_share_id, is_share_path, new_share_id, share_path


def test_a_name_is_new_every_time_and_makes_a_path() -> None:
    names = {new_share_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(is_share_id(name) and is_share_path(share_path(name)) for name in names)


@given(st.text() | st.text("aA0_-", min_size=20, max_size=24))
def test_what_is_no_name_is_refused_at_its_field_before_the_store_is_asked(name: str) -> None:
    fits = len(name) == 22 and set(name) <= set(string.ascii_letters + string.digits + "-_")
    assert is_share_id(name) == fits == is_share_path(share_path(name))
    for event, code in (("withdraw", "not_your_copy"), ("open_shared", "no_such_copy")):
        if fits:
            assert dict(read_event(event, ({"id": name},))) == {"id": name}
            continue
        with pytest.raises(UserError) as caught:
            read_event(event, ({"id": name},))
        # The sentence is the code's own: nothing of the name stands in it.
        assert caught.value.answer == UserError(code, "id").answer
