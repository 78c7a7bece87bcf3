// One picture for every widget: shows an SVG, sends pointer and key events back.
const EVERY_MS = 30;
const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", " ", "Home", "End"];
KEYS.push(..."0123456789");
const ours = (event) =>
  KEYS.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;

function render({ model, el }) {
  const help = model.get("keys_help");
  el.classList.add("lab-widget");
  el.innerHTML = `<div class="lab-picture"></div><div class="lab-readout"></div>
    <div class="lab-said" role="status"></div>`;
  const [stage, readout, said] = el.children;
  stage.tabIndex = help ? 0 : -1;
  stage.setAttribute("role", help ? "application" : "group");
  stage.setAttribute("aria-label", help || "picture");
  stage.title = help;

  let moved = false, sent = 0, grabbed, from, waiting, timer, quiet;
  const draw = () => { stage.innerHTML = model.get("svg"); };
  const tell = () => { readout.textContent = model.get("readout"); };
  const say = () => {
    clearTimeout(quiet); // a dragged slider is announced once, when it rests
    quiet = setTimeout(() => { said.textContent = model.get("said"); }, 400);
  };

  const under = ({ target: node }) => {
    while (node !== stage && !node.id && !Object.keys(node.dataset).length) node = node.parentNode;
    return node === stage ? {} : { id: node.id, ...node.dataset };
  };
  const place = ({ clientX, clientY }) => {
    const matrix = stage.firstElementChild.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(matrix);
    return { x, y };
  };
  const flush = () => {
    clearTimeout(timer);
    if (waiting) model.send(waiting);
    [waiting, timer, sent] = [null, null, performance.now()];
  };
  const send = (message) => {
    flush(); // the last move before a message counts too
    model.send(message);
  };
  const later = (message) => {
    waiting = message;
    timer ??= setTimeout(flush, sent + EVERY_MS - performance.now());
  };

  stage.onpointerdown = (event) => {
    if (event.button) return;
    [grabbed, from, moved] = [under(event), event, false];
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    event.preventDefault(); // no text selection while dragging
    send({ kind: "press", ...place(event), target: grabbed });
  };
  stage.onpointermove = (event) => {
    if (!grabbed && model.get("hover")) later({ kind: "hover", ...place(event), target: under(event) });
    moved ||= Math.hypot(event.clientX - from?.clientX, event.clientY - from?.clientY) > 3;
    if (grabbed && moved) later({ kind: "drag", ...place(event), target: grabbed });
  };
  stage.onpointerup = stage.onpointercancel = (event) => {
    if (grabbed) send({ kind: moved ? "drop" : "click", ...place(event), target: grabbed });
    grabbed = null;
  };
  stage.onpointerleave = (event) => {
    if (!grabbed && model.get("hover")) send({ kind: "leave", ...place(event), target: {} });
  };
  stage.onkeydown = (event) => {
    if (!help || !ours(event)) return;
    event.preventDefault();
    event.stopPropagation();
    send({ kind: "key", key: event.key, shift: event.shiftKey });
  };
  // Whoever arrives with Tab reads what the keys do, until the first of them.
  stage.onkeyup = (event) => stage.classList.toggle("lab-arrived", event.key === "Tab");
  // JupyterLab takes ArrowDown in a focused list for "next cell", so our whole output keeps it.
  const keep = (event) => {
    const output = event.target.closest(".jp-OutputArea-output");
    const runs = event.shiftKey && event.key === "Enter";
    if (output?.contains(el) && ours(event) && !runs) event.stopPropagation();
  };

  const shows = [["change:svg", draw], ["change:readout", tell], ["change:said", say]];
  for (const [change, show] of shows) model.on(change, show);
  document.body.addEventListener("keydown", keep);
  draw();
  tell();
  return () => {
    document.body.removeEventListener("keydown", keep);
    [quiet, timer].forEach(clearTimeout);
    for (const [change, show] of shows) model.off(change, show);
  };
}

export default { render };
