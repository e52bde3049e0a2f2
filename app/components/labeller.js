// One picture at a time by keyboard. Every deed is an event with its own id: kept in localStorage until the
// server says it is on disk, sent again when the connection breaks, never counted twice (the server knows the id).
const STATES = new Map();
const AHEAD = 8;

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const prefix = (state) => `graft.label.${state.project}.`;

function unsent(state) {
  const found = [];
  for (let index = 0; index < localStorage.length; index++) {
    const key = localStorage.key(index);
    if (key.startsWith(prefix(state))) found.push(JSON.parse(localStorage.getItem(key)));
  }
  return found.sort((a, b) => a.at - b.at);
}

function remember(state, event) {
  try { localStorage.setItem(prefix(state) + event.id, JSON.stringify(event)); } catch { state.loose.set(event.id, event); }
  send(state);
}

function forget(state, id) {
  localStorage.removeItem(prefix(state) + id);
  state.loose.delete(id);
}

async function send(state) {
  if (state.sending) return;
  state.sending = true;
  for (let pause = 250; ; ) {
    const batch = [...unsent(state), ...state.loose.values()].slice(0, 200);
    showSaved(state, batch.length);
    if (!batch.length) break;
    try {
      const answer = await fetch("/api/labels", {
        method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ project: state.project, annotator: state.annotator, events: batch.map(({ at, ...event }) => event) }),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { saved, rejected } = await answer.json();
      for (const id of saved) forget(state, id);
      for (const item of rejected) { forget(state, item.id); state.problem = item.error; }
      pause = 250;
    } catch {
      showSaved(state, batch.length, true);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 5000);
    }
  }
  state.sending = false;
}

function showSaved(state, waiting, broken = false) {
  state.parts.saved.textContent = state.problem || (broken ? `Connection broken: ${waiting} label(s) wait here and will be sent.` : waiting ? `Saving ${waiting}…` : "All saved");
  state.parts.saved.classList.toggle("problem", broken || Boolean(state.problem));
}

const current = (state) => state.queue[state.at];

function deed(state, kind, value = {}) {
  const item = current(state);
  if (!item) return;
  const before = { classes: [...item.classes], number: item.number };
  state.done.push({ at: state.at, before });
  count(state, item.classes, -1);
  item.classes = kind === "set" ? value.classes ?? [] : [];
  item.number = kind === "set" ? value.number ?? null : null;
  count(state, item.classes, 1);
  remember(state, { id: newId(), image: item.id, kind, value: { classes: item.classes, number: item.number }, seconds: Math.min(600, (performance.now() - state.shownAt) / 1000), source: "hand", at: Date.now() });
  go(state, 1);
}

function count(state, classes, by) {
  for (const id of classes) state.counts[id] = Math.max(0, (state.counts[id] ?? 0) + by);
}

function undo(state) {
  const last = state.done.pop();
  if (!last) return;
  state.at = last.at;
  const item = current(state);
  count(state, item.classes, -1);
  Object.assign(item, last.before);
  count(state, item.classes, 1);
  const labelled = item.classes.length || item.number !== null;
  remember(state, { id: newId(), image: item.id, kind: labelled ? "set" : "clear", value: last.before, source: "hand", at: Date.now() });
  show(state);
}

function choose(state, id) {
  const item = current(state);
  if (!item) return;
  if (state.task !== "multi") { deed(state, "set", { classes: [id] }); return; }
  const chosen = new Set(state.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  state.chosen = [...chosen];
  paint(state);
}

function go(state, step) {
  state.at = Math.max(0, Math.min(state.queue.length, state.at + step));
  show(state);
  if (state.queue.length - state.at < 20) refill(state);
}

async function refill(state) {
  if (state.filling || state.ended) return;
  state.filling = true;
  try {
    const last = state.queue.length ? state.queue[state.queue.length - 1].id : 0;
    const answer = await fetch(`/api/labels/queue?project=${state.project}&after=${last}&states=${state.states}`);
    const { items } = await answer.json();
    state.ended = items.length === 0;
    state.queue.push(...items);
    if (state.queue.length - items.length === state.at) show(state);
  } catch { /* the next step tries again */ }
  state.filling = false;
}

function show(state) {
  const item = current(state);
  const { image, empty, name } = state.parts;
  Object.assign(state, { zoom: 1, x: 0, y: 0, shownAt: performance.now(), chosen: item ? [...item.classes] : [] });
  image.hidden = !item;
  empty.hidden = Boolean(item);
  name.textContent = item ? item.name : "";
  if (item) {
    image.src = item.url;
    image.alt = item.name;
    state.parts.number.value = item.number ?? "";
  }
  for (const next of state.queue.slice(state.at + 1, state.at + 1 + AHEAD)) {
    if (state.loaded.has(next.id)) continue;
    state.loaded.add(next.id);
    const ahead = new Image();
    ahead.src = next.url;
    ahead.decode().catch(() => state.loaded.delete(next.id));
  }
  move(state);
  paint(state);
}

function paint(state) {
  for (const [id, button] of state.buttons) {
    button.setAttribute("aria-pressed", String(state.chosen.includes(id)));
    button.querySelector(".count").textContent = (state.counts[id] ?? 0).toLocaleString();
  }
}

function move(state) {
  const { image } = state.parts;
  image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
  image.style.filter = `brightness(${state.brightness}) contrast(${state.contrast})`;
}

function onKey(state, event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.composedPath()[0]?.matches?.("input:not([type=checkbox]), textarea, select")) return;
  const key = event.key.toLowerCase();
  const light = (name) => { state[name] = Math.max(0.2, Math.min(3, state[name] + (event.shiftKey ? -0.1 : 0.1))); move(state); };
  const actions = {
    arrowright: () => go(state, 1), arrowleft: () => go(state, -1), s: () => deed(state, "skip"), u: () => deed(state, "unsure"),
    z: () => undo(state), b: () => light("brightness"), c: () => light("contrast"),
    f: () => { Object.assign(state, { zoom: 1, x: 0, y: 0, brightness: 1, contrast: 1 }); move(state); },
    x: () => remember(state, { id: newId(), image: current(state)?.id, kind: "flag", source: "hand", at: Date.now() }),
    enter: () => state.task === "multi" && deed(state, "set", { classes: state.chosen }),
  };
  const chosen = state.classes.find((item) => item.key && item.key === key);
  const action = chosen ? () => choose(state, chosen.id) : actions[key];
  if (!action || (key === "enter" && event.composedPath()[0]?.matches?.("button"))) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function el(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function button(text, key, action) {
  const node = el("button", "");
  node.type = "button";
  if (key) node.append(el("kbd", "", key));
  node.append(text);
  node.onclick = action;
  return node;
}

function pointer(state, stage) {
  stage.onwheel = (event) => {
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    const zoom = Math.max(1, Math.min(12, state.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2)));
    const px = event.clientX - box.left, py = event.clientY - box.top;
    state.x = zoom === 1 ? 0 : px - (px - state.x) * (zoom / state.zoom);
    state.y = zoom === 1 ? 0 : py - (py - state.y) * (zoom / state.zoom);
    state.zoom = zoom;
    move(state);
  };
  stage.onpointerdown = (event) => { stage.setPointerCapture(event.pointerId); state.drag = [event.clientX - state.x, event.clientY - state.y]; };
  stage.onpointermove = (event) => { if (state.drag) { state.x = event.clientX - state.drag[0]; state.y = event.clientY - state.drag[1]; move(state); } };
  stage.onpointerup = () => { state.drag = null; };
}

function build(state, root) {
  const box = el("div", "labeller");
  const stage = el("div", "stage");
  const image = document.createElement("img");
  image.draggable = false;
  const number = Object.assign(document.createElement("input"), { type: "number", step: "any" });
  number.setAttribute("aria-label", "Number");
  number.onkeydown = (event) => { if (event.key === "Enter" && number.value !== "") deed(state, "set", { number: Number(number.value) }); };
  state.parts = { image, number, empty: el("div", "empty", "Nothing is left to label here. Well done."), name: el("span", "name"), saved: el("span", "saved") };
  state.parts.saved.setAttribute("role", "status");
  stage.append(image, state.parts.empty);
  pointer(state, stage);
  const classes = el("div", "bar");
  state.buttons = new Map(state.classes.map((item) => {
    const node = button(item.name, item.key, () => choose(state, item.id));
    node.style.setProperty("--colour", item.colour);
    node.append(el("span", "count"));
    return [item.id, node];
  }));
  classes.append(...state.buttons.values());
  if (state.task === "regression") classes.append(number);
  const tools = el("div", "bar");
  if (state.task === "multi") tools.append(button("Done", "Enter", () => deed(state, "set", { classes: state.chosen })));
  tools.append(button("Back", "←", () => go(state, -1)), button("Next", "→", () => go(state, 1)), button("Skip", "S", () => deed(state, "skip")),
    button("Unsure", "U", () => deed(state, "unsure")), button("Undo", "Z", () => undo(state)));
  const foot = el("div", "foot");
  foot.append(state.parts.name, state.parts.saved);
  box.append(stage, classes, tools, foot);
  root.querySelector(".labeller")?.remove(); // its styles lie beside it and stay
  root.append(box);
}

export default ({ data, parentElement }) => {
  let state = STATES.get(data.inst);
  const shape = JSON.stringify([data.classes, data.task, data.states]);
  if (!state || state.shape !== shape || !parentElement.querySelector(".labeller")) {
    if (state) removeEventListener("keydown", state.handler, true);
    state = { ...data, shape, queue: [...data.queue], at: 0, done: [], loose: new Map(), loaded: new Set(), brightness: 1, contrast: 1, counts: { ...data.counts } };
    STATES.set(data.inst, state);
    build(state, parentElement);
    show(state);
    send(state);
  }
  state.annotator = data.annotator;
  removeEventListener("keydown", state.handler, true);
  state.handler = (event) => onKey(state, event);
  addEventListener("keydown", state.handler, true);
  const leaving = (event) => { if (unsent(state).length) event.preventDefault(); };
  removeEventListener("beforeunload", state.leaving);
  state.leaving = leaving;
  addEventListener("beforeunload", leaving);
  return () => {
    removeEventListener("keydown", state.handler, true);
    removeEventListener("beforeunload", state.leaving);
    STATES.delete(data.inst);
  };
};
