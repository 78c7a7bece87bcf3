// One picture for every widget: shows an SVG, sends pointer and key events back.
const EVERY_MS = 30;
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", " ", "Home", "End"]);

function render({ model, el }) {
  const stage = document.createElement("div");
  const readout = document.createElement("div");
  const said = document.createElement("div");
  stage.className = "lab-picture";
  readout.className = "lab-readout";
  said.className = "lab-said";
  said.setAttribute("role", "status");
  el.classList.add("lab-widget");
  el.replaceChildren(stage, readout, said);

  let asked = false;
  const draw = () => {
    if (asked) return; // several changes before one frame are one drawing
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      stage.innerHTML = model.get("svg");
      readout.textContent = model.get("readout");
    });
  };
  const name = () => {
    const help = model.get("keys_help");
    stage.tabIndex = help ? 0 : -1;
    stage.setAttribute("role", help ? "application" : "group");
    stage.setAttribute("aria-label", help || "picture");
    stage.title = help;
  };
  let quiet;
  const say = () => {
    clearTimeout(quiet); // a dragged slider is announced once, when it rests
    quiet = setTimeout(() => { said.textContent = model.get("said"); }, 400);
  };

  const under = (event) => {
    let node = event.target;
    while (node instanceof SVGElement && !node.id && !Object.keys(node.dataset).length) node = node.parentNode;
    return node instanceof SVGElement ? { id: node.id, ...node.dataset } : {};
  };
  const place = (event) => {
    const svg = stage.querySelector("svg");
    const matrix = svg && svg.getScreenCTM();
    if (!matrix) return { x: 0, y: 0 };
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return { x: at.x, y: at.y };
  };
  let grabbed = null, moved = false, from, waiting = null, timer = null;
  const flush = () => {
    clearTimeout(timer);
    timer = null;
    if (waiting) model.send(waiting);
    waiting = null;
  };
  const later = (message) => {
    waiting = message;
    timer ??= setTimeout(flush, EVERY_MS);
  };
  const now = (message) => { flush(); model.send(message); };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    grabbed = under(event);
    moved = false;
    from = event;
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    event.preventDefault(); // no text selection while dragging
    now({ kind: "press", ...place(event), target: grabbed });
  });
  stage.addEventListener("pointermove", (event) => {
    if (grabbed) {
      moved ||= Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 3;
      if (moved) later({ kind: "drag", ...place(event), target: grabbed });
    } else if (model.get("hover")) later({ kind: "hover", ...place(event), target: under(event) });
  });
  const release = (event) => {
    if (!grabbed) return;
    now({ kind: moved ? "drop" : "click", ...place(event), target: grabbed });
    grabbed = null;
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerleave", (event) => {
    if (!grabbed && model.get("hover")) now({ kind: "leave", ...place(event), target: {} });
  });
  stage.addEventListener("keydown", (event) => {
    if (!model.get("keys_help") || !KEYS.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    now({ kind: "key", key: event.key, shift: event.shiftKey, x: 0, y: 0, target: {} });
  });

  const bound = [["change:svg", draw], ["change:readout", draw], ["change:keys_help", name], ["change:said", say]];
  for (const [event, handler] of bound) model.on(event, handler);
  stage.innerHTML = model.get("svg");
  readout.textContent = model.get("readout");
  name();
  // JupyterLab takes ArrowDown in a list for "next cell", so the output keeps such keys. The output
  // can be found only once this element has been put into it.
  let output = null, gone = false;
  const keep = (event) => {
    if (KEYS.has(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey &&
        !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  };
  const keepKeys = () => {
    output = el.closest(".jp-OutputArea-output");
    if (output) output.addEventListener("keydown", keep);
    else if (!gone) setTimeout(keepKeys, 100);
  };
  keepKeys();
  return () => {
    gone = true;
    output?.removeEventListener("keydown", keep);
    clearTimeout(quiet);
    clearTimeout(timer);
    for (const [event, handler] of bound) model.off(event, handler);
  };
}

export default { render };
