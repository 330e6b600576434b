"""What a text shows of the signs in it that nobody sees."""

import unicodedata

import pytest

from teaching.store import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb\xadc\u2060d\u034fe\u3164f", r"a\u200bb\u00adc\u2060d\u034fe\u3164f"),
        ("x\U000e0041y\U000e01efz", r"x\U000e0041y\U000e01efz"),
        ("a\u200db x\ufe0f \u202e \0", r"a\u200db x\ufe0f \u202e \u0000"),
        (
            "\u115f\u1160\u17b4\u180e\u2800\uffa0\u206a",
            r"\u115f\u1160\u17b4\u180e\u2800\uffa0\u206a",
        ),
        ("plain, Zoë, 陳大文 \u2264 \xb1\t\n", "plain, Zoë, 陳大文 \u2264 \xb1\t\n"),
        ("❤️ 1️⃣ 👩‍💻 🏳️‍🌈 👍🏽", "❤️ 1️⃣ 👩‍💻 🏳️‍🌈 👍🏽"),  # emoji of several signs
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian, as it is typed
        ("❤\ufe0f\ufe0f\u200d.", "❤\ufe0f" + r"\ufe0f\u200d."),
    ],
)
def test_what_nobody_sees_is_shown(text, shown):
    assert visible({"a": [text]}) == {"a": [shown]}


def test_no_control_or_format_character_is_left_alone():
    kinds = "Cc", "Cf", "Cs", "Zl", "Zp"
    every = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) in kinds]
    assert [c for c in every if visible(f"a{c}b") == f"a{c}b"] == ["\t", "\n", "\r"]
