"""Time that tokens take; what they are is seen in the tests of those who use them."""

from nightporter.protocols.postgres.tokens import tokens, without_gaps


def test_dashes_after_a_string_take_time_in_proportion() -> None:
    text = b"select E'a' " + b"-" * 20_000
    assert [kind for kind, _, _ in tokens(text)] == ["word", "string", "comment"]
    assert without_gaps(b"select E'a' --x\n--y\n 'b'") == b"select E'a'    \n   \n 'b'"
