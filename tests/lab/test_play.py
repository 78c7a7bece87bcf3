"""Play of the shared app without a browser: pace, threads, and what stops it."""

import asyncio
import threading
import time

from walk import CONTROLS, Walk, drawing, in_a_loop, walk

from engine.lab.app import App


def test_play_steps_until_pause_and_announces_only_the_end():
    async def journey():
        app = walk(rate=30)
        app.press("step")
        await app.settled()
        said = app.picture.said
        app.press("play")
        await asyncio.sleep(0.3)
        assert app.buttons["play"].description == "Pause"
        during = app.picture.said
        app.press("play")
        paused_at = app.state.steps
        await app.settled()
        await asyncio.sleep(0.1)
        return app, said, during, paused_at

    app, said, during, paused_at = in_a_loop(journey)
    assert during == said
    assert 3 <= app.state.steps <= 17
    assert app.state.steps == paused_at
    assert app.picture.said == app.picture.readout
    assert app.buttons["play"].description == "Play"


def test_at_most_thirty_pictures_a_second():
    drawn = []

    def counted(state):
        drawn.append(time.perf_counter())
        return drawing(state)

    async def journey():
        app = App(Walk(), counted, CONTROLS, rate=30)
        drawn.clear()
        app.press("play")
        end = time.perf_counter() + 0.4
        while time.perf_counter() < end:
            app.send("drag", x=60, y=30)
            await asyncio.sleep(0.001)
        app.stop()
        await app.settled()

    in_a_loop(journey)
    assert 2 <= len(drawn) <= 0.4 * 30 + 3


def test_reset_from_another_thread_during_play_never_touches_the_state_there():
    async def journey():
        app = walk(rate=30, steps=5)
        app.state.pause = 0.002

        def hammer():
            for turn in range(30):
                app.press(("reset", "play", "new_seed")[turn % 3])
                app.controls["width"].value = 1 + turn % 8
                app.send("drag", x=60.0 + turn, y=30.0)
                time.sleep(0.003)

        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.01)
        app.stop()
        await app.settled()
        return app, threading.get_ident()

    app, home = in_a_loop(journey)
    assert app.state.clashes == 0
    assert app.state.threads == {home}
    assert "did not work" not in app.picture.readout
    assert len(app.state.events) > 0


def test_a_loss_that_is_not_finite_stops_play_at_its_first_step():
    async def journey():
        app = walk(rate=30, steps=10)
        app.state.bad_at = 13
        app.press("play")
        await asyncio.sleep(0.4)
        await app.settled()
        app.press("step")
        await app.settled()
        return app

    app = in_a_loop(journey)
    assert app.state.steps == 13
    message = "Stopped at step 13: the loss became inf. The learning rate is too large."
    assert app.picture.readout.splitlines()[-1] == message


def test_reset_after_a_bad_step_makes_a_new_run_possible():
    app = walk()
    app.state.bad_at = 1
    app.press("step")
    assert "Stopped at step 1" in app.picture.readout
    app.state.bad_at = None
    app.press("reset")
    app.press("step")
    assert app.picture.readout == "1 steps, lr 0.1, width 4, seed 0"


def test_a_step_that_raises_stops_and_names_the_step_and_the_error():
    app = walk()
    app.controls["kind"].value = "b"
    app.state.bad_at = 2
    app.press("step")
    app.press("step")
    assert "Stopped at step 2: ZeroDivisionError: a count of nothing" in app.picture.readout


def test_play_stops_when_the_state_is_done_and_after_most_steps():
    async def journey():
        done = walk(rate=30, text="Walk('done')")
        long = walk(rate=30, steps=4, most_steps=9, text="Walk('long')")
        done.state.limit = 3
        for app in (done, long):
            app.press("play")
        await asyncio.sleep(0.5)
        await done.settled()
        await long.settled()
        return done, long

    done, long = in_a_loop(journey)
    assert done.state.steps == 3
    assert done.picture.readout.endswith("Done. Reset starts again.")
    assert long.state.steps == 9
    assert long.picture.readout.endswith("Paused after 9 steps. Play goes on.")


def test_an_app_shown_again_stops_the_earlier_one():
    async def journey():
        earlier = walk(rate=30, text="Walk('again')")
        earlier.press("play")
        await asyncio.sleep(0.15)
        later = walk(rate=30, text="Walk('again')")
        await asyncio.sleep(0.05)
        at = earlier.state.steps
        await asyncio.sleep(0.2)
        return earlier, later, at

    earlier, later, at = in_a_loop(journey)
    assert 1 <= earlier.state.steps == at
    assert not earlier.playing
    assert later.state.steps == 0


def test_a_closed_app_hears_nothing():
    app = walk()
    app.close()
    app.send("drag", x=60, y=30)
    assert app.state.events == []


def test_a_drawing_that_fails_says_so_and_stops():
    def broken(state):
        if state.steps:
            raise KeyError("colour")
        return drawing(state)

    app = App(Walk(), broken)
    app.press("step")
    assert app.picture.readout == "Drawing failed: KeyError: 'colour'"
    assert 'aria-label="0 steps"' in app.picture.svg
