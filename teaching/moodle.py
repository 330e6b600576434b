"""Quizzes as Moodle XML, which Moodle's question bank imports.

Formulas stand in `\\( \\)`, which Moodle's MathJax filter shows. Imported by the importer of Moodle
4.5; those of 4.1 and 5.0 were read.
"""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import TYPE_CHECKING

from teaching.source import AuthoringError

if TYPE_CHECKING:
    from text2qti.quiz import Choice, Question, Quiz

FORMULA = re.compile(r'<img class="equation_image"[^>]*?data-equation-content="([^"]*)"[^>]*>')
MARKUP = re.compile("<text>([^<]*&[^<]*)</text>")
PENALTY = "0.3333333"  # of a try more, where a quiz allows them


def xml(quiz: "Quiz", category: str) -> bytes:
    """The questions of a quiz in a category of the course's question bank.

    Those of a group have a category of their own in it, from which a quiz draws a random one.

    Raises:
        AuthoringError: a question is of a kind that the course does not use.
    """
    top = ET.Element("quiz")
    heading(top, category)
    for number, group in enumerate(grouped(quiz), 1):
        title = f"{number:02d} {html.unescape(group[0].title_xml)}"
        if len(group) == 1:
            top.append(question(group[0], title))
            continue
        heading(top, category, title)
        top.extend(question(one, f"{title} ({i})") for i, one in enumerate(group, 1))
        heading(top, category)
    ET.indent(top)
    data: str = ET.tostring(top, "utf-8", xml_declaration=True).decode()
    return MARKUP.sub(section, data).encode()


def grouped(quiz: "Quiz") -> Iterator["list[Question]"]:
    """The questions in their order, those of a group together."""
    from text2qti.quiz import GroupEnd, GroupStart

    parts = iter(quiz.questions_and_delims)
    for one in parts:
        if isinstance(one, GroupStart):
            yield one.group.questions
            while not isinstance(next(parts), GroupEnd):
                pass
        else:
            yield [one]


def heading(top: ET.Element, *path: str) -> None:
    """What follows goes into this category."""
    one = ET.SubElement(top, "question", type="category")
    places = "/".join(["$course$", "top", *(part.replace("/", "//") for part in path)])
    text(one, "category", places, "")


def section(found: re.Match[str]) -> str:
    """The text of an element, written as Moodle writes it where it has markup.

    Moodle's parser drops white space that stands between two entities, as those of two tags.
    """
    said = html.unescape(found[1]).replace("]]>", "]]]]><![CDATA[>")
    return f"<text><![CDATA[{said}]]></text>"


def question(one: "Question", name: str) -> ET.Element:
    kinds = {
        "multiple_choice_question": "multichoice", "multiple_answers_question": "multichoice",
        "true_false_question": "multichoice", "numerical_question": "numerical",
    }  # fmt: skip
    if getattr(one, "type", None) not in kinds:
        raise AuthoringError(f"{name}: Moodle gets questions with options or a number only")
    number = one.type == "numerical_question"
    if number and one.numerical_exact is None:
        raise AuthoringError(f"{name}: Moodle takes a number with +-, and no two ends")
    if not number and (one.correct_feedback_raw or one.incorrect_feedback_raw):
        raise AuthoringError(f"{name}: give feedback for each option, as Moodle shows that alone")
    out = ET.Element("question", type=kinds[str(one.type)])
    text(out, "name", name, "")
    text(out, "questiontext", shown(one.question_html_xml))
    text(out, "generalfeedback", shown(one.feedback_html_xml))
    ET.SubElement(out, "defaultgrade").text = f"{one.points_possible:g}"
    ET.SubElement(out, "penalty").text = PENALTY
    if number:
        exact, low = float(one.numerical_exact), float(one.numerical_min)
        right = answer(out, 100, f"{exact:.6g}", shown(one.correct_feedback_html_xml))
        ET.SubElement(right, "tolerance").text = f"{exact - low:.3g}"
        if said := shown(one.incorrect_feedback_html_xml):
            ET.SubElement(answer(out, 0, "*", said), "tolerance").text = "0"
        return out
    several = one.type == "multiple_answers_question"
    ET.SubElement(out, "single").text = str(not several).lower()
    ET.SubElement(out, "shuffleanswers").text = "true"
    ET.SubElement(out, "answernumbering").text = "none"
    for choice in one.choices:
        share = fraction(choice, one.choices) if several else 100.0 * choice.correct
        answer(out, share, shown(choice.choice_html_xml), shown(choice.feedback_html_xml), "html")
    return out


def fraction(choice: "Choice", every: "list[Choice]") -> float:
    """Per cent of the points: all right ones give 100, as many wrong ones take them away."""
    alike = sum(other.correct == choice.correct for other in every)
    return float((100 if choice.correct else -100) / alike)


def answer(
    out: ET.Element, share: float, said: str, feedback: str, form: str = "plain_text"
) -> ET.Element:
    one = ET.SubElement(out, "answer", fraction=f"{share:.7g}", format=form)
    ET.SubElement(one, "text").text = said
    text(one, "feedback", feedback)
    return one


def text(parent: ET.Element, tag: str, said: str, form: str = "html") -> None:
    one = ET.SubElement(parent, tag, {"format": form} if form else {})
    ET.SubElement(one, "text").text = said


def shown(markup: str | None) -> str:
    """HTML as text2qti made it, with its formulas as TeX."""
    source = html.unescape(markup or "")  # it is escaped for XML, as it will be here again
    return FORMULA.sub(lambda m: rf"\({m[1]}\)", source).strip()
