// Pictures in a grid: choose many (click, Shift, drag, all), label them at once, look at one closely.
const STATES = new Map();
const MARKS = { skipped: "skipped", unsure: "unsure", unlabelled: "not labelled" };
let active = null; // the grid that keys belong to, where a page has several

const label = (item) => ({ state: item.state, classes: [...item.classes], number: item.number });
const chosen = (state) => state.items.filter((item) => state.selected.has(item.id));
const targets = (state) => (state.open ? [state.open] : chosen(state));

// ---- Labelling

// With `joined` what one person gives a picture on this page, one class after another, is one word of hers: each
// takes the one before back. `state.joined` has the event of the last one, by picture.
function apply(state, change, joined = false) {
  const items = targets(state), by = state.outbox.annotator;
  if (!items.length) { say(state, "Choose pictures first: click them, or drag over them."); return; }
  const deeds = items.map((item) => {
    const after = change(item), labels = "state" in after;
    const event = labels ? { ...eventOf(item.id, { ...label(item), ...after }), annotator: by } : null;
    const earlier = state.joined.get(item.id);
    const again = joined && earlier?.annotator === by ? earlier : null;
    if (labels) state.joined.set(item.id, joined ? event : null);
    return { item, event, again, after, before: { ...(labels ? label(item) : {}), flagged: item.flagged } };
  });
  state.done.push(deeds);
  // A label that stands already is a word, too: another person has said the same.
  write(state, deeds.map(({ item, event, again, after }) => ({
    item, after, events: event ? [...(again ? [undoOf(again, label(item))] : []), event] : [],
  })));
}

function write(state, changes) {
  const events = [];
  for (const change of changes) {
    const { item, after } = change;
    const { flagged, ...next } = { ...label(item), flagged: item.flagged, ...after };
    events.push(...change.events);
    if (flagged !== item.flagged) events.push({ image: item.id, kind: flagged ? "flag" : "unflag", value: {}, source: "hand" });
    for (const id of item.classes) state.counts[id] = (state.counts[id] ?? 0) - 1;
    for (const id of next.classes) state.counts[id] = (state.counts[id] ?? 0) + 1;
    Object.assign(item, next, { flagged });
    state.edited.set(item.id, Date.now());
  }
  record(state.outbox, events);
  paint(state);
}

function choose(state, id) {
  if (state.task !== "multi") { apply(state, () => ({ state: "labelled", classes: [id], number: null })); return; }
  const all = targets(state).every((item) => item.classes.includes(id));
  apply(state, (item) => {
    const others = item.classes.filter((other) => other !== id);
    return { state: "labelled", classes: all ? others : [...others, id], number: null };
  }, true);
}

const mark = (state, name) => apply(state, () => ({ state: name, classes: [], number: null }));

function flag(state) {
  const all = targets(state).every((item) => item.flagged);
  apply(state, () => ({ flagged: !all }));
}

function undo(state) {
  const last = state.done.pop();
  if (!last) return;
  write(state, last.map(({ item, event, again, before }) => {
    const shown = state.items.find((now) => now.id === item.id) ?? item;
    if (!event) return { item: shown, after: before, events: [] };
    const taken = state.joined.get(item.id) ?? event;
    const anew = again ? { ...eventOf(item.id, before), annotator: event.annotator } : null;
    if (anew) state.joined.set(item.id, anew);
    else state.joined.delete(item.id);
    return { item: shown, after: before, events: [undoOf(taken, before), ...(anew ? [anew] : [])] };
  }));
}

function setNumber(state, input) {
  const { number, problem } = readNumber(input.value);
  if (problem) { say(state, problem); return; }
  apply(state, () => ({ state: "labelled", classes: [], number }));
}

// ---- Choosing

function select(state, ids, keep = true) {
  state.selected = new Set(keep ? [...state.selected, ...ids] : ids);
  paint(state);
}

function range(state, from, to) {
  const [low, high] = from < to ? [from, to] : [to, from];
  return state.items.slice(low, high + 1).map((item) => item.id);
}

function click(state, index, event) {
  const { id } = state.items[index];
  if (event.shiftKey && state.anchor !== null) select(state, range(state, state.anchor, index));
  else {
    if (!state.selected.delete(id)) state.selected.add(id);
    state.anchor = index;
  }
  focus(state, index);
}

function focus(state, index, extend = false) {
  state.at = Math.max(0, Math.min(state.items.length - 1, index));
  if (extend) select(state, range(state, state.anchor ?? state.at, state.at), false);
  else paint(state);
  state.cards[state.at]?.focus();
}

const columns = (state) => Math.max(1, state.cards.filter((card) => card.offsetTop === state.cards[0].offsetTop).length);

function band(state, grid) {
  let start = null, base = null, node = null, moved = false;
  const place = (event) => { const box = grid.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  grid.onpointerdown = (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || event.composedPath()[0].closest?.(".look")) return;
    start = place(event);
    base = event.shiftKey || event.ctrlKey || event.metaKey ? [...state.selected] : [];
    moved = false;
  };
  grid.onpointermove = (event) => {
    if (!start) return;
    const now = place(event), [left, top] = [Math.min(start[0], now[0]), Math.min(start[1], now[1])];
    const [width, height] = [Math.abs(now[0] - start[0]), Math.abs(now[1] - start[1])];
    if (!node && Math.max(width, height) < 6) return;
    if (!node) { node = el("div", "band"); grid.append(node); grid.setPointerCapture(event.pointerId); }
    moved = true;
    Object.assign(node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    const hit = state.items.filter((_, index) => {
      const card = state.cards[index];
      return card.offsetLeft < left + width && card.offsetLeft + card.offsetWidth > left && card.offsetTop < top + height && card.offsetTop + card.offsetHeight > top;
    });
    select(state, [...base, ...hit.map((item) => item.id)], false);
  };
  grid.onpointerup = grid.onpointercancel = () => { node?.remove(); start = node = null; };
  grid.addEventListener("click", (event) => { if (moved) event.stopPropagation(); moved = false; }, true);
}

// ---- One picture, large

function open(state, index) {
  const item = state.items[index];
  if (!item) return;
  state.at = index;
  state.open = item;
  const { dialog, stage, title } = state.parts;
  showOnStage(stage, item.full, item.name);
  title.textContent = `${index + 1} of ${state.items.length}: ${item.name}`;
  title.title = item.name;
  if (!dialog.open) dialog.showModal();
  const next = state.items[index + 1];
  if (next) { const ahead = new Image(); ahead.src = next.full; ahead.decode().catch(() => {}); }
  paint(state);
}

function shut(state) {
  state.open = null;
  paint(state);
  state.cards[state.at]?.focus();
}

// ---- Keys

function onKey(state, event) {
  if (active !== state.inst || !state.box.isConnected) return;
  const inside = event.composedPath().includes(state.box), target = event.composedPath()[0];
  if ((inside || target === document.body) && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && !target.matches?.("input")) {
    event.preventDefault();
    select(state, state.items.map((item) => item.id));
    return;
  }
  const arrows = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(state), ArrowUp: -columns(state) };
  const step = !event.altKey && !event.ctrlKey && !event.metaKey && inside && !target.matches?.("input") ? arrows[event.key] : undefined;
  if (step !== undefined) { // may be held down
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(state.items.length - 1, state.at + step));
    if (state.open) open(state, next);
    else { if (event.shiftKey) state.anchor ??= state.at; else state.anchor = null; focus(state, next, event.shiftKey); }
    return;
  }
  const key = plainKey(event);
  const action = key && keyAction(state, key, event, target.matches?.("[role=option]"));
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function keyAction(state, key, event, onCard) {
  const found = state.labelling && state.classes.find((item) => item.key === key);
  if (found) return () => choose(state, found.id);
  if (state.open && stageAction(state.parts.stage, key, event)) return stageAction(state.parts.stage, key, event);
  if (onCard && key === "enter") return () => open(state, state.at);
  if (onCard && key === " ") return () => click(state, state.at, event);
  if (key === "escape" && !state.open && state.selected.size) return () => { state.selected.clear(); paint(state); };
  if (!state.labelling) return undefined;
  return { s: () => mark(state, "skipped"), u: () => mark(state, "unsure"), z: () => undo(state), x: () => flag(state) }[key];
}

// ---- Drawing

function say(state, text) { state.parts.said.textContent = text; }

// Ten digits of a number, however small it is: 0.0000004 is not 0.
const inWords = (number) => Number(number.toPrecision(10)).toLocaleString(undefined, { maximumFractionDigits: 20 });

function chips(state, item) {
  const found = item.classes.map((id) => {
    const chip = el("span", "chip", state.names[id]?.name ?? "?");
    chip.style.setProperty("--colour", state.names[id]?.colour ?? "#888888");
    return chip;
  });
  if (item.number !== null) found.push(el("span", "chip", `${inWords(item.number)}${state.unit ? ` ${state.unit}` : ""}`));
  if (!found.length) found.push(el("span", "mark", item.state === "labelled" ? "none of the classes" : MARKS[item.state]));
  if (item.flagged) found.push(el("span", "mark flag", "⚑ flagged"));
  return found;
}

function paint(state) {
  const some = state.selected.size;
  state.items.forEach((item, index) => {
    const card = state.cards[index];
    card.setAttribute("aria-selected", String(state.selected.has(item.id)));
    card.tabIndex = index === state.at ? 0 : -1;
    const shown = JSON.stringify([label(item), item.flagged]);
    if (card.dataset.shown === shown) return;
    card.dataset.shown = shown;
    const marks = chips(state, item);
    card.querySelector(".chips").replaceChildren(...marks.flatMap((node) => [node, " "]));
    card.setAttribute("aria-label", `${item.name}: ${marks.map((node) => node.textContent).join(", ")}${item.caption ? `. ${item.caption}` : ""}`);
  });
  state.parts.chosen.textContent = some ? `${plural(some, "picture")} chosen` : "No picture chosen";
  for (const node of state.parts.needing) node.disabled = !some && !state.open;
  state.parts.clear.hidden = !some;
  state.parts.undo.forEach((node) => { node.disabled = !state.done.length; });
  for (const [id, node] of state.buttons) {
    node.querySelector(".count").textContent = Math.max(0, state.counts[id] ?? 0).toLocaleString();
    node.setAttribute("aria-pressed", String(Boolean(state.open?.classes.includes(id))));
  }
  if (some) say(state, "");
  if (state.open) state.parts.labels.replaceChildren(...chips(state, state.open));
}

function card(state, item, index) {
  const node = el("div", "card");
  node.setAttribute("role", "option");
  const image = Object.assign(document.createElement("img"), { src: item.thumb, alt: "", loading: "lazy", decoding: "async", draggable: false });
  image.onerror = () => { image.alt = "Damaged or gone"; };
  // What can be chosen in a list may hold no button: this is for the mouse, and Enter on the picture does the same.
  node.setAttribute("aria-keyshortcuts", "Enter");
  const look = el("span", "look");
  look.title = "Look closely";
  look.setAttribute("aria-hidden", "true");
  look.onclick = (event) => { event.stopPropagation(); open(state, index); };
  const name = el("div", "name", item.name.split("/").pop());
  name.title = item.name;
  // The words in the order of the card's name, a space between: who says what she sees to her computer means this card.
  node.append(image, look, name, " ", el("div", "chips"));
  if (item.caption) node.append(" ", el("div", "caption", item.caption));
  node.onclick = (event) => click(state, index, event);
  node.onfocus = () => { state.at = index; };
  node.ondblclick = () => open(state, index);
  return node;
}

function tools(state, inView) {
  const classes = el("div", "bar classes");
  for (const item of state.classes) {
    const node = classButton(item, () => choose(state, item.id));
    state.buttons.push([item.id, node]);
    state.parts.needing.push(node);
    classes.append(node);
  }
  if (state.task === "regression") {
    const input = numberField("Number for the chosen pictures", () => setNumber(state, input));
    const give = button("Give this number", "Enter", () => setNumber(state, input));
    state.parts.needing.push(give);
    classes.append(input, el("span", "", state.unit), give);
  }
  const deeds = [["Skip", "S", () => mark(state, "skipped")], ["Unsure", "U", () => mark(state, "unsure")], ["No label", "", () => mark(state, "unlabelled")], ["Flag", "X", () => flag(state)]]
    .map(([text, key, action]) => button(text, key, action));
  state.parts.needing.push(...deeds);
  const back = button("Undo", "Z", () => undo(state));
  state.parts.undo.push(back);
  const bar = el("div", "bar");
  bar.append(...deeds, back);
  if (!inView) for (const name of state.actions) {
    const node = button(name, "", () => { state.act({ name, ids: [...state.selected], at: Date.now() }); });
    state.parts.needing.push(node);
    bar.append(node);
  }
  return state.labelling ? [classes, bar] : [bar];
}

function view(state) {
  const dialog = el("dialog"), stage = openStage("The picture, large");
  const title = el("div", "title"), labels = el("div", "chips"), head = el("div", "head");
  const nav = el("div", "bar");
  nav.append(button("Back", "←", () => open(state, Math.max(0, state.at - 1))), button("Next", "→", () => open(state, Math.min(state.items.length - 1, state.at + 1))), lightSliders(stage));
  head.append(title, labels, button("Close", "Esc", () => dialog.close()));
  dialog.append(head, stage.box, nav, ...(state.labelling ? tools(state, true) : []));
  dialog.setAttribute("aria-label", "One picture, large");
  dialog.onclose = () => shut(state);
  Object.assign(state.parts, { dialog, stage, title, labels });
  return dialog;
}

// The tools stick below Streamlit's header, which covers the page only while it has a colour.
function stick(state) {
  const header = document.querySelector("[data-testid=stHeader]");
  const covers = header && getComputedStyle(header).backgroundColor !== "rgba(0, 0, 0, 0)";
  state.box.style.setProperty("--header", covers ? `${header.offsetHeight}px` : "0px");
}

function build(state, root) {
  const box = el("div", "gallery"), grid = el("div", "grid"), head = el("div", "head");
  const all = button("All on this page", "Ctrl A", () => select(state, state.items.map((item) => item.id)));
  state.parts = { chosen: el("strong"), said: el("span", "said"), saved: el("span", "saved"), clear: button("Choose none", "Esc", () => { state.selected.clear(); paint(state); }), needing: [], undo: [] };
  state.parts.saved.setAttribute("role", "status");
  state.parts.chosen.setAttribute("role", "status");
  state.parts.said.setAttribute("role", "alert");
  state.buttons = [];
  state.outbox = openOutbox(state, state.parts.saved);
  head.append(state.parts.chosen, all, state.parts.clear, state.parts.said, state.parts.saved);
  const top = el("div", "top");
  top.append(head, ...(state.labelling || state.actions.length ? tools(state, false) : []));
  grid.setAttribute("role", "listbox");
  grid.setAttribute("aria-multiselectable", "true");
  grid.setAttribute("aria-label", "Pictures");
  state.cards = state.items.map((item, index) => card(state, item, index));
  grid.append(...state.cards);
  band(state, grid);
  box.append(top, grid, view(state));
  box.addEventListener("pointerdown", () => { active = state.inst; }, true);
  box.addEventListener("focusin", () => { active = state.inst; });
  state.box = box;
  root.querySelector(".gallery")?.remove(); // its styles lie beside it and stay
  root.append(box);
}

// What the server says replaces what is shown, unless it was read before a label that has just been given.
function refresh(state, items) {
  const busy = new Set(unsent(state.outbox).map((event) => event.image));
  for (const fresh of items) {
    const item = state.items.find((old) => old.id === fresh.id);
    if (!busy.has(item.id) && Date.now() - (state.edited.get(item.id) ?? 0) > 3000) Object.assign(item, fresh);
  }
}

function start(data, old, root) {
  if (old) { removeEventListener("keydown", old.handler, true); removeEventListener("scroll", old.sticking, true); }
  const state = { ...data, items: data.items.map((item) => ({ ...item })), selected: new Set(), anchor: null, at: 0, open: null, done: [], joined: new Map(), edited: new Map(), counts: { ...data.counts } };
  STATES.set(data.inst, state);
  build(state, root);
  for (const event of unsent(state.outbox)) { // labels a reload has interrupted are shown, and sent below
    const item = state.items.find((one) => one.id === event.image);
    if (item && event.kind === "set") Object.assign(item, { state: "labelled", classes: event.value.classes, number: event.value.number });
  }
  if (active === null || !STATES.has(active)) active = data.inst;
  paint(state);
  deliver(state.outbox);
  return state;
}

export default ({ data, parentElement, setTriggerValue }) => {
  let state = STATES.get(data.inst);
  const shape = JSON.stringify([data.project, data.classes, data.task, data.actions, data.labelling, data.items.map((item) => [item.id, item.caption])]);
  if (!state || state.shape !== shape || !parentElement.querySelector(".gallery")) state = start({ ...data, shape }, state, parentElement);
  else { refresh(state, data.items); paint(state); }
  setAnnotator(state.outbox, data.annotator);
  state.act = (value) => setTriggerValue("action", value);
  removeEventListener("keydown", state.handler, true);
  state.handler = (event) => onKey(state, event);
  addEventListener("keydown", state.handler, true);
  removeEventListener("scroll", state.sticking, true);
  state.sticking = () => stick(state);
  addEventListener("scroll", state.sticking, { capture: true, passive: true });
  return () => {
    removeEventListener("keydown", state.handler, true);
    removeEventListener("scroll", state.sticking, true);
    STATES.delete(data.inst);
    if (active === data.inst) active = null;
  };
};
