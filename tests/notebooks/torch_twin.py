"""The same notebook on PyTorch: its numeric imports renamed, everything else as it stands.

Cells tagged `engine-inside` teach the engine's own parts and keep the engine. A cell of either
kind may follow one of the other, so each starts by binding the names that the notebook has
imported so far to its own library.
"""

import copy
import re

from import_renaming import Binding, renamed_source
from notebook_files import INSIDE, has_tag

from engine.course.normal_form import Notebook

# torch_lr_finder shows a bar of tqdm, whose notebook form cannot be switched off from outside.
PROGRESS_BAR = re.compile(r"TqdmExperimentalWarning|^text/plain: +\d+%\|")


def on_torch(notebook: Notebook) -> Notebook:
    """A copy of the notebook whose numeric imports name torch."""
    twin = copy.deepcopy(notebook)
    known: dict[str, Binding] = {}
    for cell in twin["cells"]:
        if cell["cell_type"] != "code" or not cell["source"].strip():
            continue
        inside = has_tag(cell, INSIDE)
        before = [binding.line(renamed=not inside) for binding in known.values()]
        renamed, bindings = renamed_source(cell["source"])
        known.update({binding.name: binding for binding in bindings})
        cell["source"] = "\n".join([*before, cell["source"] if inside else renamed])
    return twin


def shown_texts(cell: dict) -> list[str]:
    """What a reader sees of a cell as text: prints, results, and the kind of an error.

    The wording of an error is the engine's own; its type is PyTorch's. Progress bars are left out.
    """
    texts = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            texts.append(f"{output['name']}: {output['text']}")
        elif output["output_type"] == "error":
            texts.append(f"raised {output['ename']}")
        else:
            texts += [
                f"{kind}: {value}"
                for kind, value in sorted(output["data"].items())
                if kind.startswith("text/")
            ]
    return [text for text in texts if not PROGRESS_BAR.search(text)]
