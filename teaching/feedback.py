"""The feedback of one student: a page without scripts that needs no other file."""

import hashlib
import re
from base64 import b64encode
from typing import Any

from jinja2 import Environment

STYLE = """
:root { color-scheme: light dark; --ink: #14181f; --page: #fff; --muted: #5c6570; --line: #d5dae0;
  --card: #f4f6f8; --good: #007556; --bad: #b34700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --page: #14181f; --muted: #9aa4af;
  --line: #3a424d; --card: #1d232c; --good: #35c79a; --bad: #ff9f4a; } }
body { margin: 0 auto; max-width: 50rem; padding: 1rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; } h3 { margin: 1.5rem 0 0.3rem; font-size: 1rem; }
a { color: inherit; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--muted); }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem 0.4rem 0;
  border-bottom: 1px solid var(--line); }
.number { text-align: right; }
.results { table-layout: fixed; } .results th { width: 40%; }
pre { margin: 0.3rem 0; padding: 0.6rem; background: var(--card); border-radius: 0.3rem;
  font-size: 0.85rem; line-height: 1.4; white-space: pre-wrap; }
pre.output { background: none; border: 1px solid var(--line); }
img { display: block; max-width: 100%; background: #fff; margin: 0.3rem 0; }
.passed { color: var(--good); } .other { color: var(--bad); } .note { color: var(--muted); }
"""
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src '{{ hash }}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}: feedback for {{ record.name }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>Feedback for <strong>{{ record.name }}</strong>:
<strong>{{ "%g" | format(record.total) }}</strong> of {{ "%g" | format(record.max) }} points
{%- if record.waiting %} so far; {{ record.waiting }} of the answers below are still to be graded
{%- endif %}.{% if record.late %} Handed in late.{% endif %}</p>
{% if record.status == "review" %}<p class="note">Your teacher will look at this notebook.</p>
{% endif %}
<h2>Points</h2>
<table class="results">
<caption>What was asked, and what came of it</caption>
<thead><tr><th scope="col">Task</th><th scope="col">Result</th>\
<th scope="col" class="number">Points</th></tr></thead>
<tbody>
{% for task, result in tasks %}
<tr><th scope="row">{{ task.hint or task.id }}<br>
{% if task.exercise in ids %}<a href="#cell-{{ task.exercise }}">{{ task.exercise }}</a>
{% else %}{{ task.exercise }}{% endif %}</th>
<td><span class="{{ 'passed' if result.outcome == 'passed' else 'other' }}">
{%- if result.outcome == "by hand" %}
{{ "to be graded" if result.score is none else "graded by hand" }}
{%- else %}{{ result.outcome }}{% endif %}</span>
</td>
<td class="number">{{ "–" if result.score is none else "%g" | format(result.score) }}
 of {{ "%g" | format(task.points) }}</td></tr>
{% if result.message or result.comment %}
<tr><td colspan="3">{% if result.message %}<pre>{{ result.message }}</pre>{% endif %}
{% if result.comment %}Your teacher: {{ result.comment }}{% endif %}</td></tr>
{% endif %}
{% endfor %}
</tbody>
</table>
{% if record.cells %}
<h2>Your notebook</h2>
{% for cell in record.cells %}
<section aria-labelledby="cell-{{ cell.id }}">
<h3 id="cell-{{ cell.id }}">{{ cell.id }}</h3>
<pre>{{ cell.source }}</pre>
{% if cell.output %}<pre class="output">{{ cell.output }}</pre>{% endif %}
{% if cell.error %}<pre class="output other">{{ cell.error }}</pre>{% endif %}
{% for image in cell.images if image is png %}
<img src="data:image/png;base64,{{ image }}"
 alt="Picture {{ loop.index }} that {{ cell.id }} draws">
{% endfor %}
</section>
{% endfor %}
{% endif %}
</main>
</body>
</html>
"""


def _png(text: str) -> bool:
    return re.fullmatch(r"iVBORw0KGgo[A-Za-z0-9+/=\s]*", text) is not None


_environment = Environment(autoescape=True, trim_blocks=True)
_environment.tests["png"] = _png
_template = _environment.from_string(TEMPLATE)
_hash = "sha256-" + b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def page(title: str, tasks: list[dict[str, Any]], record: dict[str, Any]) -> str:
    """The HTML for one student.

    `tasks` are the assignment's as dicts, `record` is a result of `grading.grade` with name,
    late, total, max, waiting (answers without points), and in its tasks comments by hand.
    """
    return _template.render(
        title=title,
        style=STYLE,
        hash=_hash,
        record=record,
        tasks=list(zip(tasks, record["tasks"], strict=True)),
        ids={cell["id"] for cell in record["cells"]},
    )
