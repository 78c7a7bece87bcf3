"""Judge answers: how many points, and what to say. The same in the notebook and in grading."""

import time
from dataclasses import dataclass, field

from engine.grading.answers import Outcome, Student, undefined
from engine.grading.exercises import Case, Check, Choice, likely_causes
from engine.grading.values import Gap, gap, show
from engine.measures import UnfitAnswerError


@dataclass(frozen=True)
class Report:
    """The verdict on one exercise. state: "right", "wrong" or "unanswered"."""

    id: str
    state: str
    earned: float
    points: float
    summary: str
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        sign = {"right": "✓ right", "wrong": "✗ not yet", "unanswered": "○ open"}[self.state]
        unit = "point" if self.points == 1 else "points"
        score = f" ({self.earned:g} of {self.points:g} {unit})"
        head = f"{sign}  {self.id}  {self.summary}{score if self.state != 'unanswered' else ''}"
        return "\n".join([head, *(f"    {line}" for line in self.lines)])


def judge(check: Check | Choice, student: Student) -> Report:
    """Put one check to a student's answers."""
    return _judge_choice(check, student) if isinstance(check, Choice) else _judge(check, student)


def _judge(check: Check, student: Student) -> Report:
    outcomes: list[Outcome] = []
    started = time.monotonic()
    for case in check.cases:
        left = check.seconds - (time.monotonic() - started)
        raw = student.call(check.name, case.args, max(left, 0.1))
        # A helper of the notebook may call an answer whose cell has not run.
        unmet = [n for n in check.answers if raw.text.startswith(f"NameError: name '{n}'")]
        raw = undefined(unmet[0]) if unmet else raw
        if raw.kind in ("unanswered", "missing", "unusable"):
            return _without_answer(check, raw)
        outcomes.append(_measured(check, raw, case))
        if raw.kind in ("timeout", "crash"):
            break
    gaps = [_gap(check, o, case) for o, case in zip(outcomes, check.cases, strict=False)]
    failing = [i for i, found in enumerate(gaps) if found is not None]
    if not failing:
        summary = f"`{check.name}` is right on {_inputs(len(check.cases))}."
        points = check.points
        return Report(check.id, "right", points, points, summary, _notes(check, outcomes))
    lines = _explanation(check, outcomes, gaps, failing[0])
    summary = f"`{check.name}` is wrong on {len(failing)} of {_inputs(len(outcomes))}"
    untried = len(check.cases) - len(outcomes)
    summary += f"; the other {untried} were not tried." if untried else "."
    return Report(check.id, "wrong", 0.0, check.points, summary, lines + _notes(check, outcomes))


def _measured(check: Check, outcome: Outcome, case: Case) -> Outcome:
    if check.measure is None or outcome.kind != "value" or outcome.value is None:
        return outcome
    try:
        return check.measured(outcome, case)
    except UnfitAnswerError as error:
        return Outcome("unreadable", text=f"please {error}; here it is {show(outcome.value)}")


def _gap(check: Check, outcome: Outcome, case: Case) -> Gap | None:
    if outcome.kind == "value":
        return gap(outcome.value, case.expected, check.tolerance)
    return Gap()


def _explanation(
    check: Check, outcomes: list[Outcome], gaps: list[Gap | None], first: int
) -> list[str]:
    case, outcome = check.cases[first], outcomes[first]
    named = zip(check.inputs, case.args or case.on, strict=True)  # a measure's data stay unseen
    yours = outcome.text or show(outcome.value, check.outputs)
    if outcome.kind == "timeout":
        yours = f"no answer within {check.seconds:g} s. Is there a loop that never ends?"
    elif outcome.kind == "value" and outcome.value is None and case.expected is not None:
        yours = "None. Did you forget `return`?"
    elif (found := gaps[first]) is not None and found.text:
        yours += f" ({found.text})"
    rows = [
        ("first failing input", ", ".join(f"{name} = {show(v)}" for name, v in named)),
        ("yours", yours),
        ("expected", show(case.expected, check.outputs)),
    ]
    worst = max(filter(None, gaps), key=lambda found: found.deviation or 0.0)
    if worst.deviation is not None:
        elsewhere = "" if worst is gaps[first] else ", on another input"
        rows.append(("largest deviation", show(worst.deviation) + elsewhere))
    rows += [("likely cause", hint) for hint in likely_causes(check, outcomes)]
    return [f"{label + ':':21s}{text}" for label, text in rows if text]


def _notes(check: Check, outcomes: list[Outcome]) -> list[str]:
    lines = []
    changed = sorted({name for outcome in outcomes for name in outcome.changed})
    if changed:
        names = " and ".join(f"`{name}`" for name in changed)
        lines.append(f"note: {check.name} changes its input {names} in place, and with it the")
        lines.append("      caller's data. Write w = w + step in place of w += step.")
    if any(outcome.printed for outcome in outcomes):
        lines.append(f"note: what {check.name} prints is left out here.")
    return lines


def _judge_choice(choice: Choice, student: Student) -> Report:
    lines, right, answered = [], 0, 0
    for name, messages in choice.questions.items():
        outcome = student.value(name)
        letter = outcome.value.strip().lower() if isinstance(outcome.value, str) else None
        if outcome.kind in ("missing", "unanswered"):
            lines.append(f"○ {name}: not answered yet.")
            continue
        answered += 1
        if letter not in messages:
            letters = ", ".join(f'"{key}"' for key in messages)
            seen = show(outcome.value) if outcome.kind == "value" else "something else"
            lines.append(f"✗ {name}: write one of {letters} in quotes; it is {seen}.")
            continue
        good = messages[letter].startswith("Right")
        right += good
        lines.append(f'{"✓" if good else "✗"} {name} = "{letter}": {messages[letter]}')
    if not answered:
        text = "No choice is made yet: write a letter for each, run the cell, then this one."
        return Report(choice.id, "unanswered", 0.0, choice.points, text)
    total = len(choice.questions)
    earned = choice.points * right / total
    summary = f"{right} of {total} choices {'is' if right == 1 else 'are'} right."
    state = "right" if right == total else "wrong"
    return Report(choice.id, state, earned, choice.points, summary, lines)


def _without_answer(check: Check, outcome: Outcome) -> Report:
    text = "No answer yet: write one, run its cell, then this one. Both done? `return` is missing."
    state = "wrong" if outcome.kind == "unusable" else "unanswered"
    return Report(check.id, state, 0.0, check.points, outcome.text or text)


def _inputs(count: int) -> str:
    return f"{count} input{'' if count == 1 else 's'}"
