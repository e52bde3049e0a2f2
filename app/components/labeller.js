// One picture at a time by keyboard. Every deed is an event of its own in the outbox (outbox.js).
const STATES = new Map();
const AHEAD = 8; // pictures fetched and decoded before their turn
const FEWEST = 120; // pictures named ahead: at most so many keys are pressed while more are asked for

const current = (state) => state.queue[state.at];
const label = (item) => ({ state: item.state, classes: [...item.classes], number: item.number });
const isDone = (name) => name !== "unlabelled";

function change(state, item, next) {
  for (const id of item.classes) state.counts[id] = Math.max(0, (state.counts[id] ?? 0) - 1);
  for (const id of next.classes) state.counts[id] = (state.counts[id] ?? 0) + 1;
  state.looked += Number(isDone(next.state)) - Number(isDone(item.state));
  Object.assign(item, next);
}

function deed(state, name, value = {}, step = 1) {
  const item = current(state);
  if (!item) return;
  const next = { state: name, classes: value.classes ?? [], number: value.number ?? null };
  const seconds = Math.min(600, (performance.now() - state.shownAt) / 1000);
  const event = { ...eventOf(item.id, next, seconds), annotator: state.outbox.annotator };
  state.done.push({ at: state.at, before: label(item), event });
  change(state, item, next);
  record(state.outbox, [event]);
  go(state, step);
}

function undo(state) {
  const last = state.done.pop();
  if (!last) return;
  state.at = last.at;
  const item = current(state);
  if ("flagged" in last) { flag(state, last.flagged); show(state); return; }
  change(state, item, last.before);
  record(state.outbox, [undoOf(last.event, last.before)]);
  show(state);
}

function flag(state, to) {
  const item = current(state);
  if (!item) return;
  item.flagged = to;
  record(state.outbox, [{ image: item.id, kind: to ? "flag" : "unflag", value: {}, source: "hand" }]);
  paint(state);
}

function turnFlag(state) {
  const item = current(state);
  if (!item) return;
  state.done.push({ at: state.at, flagged: item.flagged });
  flag(state, !item.flagged);
}

function choose(state, id) {
  if (!current(state)) return;
  if (state.task !== "multi") { deed(state, "labelled", { classes: [id] }); return; }
  const chosen = new Set(state.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  state.chosen = [...chosen];
  paint(state);
}

function giveNumber(state, step = 1) {
  const { number, problem } = readNumber(state.parts.number.value);
  if (problem) { state.parts.saved.textContent = problem; state.parts.saved.classList.add("problem"); return; }
  deed(state, "labelled", { number }, step);
}

// Another picture. What was chosen or typed for this one is given, although Enter was not pressed: it was not for nothing.
function turn(state, step) {
  const item = current(state), typed = state.parts.number.value.trim();
  if (item && state.task === "multi" && [...state.chosen].sort().join() !== [...item.classes].sort().join())
    deed(state, "labelled", { classes: state.chosen }, step);
  else if (item && state.task === "regression" && typed && typed !== String(item.number ?? "")) giveNumber(state, step);
  else go(state, step);
}

function go(state, step) {
  state.at = Math.max(0, Math.min(state.queue.length, state.at + step));
  show(state);
  if (state.queue.length - state.at < FEWEST) refill(state);
}

async function refill(state) {
  if (state.filling || state.ended) return;
  state.filling = true;
  try {
    const last = state.queue.length ? state.queue[state.queue.length - 1].id : 0;
    const answer = await fetch(`/api/labels/queue?project=${state.project}&after=${last}&states=${state.states}`);
    const { items } = await answer.json();
    state.ended = items.length === 0;
    const waited = state.queue.length === state.at;
    state.queue.push(...items);
    if (waited) show(state);
  } catch { /* the next step tries again */ }
  state.filling = false;
}

// What stands where no picture is left: whoever only looked on has not looked at every one.
function nothing(state) {
  const toDo = state.states.split(",").filter((name) => name !== "labelled");
  const left = state.queue.filter((item) => toDo.includes(item.state)).length;
  if (left) return `This was the last one. ${plural(left, "picture")} still ${left === 1 ? "waits" : "wait"}: ← goes back.`;
  return state.queue.length && !toDo.length ? "This was the last one. ← goes back." : state.nothing;
}

function show(state) {
  const item = current(state);
  const { stage, empty, name, number } = state.parts;
  Object.assign(state, { shownAt: performance.now(), chosen: item ? [...item.classes] : [] });
  stage.image.hidden = !item;
  empty.hidden = Boolean(item);
  empty.textContent = nothing(state);
  name.textContent = item ? item.name : "";
  if (item) {
    showOnStage(stage, item.url, item.name);
    number.value = item.number ?? "";
    if (state.task === "regression" && state.touched) number.focus();
  }
  for (const next of state.queue.slice(state.at + 1, state.at + 1 + AHEAD)) {
    if (state.loaded.has(next.id)) continue;
    const ahead = new Image();
    state.loaded.set(next.id, ahead); // held, so that the decoded picture is still there when its turn comes
    ahead.src = next.url;
    ahead.decode().catch(() => state.loaded.delete(next.id));
  }
  for (const old of state.queue.slice(0, Math.max(0, state.at - AHEAD))) state.loaded.delete(old.id);
  paint(state);
}

function paint(state) {
  const item = current(state), { progress, told, mark } = state.parts;
  for (const [id, node] of state.buttons) {
    node.setAttribute("aria-pressed", String(state.chosen.includes(id)));
    node.querySelector(".count").textContent = (state.counts[id] ?? 0).toLocaleString();
  }
  progress.max = Math.max(1, state.total);
  progress.value = state.looked;
  told.textContent = `${state.looked.toLocaleString()} of ${plural(state.total, "picture")} looked at`;
  const words = { skipped: "skipped", unsure: "unsure", labelled: "labelled", unlabelled: "" }[item?.state ?? "unlabelled"];
  const archived = (item?.classes ?? []).filter((id) => !state.buttons.has(id)).map((id) => `${state.names[id]?.name ?? "?"} (archived)`);
  mark.textContent = [[words, archived.join(" and ")].filter(Boolean).join(": "), item?.flagged ? "⚑ flagged" : ""].filter(Boolean).join(", ");
}

function onKey(state, event) {
  const key = plainKey(event), { stage, number } = state.parts;
  if (!key) return;
  if (state.task === "regression" && /^[\d.,]$/.test(key)) { number.focus(); number.select(); return; } // it is typed there
  const actions = {
    arrowright: () => turn(state, 1), arrowleft: () => turn(state, -1), s: () => deed(state, "skipped"), u: () => deed(state, "unsure"),
    z: () => undo(state), x: () => turnFlag(state), enter: state.task === "multi" ? () => deed(state, "labelled", { classes: state.chosen }) : undefined,
  };
  const chosen = state.classes.find((item) => item.key === key);
  const action = chosen ? () => choose(state, chosen.id) : actions[key] ?? stageAction(stage, key, event);
  const target = event.composedPath()[0];
  if (!action || (key === "enter" && target?.matches?.("button, a, summary")) || (key.startsWith("arrow") && target?.matches?.("input, [role=radio], [role=slider]"))) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function build(state, root) {
  const box = el("div", "labeller");
  const stage = openStage("The picture");
  const number = numberField("Number", () => { state.touched = true; giveNumber(state); });
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Pictures looked at");
  state.parts = { stage, number, progress, told: el("span"), mark: el("span", "marks"), empty: el("div", "empty"), name: el("span", "name"), saved: el("span", "saved") };
  state.parts.saved.setAttribute("role", "status");
  state.outbox = openOutbox(state, state.parts.saved);
  stage.box.append(state.parts.empty);
  const classes = el("div", "bar classes");
  state.buttons = new Map(state.classes.map((item) => [item.id, classButton(item, () => choose(state, item.id))]));
  classes.append(...state.buttons.values());
  if (state.task === "regression") classes.append(number, el("span", "", state.unit), button("Give this number", "Enter", () => giveNumber(state)));
  const tools = el("div", "bar");
  if (state.task === "multi") tools.append(button("Done", "Enter", () => deed(state, "labelled", { classes: state.chosen })));
  tools.append(button("Back", "←", () => turn(state, -1)), button("Next", "→", () => turn(state, 1)), button("Skip", "S", () => deed(state, "skipped")),
    button("Unsure", "U", () => deed(state, "unsure")), button("Undo", "Z", () => undo(state)), button("Flag", "X", () => turnFlag(state)), lightSliders(stage));
  const top = el("div", "foot"), foot = el("div", "foot");
  top.append(progress, state.parts.told, state.parts.saved);
  foot.append(state.parts.name, state.parts.mark);
  box.append(top, classes, stage.box, foot, tools);
  root.querySelector(".labeller")?.remove(); // its styles lie beside it and stay
  root.append(box);
}

// Labels that a reload has interrupted: the server's queue does not know them yet.
function catchUp(state) {
  const waiting = unsent(state.outbox);
  for (const event of waiting) {
    const item = state.queue.find((one) => one.id === event.image);
    const name = { set: "labelled", skip: "skipped", unsure: "unsure", clear: "unlabelled" }[event.kind];
    if (item && name) change(state, item, { state: name, classes: event.value.classes ?? [], number: event.value.number ?? null });
  }
  const fresh = state.queue.findIndex((item) => !waiting.some((event) => event.image === item.id));
  state.at = fresh < 0 ? state.queue.length : fresh;
}

function start(data, old, root) {
  if (old) removeEventListener("keydown", old.handler, true);
  const state = { ...data, queue: data.queue.map((item) => ({ ...item })), at: 0, done: [], loaded: new Map(), counts: { ...data.counts } };
  STATES.set(data.inst, state);
  build(state, root);
  catchUp(state);
  show(state);
  deliver(state.outbox);
  return state;
}

export default ({ data, parentElement }) => {
  let state = STATES.get(data.inst);
  const shape = JSON.stringify([data.project, data.classes, data.task, data.states]);
  if (!state || state.shape !== shape || !parentElement.querySelector(".labeller")) state = start({ ...data, shape }, state, parentElement);
  setAnnotator(state.outbox, data.annotator);
  removeEventListener("keydown", state.handler, true);
  state.handler = (event) => onKey(state, event);
  addEventListener("keydown", state.handler, true);
  const leaving = (event) => { if (state.outbox.loose.size) event.preventDefault(); }; // the browser's own store is full
  removeEventListener("beforeunload", state.leaving);
  state.leaving = leaving;
  addEventListener("beforeunload", leaving);
  return () => {
    removeEventListener("keydown", state.handler, true);
    removeEventListener("beforeunload", state.leaving);
    STATES.delete(data.inst);
  };
};
