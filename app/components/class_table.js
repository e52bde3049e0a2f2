// A table of classes: order, colour, name, key, description. Rows are told to the page as they change, or when saved.
const STATES = new Map();

const usable = (row) => row.id !== null || row.name.trim() !== "";
const plainly = (rows) => JSON.stringify(rows.map(({ theirs, ...row }) => row));
const changed = (state) => plainly(state.rows) !== plainly(state.saved);

// What was typed and not saved is kept for this tab: whoever leaves the page finds it again.
function keep(state) {
  if (state.live) return;
  if (changed(state)) sessionStorage.setItem(state.place, JSON.stringify({ rows: state.rows, seen: state.seen, sent: state.sent ?? null }));
  else sessionStorage.removeItem(state.place);
}

// Puts what was typed before onto what the rows are by now. Where somebody else has changed the same meanwhile, `theirs`
// of the row holds what it is now, to be shown beside what was typed: who saves then has seen it.
function takeUp(state) {
  const draft = state.live ? null : JSON.parse(sessionStorage.getItem(state.place));
  if (!draft || (draft.sent !== null && draft.sent === state.kept)) return; // nothing, or it was saved
  const now = new Map(state.saved.map((row) => [row.id, row])), before = new Map(draft.seen.map((row) => [row.id, row]));
  const onto = (typed) => {
    const row = { ...now.get(typed.id) }, was = before.get(typed.id) ?? row, theirs = {};
    for (const name of Object.keys(row).filter((name) => name !== "count" && typed[name] !== was[name])) {
      const other = row[name] !== was[name] || typed.theirs?.[name] !== undefined;
      if (other && row[name] !== typed[name]) theirs[name] = row[name];
      row[name] = typed[name];
    }
    return Object.keys(theirs).length ? { ...row, theirs } : row;
  };
  const typed = draft.rows.filter((row) => row.id === null || now.has(row.id)).map((row) => (row.id === null ? row : onto(row)));
  const there = new Set(typed.map((row) => row.id));
  state.rows = [...typed, ...state.rows.filter((row) => !there.has(row.id))];
}

// The keys of new classes, until somebody types one: as validated_classes in core/labels/classes.py gives them. A class
// called 3 has the key 3.
function propose(state) {
  const own = state.rows.filter((row) => row.proposed), taken = new Set(state.rows.filter((row) => !row.proposed).map((row) => row.key));
  const give = (row, key) => { row.key = key; taken.add(key); };
  for (const row of own) {
    const name = row.name.trim(), free = /^[0-9]$/.test(name) && !taken.has(name);
    give(row, free ? name : "");
  }
  for (const row of own) if (!row.key) give(row, [...state.keys].find((key) => !taken.has(key)) ?? "");
  state.parts.forEach(({ key }, index) => { if (state.rows[index].proposed) key.value = state.rows[index].key; });
}

function told(state) {
  paint(state);
  if (state.live) state.setRows(state.rows.filter(usable));
}

function paint(state) {
  propose(state);
  const keys = new Map();
  for (const { key } of state.rows) if (key.trim()) keys.set(key, (keys.get(key) ?? 0) + 1);
  const shared = [...keys].filter(([, number]) => number > 1).map(([key]) => key.toUpperCase());
  state.parts.forEach(({ key }, index) => {
    const twice = (keys.get(state.rows[index].key) ?? 0) > 1;
    key.classList.toggle("problem", twice);
    key.setAttribute("aria-invalid", String(twice));
  });
  state.said.textContent = shared.map((key) => `Several classes have the key ${key}.`).join(" ");
  for (const { node, row, name } of state.marks) node.hidden = row[name] === row.theirs[name];
  if (state.live) return;
  state.save.disabled = state.discard.disabled = !changed(state);
  state.note.textContent = changed(state) ? "Not saved yet." : "";
  keep(state);
}

function move(state, index, to) {
  if (to < 0 || to >= state.rows.length) return;
  state.rows.splice(to, 0, ...state.rows.splice(index, 1));
  draw(state);
  told(state);
  state.body.querySelectorAll(".grip")[to].focus();
}

function field(row, name, label, attributes, after) {
  const input = Object.assign(document.createElement("input"), { value: row[name], title: name === "name" ? row[name] : "", ...attributes });
  input.setAttribute("aria-label", label);
  input.oninput = () => { row[name] = input.value; if (name === "name") input.title = row.name; if (name === "key") row.proposed = false; after(false); };
  input.onchange = () => after(true);
  return input;
}

const DEEDS = {
  name: (text) => `called it “${text}”.`,
  colour: () => "given it this colour:",
  key: (text) => (text ? `given it the key ${text.toUpperCase()}.` : "taken its key away."),
  description: (text) => (text ? `described it: “${text}”` : "taken its description away."),
};

// What somebody else has made of the same meanwhile, and the way to take it over.
function mark(state, row, name) {
  const node = el("div", "theirs"), other = row.theirs[name], said = el("span", "", `Somebody else has meanwhile ${DEEDS[name](other)}`);
  if (name === "colour") said.append(Object.assign(el("span", "swatch"), { title: other }));
  said.querySelector(".swatch")?.style.setProperty("background", other);
  node.append(said, el("span", "", "Saving puts yours in its place."), button("Take theirs", "", () => {
    row[name] = other;
    draw(state);
    told(state);
  }));
  state.marks.push({ node, row, name });
  return node;
}

function line(state, row, index) {
  const node = el("div", "row"), after = (done) => { if (done) told(state); else paint(state); };
  node.setAttribute("role", "listitem");
  const called = row.name || `class ${index + 1}`;
  const grip = button("", "", () => {});
  grip.className = "grip";
  grip.textContent = "⠿";
  grip.title = "Drag, or press ↑ and ↓, to change the order";
  grip.setAttribute("aria-label", `Move ${called}`);
  grip.onkeydown = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) { event.preventDefault(); move(state, index, index + step); }
  };
  // By pointer events: a finger, too, can drag.
  const over = (event) => state.lines.reduce((found, row, at) => (event.clientY > row.getBoundingClientRect().top ? at : found), 0);
  const aim = (at) => state.lines.forEach((row, place) => {
    row.classList.toggle("over", place === at && at < index);
    row.classList.toggle("under", place === at && at > index);
  });
  grip.onpointerdown = (event) => { if (event.button === 0) grip.setPointerCapture(event.pointerId); };
  grip.onpointermove = (event) => { if (grip.hasPointerCapture(event.pointerId)) aim(over(event)); };
  grip.onpointercancel = () => aim(-1);
  grip.onpointerup = (event) => { aim(-1); if (grip.hasPointerCapture(event.pointerId) && over(event) !== index) move(state, index, over(event)); };
  const colour = field(row, "colour", `Colour of ${called}`, { type: "color" }, after);
  const name = field(row, "name", `Name of class ${index + 1}`, { type: "text", maxLength: 100, placeholder: "Name" }, after);
  const key = field(row, "key", `Key of ${called}`, { type: "text", maxLength: 1, size: 1, className: "key" }, after);
  const description = field(row, "description", `Description of ${called}`, { type: "text", placeholder: "How to recognise it (optional)", className: "wide" }, after);
  name.onpaste = (event) => { // a list, one class per line
    const lines = event.clipboardData.getData("text").split(/[\r\n]+/).map((text) => text.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    row.name = lines[0];
    for (const text of lines.slice(1)) state.rows.push({ ...fresh(state), name: text });
    draw(state);
    told(state);
  };
  name.onkeydown = (event) => { if (event.key === "Enter") { told(state); add(state); } };
  node.append(grip, el("span", "place", state.graded ? String(index) : ""), colour, name, key, description);
  if (row.count !== undefined) node.append(el("span", "count", plural(row.count, "picture")));
  if (row.id === null) {
    const gone = button("", "", () => { state.rows.splice(state.rows.indexOf(row), 1); draw(state); told(state); });
    gone.textContent = "✕";
    gone.setAttribute("aria-label", `Remove ${called}`);
    node.append(gone);
  }
  for (const name of Object.keys(row.theirs ?? {})) node.append(mark(state, row, name));
  state.parts.push({ key });
  return node;
}

function fresh(state) {
  const worn = new Set(state.rows.map((row) => row.colour.toLowerCase()));
  const colour = state.palette.find((item) => !worn.has(item.toLowerCase())) ?? state.palette[state.rows.length % state.palette.length];
  return { id: null, name: "", colour: colour.toLowerCase(), key: "", description: "", proposed: true };
}

function add(state) {
  state.rows.push(fresh(state));
  draw(state);
  paint(state);
  state.body.lastElementChild.querySelector("input[type=text]").focus();
}

function draw(state) {
  state.parts = [];
  state.marks = [];
  state.lines = state.rows.map((row, index) => line(state, row, index));
  state.body.replaceChildren(...state.lines);
}

function build(state, root) {
  const box = el("div", "classtable"), bar = el("div", "bar");
  state.body = el("div", "rows");
  state.body.setAttribute("role", "list");
  bar.append(button("Add a class", "", () => add(state)));
  if (!state.live) {
    state.save = button("Save changes", "", () => {
      state.sent = Date.now();
      keep(state);
      state.saveRows({ rows: state.rows.filter(usable), seen: state.seen, at: state.sent });
    });
    state.save.classList.add("primary");
    state.discard = button("Discard changes", "", () => { state.rows = JSON.parse(JSON.stringify(state.saved)); state.seen = state.saved; draw(state); paint(state); });
    state.note = el("span", "legend");
    bar.append(state.save, state.discard, state.note);
  }
  box.append(el("div", "legend", `${state.graded ? "Lowest grade first. " : ""}The key chooses the class while labelling. A list can be pasted.`));
  state.said = el("div", "problem");
  state.said.setAttribute("role", "status");
  box.append(state.body, state.said, bar);
  root.querySelector(".classtable")?.remove(); // its styles lie beside it and stay
  root.append(box);
  draw(state);
  paint(state);
}

export default ({ data, parentElement, setStateValue, setTriggerValue }) => {
  let state = STATES.get(data.inst);
  const given = JSON.stringify(data.rows.map(({ count, ...row }) => row));
  if (!state || state.given !== given || state.graded !== data.graded || !parentElement.querySelector(".classtable")) {
    // Another task asks for the same classes: what was typed stays, and the cursor where it was.
    const rows = data.live && state?.given === given ? state.rows : data.rows.map((row) => ({ ...row }));
    const inputs = () => [...parentElement.querySelectorAll("input")], at = inputs().indexOf(parentElement.getRootNode().activeElement);
    state = { ...data, given, rows, saved: data.rows.map((row) => ({ ...row })), parts: [], marks: [], lines: [] };
    state.seen = state.saved;
    takeUp(state);
    STATES.set(data.inst, state);
    build(state, parentElement);
    inputs()[at]?.focus();
  }
  state.kept = data.kept;
  state.setRows = (rows) => setStateValue("rows", rows);
  state.saveRows = (value) => setTriggerValue("saved", value);
  return () => { STATES.delete(data.inst); };
};
