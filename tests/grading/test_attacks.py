"""Hostile submissions: each gets what its code deserves, and nobody else notices.

Each attack stands in the answer cell of exercise 01.1 (1 point) of an otherwise solved notebook.
"""

import json
import os
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from submissions import FOLDER, SOLUTION, submission

from engine.grading.breakout import BrokenSandboxError, examine
from engine.grading.exercises import Choice
from engine.grading.process import grade, load_assignment
from engine.grading.sandbox import Sandbox, SandboxMissingError, find_sandbox

pytestmark = pytest.mark.slow  # a process for each submission

SANDBOX = find_sandbox()
WHOLE = load_assignment(FOLDER, seed=11)
# The attacked exercise, one that uses it and two that do not, with less patience than in class.
ASSIGNMENT = replace(
    WHOLE,
    checks=[
        check if isinstance(check, Choice) else replace(check, seconds=1.0)
        for check in WHOLE.checks
        if check.id in ("01.1", "01.3", "01.5", "01.6")
    ],
)


def points(**answers):
    reports = grade(submission(**answers), ASSIGNMENT, SANDBOX)
    return {report.id: report.earned for report in reports}


FULL_MARKS = {"01.1": 1, "01.3": 2, "01.5": 3, "01.6": 2}
WRONG = "def forward(x, w, b):\n    return 7\n"

# What claims a point for nothing. 01.3 uses the student's own forward, and may go with it.
CHEATS = {
    "patched builtins": "import builtins\nbuiltins.abs = builtins.len = lambda *a: 0\n"
    "builtins.all = builtins.any = lambda *a: True\n" + WRONG,
    "patched NumPy": "import numpy as np, numpy.testing\n"
    "np.testing.assert_allclose = np.testing.assert_equal = lambda *a, **k: None\n"
    "np.array_equal = np.allclose = lambda *a, **k: True\n" + WRONG,
    "patched grader": "import engine.grading.values as v, engine.grading.verdict as d\n"
    "v.gap = d.gap = lambda *a: None\n" + WRONG,
    "an object that equals everything": "class Same:\n"
    "    def __eq__(self, other): return True\n"
    "    __ne__ = __lt__ = __gt__ = lambda self, other: False\n"
    "    def __array__(self, *a, **k): raise SystemExit\n"
    "def forward(x, w, b): return Same()\n",
    "a number that equals everything": "class Same(float):\n"
    "    def __eq__(self, other): return True\n    __hash__ = None\n"
    "def forward(x, w, b): return Same(7)\n",
    "the caller's frame": "import sys\ndef forward(x, w, b):\n"
    "    frame = sys._getframe()\n    while frame:\n"
    "        for value in frame.f_locals.values():\n"
    "            if hasattr(value, 'expected'): return value.expected\n"
    "            if isinstance(value, dict) and 'expected' in value: return value['expected']\n"
    "        frame = frame.f_back\n    return 7\n",
    "every object in memory": "import gc\ndef forward(x, w, b):\n"
    "    for thing in gc.get_objects():\n"
    "        if type(thing).__name__ in ('Case', 'Check', 'Exercise'): return 1\n    return 7\n",
    "a forged report": "def forward(x, w, b):\n"
    "    return {'state': 'right', 'earned': 99, 'kind': 'value', 'points': 99}\n",
    "an input transformer": "try:\n    get_ipython().input_transformers_cleanup.append(list)\n"
    "except NameError: pass\n" + WRONG,
    "the solutions folder": "from pathlib import Path\nimport engine\ndef forward(x, w, b):\n"
    f"    for root in (Path(engine.__file__).parents[1], Path({str(FOLDER.parents[1])!r})):\n"
    "        for path in root.rglob('checks.py'):\n"
    "            scope = {}; exec(path.read_text(), scope)\n"
    "            return scope['forward'](x, w, b)\n    return 7\n",
    "an exit hook": "import atexit, os\natexit.register(lambda: os.write(1, b'12 of 12'))\n"
    + WRONG,
    "a subclass of a list": "class L(list):\n    def __len__(self): return 1\n"
    "def forward(x, w, b): return L([1, 2])\n",
}


@pytest.mark.parametrize("attack", CHEATS)
def test_a_cheat_gets_nothing_for_it(attack):
    got = points(answer_01_1=CHEATS[attack])
    assert got["01.1"] == 0
    assert (got["01.5"], got["01.6"]) == (3, 2)


RIGHT = "def forward(x, w, b):\n    return int(w @ x + b > 0)\n"
USES_FORWARD = {"01.1", "01.3"}
# What breaks things; the answers after it are right. (name: cell, checks that may be lost)
VANDALS = {
    "an exit when the cell runs": ("import os\nos._exit(0)\n" + RIGHT, USES_FORWARD),
    "a crash when the cell runs": (
        "import ctypes\nctypes.string_at(0)\n" + RIGHT,
        USES_FORWARD,
    ),
    "killing every process": ("import os\nos.kill(-1, 9)\n" + RIGHT, USES_FORWARD),
    "killing the parent": (
        "import os\nos.kill(os.getppid(), 9)\n" + RIGHT,
        USES_FORWARD,
    ),
    "an exit in the call": (
        "import os\ndef forward(x, w, b):\n    os._exit(0)\n",
        USES_FORWARD,
    ),
    "an endless loop in the cell": (RIGHT + "while True: pass\n", set()),
    "an endless loop that catches": (
        "def forward(x, w, b):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass\n",
        USES_FORWARD,
    ),
    "a fork bomb": (
        "import os\ndef forward(x, w, b):\n    while True:\n        try: os.fork()\n"
        "        except OSError: pass\n",
        USES_FORWARD,
    ),
    "much memory": (
        "hoard = []\ndef forward(x, w, b):\n    while True: hoard.append(bytes(10**8))\n",
        USES_FORWARD,
    ),
    "a full disk": (
        "def forward(x, w, b):\n    for i in range(100):\n"
        "        open(f'/tmp/{i}', 'wb').write(bytes(10**7))\n    return int(w @ x + b > 0)\n",
        USES_FORWARD,
    ),
    "an endless iterator": (
        "class L(list):\n    def __iter__(self):\n        while True: yield 1\n"
        "def forward(x, w, b): return L()\n",
        USES_FORWARD,
    ),
    "a huge answer": (
        "import numpy as np\ndef forward(x, w, b): return np.zeros(10**8)\n",
        USES_FORWARD,
    ),
    "garbage in the channel": (
        "import os\ndef forward(x, w, b):\n    for i in range(3, 30):\n"
        "        try: os.write(i, os.urandom(10**6))\n        except OSError: pass\n"
        "    return int(w @ x + b > 0)\n",
        USES_FORWARD,
    ),
    "a flood of whole frames": (
        "import os, json, struct\nbody = json.dumps({'dict': {'id': 'x', 'running': 0}}).encode()\n"
        "frame = struct.pack('>Q', len(body)) + body\n"
        "def forward(x, w, b):\n    while True:\n        for i in range(3, 30):\n"
        "            try: os.write(i, frame)\n            except OSError: pass\n",
        USES_FORWARD,
    ),
    "a frame of terabytes": (
        "import os, struct\ndef forward(x, w, b):\n    for i in range(3, 30):\n"
        "        try: os.write(i, struct.pack('>Q', 2**42))\n        except OSError: pass\n"
        "    return 1\n",
        USES_FORWARD,
    ),
    "a deep answer": (
        "def forward(x, w, b):\n    deep = []\n    for _ in range(100_000): deep = [deep]\n"
        "    return deep\n",
        USES_FORWARD,
    ),
    "warnings and prints": (
        "import sys, warnings\nwarnings.warn('old')\nprint('x' * 10**6, file=sys.stderr)\n" + RIGHT,
        set(),
    ),
    "another folder": ("import os\nos.chdir('/')\n" + RIGHT, set()),
    "a renamed builtin": ("print = None\nint_ = int\n" + RIGHT, set()),
}


@pytest.mark.parametrize("attack", VANDALS)
def test_vandalism_costs_no_more_than_what_depends_on_it(attack):
    cell, lost = VANDALS[attack]
    began = time.monotonic()
    got = points(answer_01_1=cell)
    assert got == {name: 0 if name in lost else most for name, most in FULL_MARKS.items()}
    assert time.monotonic() - began < 120
    deadline = time.monotonic() + 10  # the system needs a moment to end a process
    while running_workers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running_workers()


def running_workers():
    """Command lines of workers that are still there, of this process or of none."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            parent = int(path.with_name("stat").read_text().rsplit(")")[-1].split()[1])
        except (OSError, ValueError):
            continue
        if b"engine.grading.worker" in words and parent in (1, os.getpid()):
            found.append(words)
    return found


def test_nothing_is_reached_or_learned_from_inside(tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("everyone: 12")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        spy = (
            "import os, socket\nfound = []\n"
            f"try: found.append(open({str(secret)!r}).read())\nexcept OSError: pass\n"
            f"try: open({str(secret)!r}, 'w'); found.append('written')\nexcept OSError: pass\n"
            f"try: socket.create_connection(('127.0.0.1', {port}), 2); found.append('net')\n"
            "except OSError: pass\n"
            f"found += [os.environ.get('CANARY', '')]\n"
            f"found += [n for n in os.listdir('/proc') if n == '{os.getpid()}']\n"
            "def forward(x, w, b): return '|'.join(filter(None, found)) or 'nothing'\n"
        )
        os.environ["CANARY"] = "seen"
        try:
            reports = grade(submission(answer_01_1=spy), ASSIGNMENT, SANDBOX)
        finally:
            del os.environ["CANARY"]
    yours = next(line for line in reports[0].lines if line.startswith("yours:"))
    assert "'nothing'" in yours
    assert secret.read_text() == "everyone: 12"


def test_a_check_sees_nothing_of_the_check_before():
    # Both functions count their calls in one list, and are wrong when it is not empty at first.
    counting = "calls = []\n" + RIGHT + "def update(x, y, w, b, lr):\n    calls.append(1)\n"
    last = "def xor_perceptrons():\n    calls.append(1)\n    if len(calls) > 4: return None\n"
    last += "    return ((1, 1), -0.5), ((1, 1), -1.5), ((1, -1), -0.5)\n"
    assert points(answer_01_1=counting, answer_01_3="pass", answer_01_6=last)["01.6"] == 2


def test_a_graded_cell_that_is_there_twice_stops_nobody():
    notebook = json.loads(SOLUTION)
    answers = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    notebook["cells"] += answers
    reports = grade(json.dumps(notebook).encode(), ASSIGNMENT, SANDBOX)
    assert sum(report.earned for report in reports) == sum(FULL_MARKS.values())


def test_attacks_at_the_same_time_do_not_touch_an_honest_student():
    results = {}

    def work(name, content):
        results[name] = sum(report.earned for report in grade(content, ASSIGNMENT, SANDBOX))

    jobs = {
        "honest": SOLUTION,
        "bomb": submission(answer_01_1=VANDALS["a fork bomb"][0]),
        "killer": submission(answer_01_1=VANDALS["killing every process"][0]),
    }
    threads = [threading.Thread(target=work, args=job) for job in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {"honest": 8, "bomb": 5, "killer": 5}


def test_the_sandbox_holds_against_every_attempt_to_break_out():
    examine(SANDBOX, [FOLDER])


def test_the_attempts_come_through_where_there_is_no_sandbox():
    with pytest.raises(BrokenSandboxError) as error:
        examine(Sandbox("none"), [FOLDER])
    for words in ("reaches the network", f"sees {FOLDER}", "home folder", "writes beside"):
        assert words in str(error.value)


def test_a_machine_without_a_sandbox_runs_nothing_unless_told_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxMissingError, match="apt install bubblewrap"):
        find_sandbox()
    assert find_sandbox(trusted=True).level == "none"
