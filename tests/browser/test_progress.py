"""Long training in a real kernel: the bar moves, and the stop button leaves a working notebook."""

LOOP = """import time
from engine.lab import progress
reached = 0
for step in progress(range(20_000), "LSTM"):
    reached = step + 1
    time.sleep(0.02)
"""  # takes minutes: on a busy machine too it is not over before the interrupt comes


def test_the_bar_moves_and_an_interrupt_ends_the_loop_alone(lab):
    page = lab.open_cells(LOOP, "print('reached', reached)")
    page.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    label = page.page.locator(".jp-OutputArea-output div.widget-label")
    label.filter(has_text="0 of 20,000").wait_for()
    page.page.wait_for_function(
        "() => Number(/LSTM: (\\d+)/.exec(document.body.innerText)?.[1]) > 20"
    )
    page.screenshot("progress_running")
    page.page.evaluate("jupyterapp.commands.execute('notebook:interrupt-kernel')")
    label.filter(has_text="interrupted: what follows uses what was reached").wait_for()
    page.wait_idle()
    assert not page.errors()
    reached = int(page.kernel_value("reached"))
    assert 20 < reached < 20_000
    assert f"LSTM: {reached:,} of 20,000" in label.inner_text()
    assert page.page.get_by_text(f"reached {reached}").count() == 1
    page.screenshot("progress_interrupted")
