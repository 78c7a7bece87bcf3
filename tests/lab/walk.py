"""A walk of steps: the state with which the tests of the shared app work."""

import asyncio
import threading
import time

from engine.lab import svg
from engine.lab.app import App
from engine.lab.controls import Choice, IntSlider, Rates, Toggle

PLOT = svg.Plot(x=(0, 10), y=(0, 1), box=(50, 20, 300, 200), name="plane")


class Walk:
    """A state that notices when two threads touch it at once."""

    def __init__(self):
        self.lr, self.width, self.kind, self.noisy, self.seed = 0.1, 4, "a", False, 0
        self.ghost, self.limit, self.bad_at, self.events = None, None, None, []
        self.pause, self.busy, self.clashes, self.threads = 0.0, False, 0, set()
        self.reset()

    def _alone(self):
        self.clashes += self.busy
        self.busy = True
        self.threads.add(threading.get_ident())
        time.sleep(self.pause)
        self.busy = False

    def reset(self):
        self._alone()
        self.steps = 0

    def step(self, n=1):
        self._alone()
        for _ in range(n):
            self.steps += 1
        if self.bad_at == self.steps and self.kind == "b":
            raise ZeroDivisionError("a count of nothing")

    @property
    def loss(self):
        return float("inf") if self.bad_at == self.steps else 1.0 / (1 + self.steps)

    @property
    def done(self):
        return self.limit is not None and self.steps >= self.limit

    def trace(self):
        return self.steps

    def trouble(self):
        return "The learning rate is too large."

    def drag(self, event):
        self.events.append(event)
        self.lr = 0.3

    def key(self, event):
        self.events.append(event)

    def summary(self):
        return f"{self.steps} steps, lr {self.lr}, width {self.width}, seed {self.seed}"


CONTROLS = (
    Rates("lr", "learning rate", options=(0.1, 0.3, 1.0)),
    IntSlider("width", "width", low=1, high=8, restart=True),
    Choice("kind", "kind", options={"kind A": "a", "kind B": "b"}),
    Toggle("noisy", "noise"),
)


def drawing(state):
    return svg.document(400, 300, f"{state.steps} steps", PLOT.axes())


def walk(**options):
    return App(Walk(), drawing, CONTROLS, **{"plots": [PLOT], "keys_help": "keys", **options})


def in_a_loop(journey):
    """Run a coroutine in a thread with a loop of its own, as a kernel has one."""
    result = []

    def work():
        try:
            result.append((asyncio.run(journey()), None))
        except BaseException as error:
            result.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert result, "the journey did not end in 30 s"
    value, error = result[0]
    if error is not None:
        raise error
    return value
