// A picture with the heatmap of a class over it. Asks /api/explanations by itself, so that a click needs no rerun of
// the page; the page is told afterwards, for the address. Only the latest question matters: older ones are dropped.
const STATES = new Map();

function el(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(text, action, label) {
  const node = Object.assign(el("button", "", text), { type: "button", onclick: action });
  if (label) node.setAttribute("aria-label", label);
  return node;
}

const percent = (share) => `${Math.round(share * 100)}%`;
const current = (state) => state.data.pictures[state.at];
const questionOf = (state) => ({ model: state.data.model, image: current(state).image, blob: current(state).blob, target: state.target, method: state.method });

// --- asking ---------------------------------------------------------------------------------------------------

async function fetched(question) {
  const answer = await fetch("/api/explanations", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(question) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${value.error} ${value.hint || ""}`.trim());
  const image = new Image();
  image.src = value.url;
  await image.decode();
  return value;
}

async function ask(state) {
  if (!current(state)) return;
  const question = questionOf(state);
  const key = JSON.stringify(question);
  state.wanted = key;
  if (state.answers.has(key)) { show(state, state.answers.get(key)); return; }
  if (state.busy) return; // the answer under way is followed by the latest question
  state.busy = true;
  const patience = setTimeout(() => note(state, "Looking…"), 250);
  try {
    const answer = await fetched(question);
    state.answers.set(key, answer);
    if (state.wanted === key) show(state, answer);
  } catch (error) {
    if (state.wanted === key) note(state, error instanceof TypeError ? "The connection is broken. Choose again to retry." : error.message, true);
  } finally {
    clearTimeout(patience);
    state.busy = false;
    if (state.wanted !== key) ask(state);
  }
}

// --- all methods beside each other: asked one after the other, the quick ones first ----------------------------------

async function compare(state) {
  const box = state.parts.compare, turn = (state.turn = (state.turn || 0) + 1);
  box.hidden = !state.comparing;
  if (!state.comparing || !current(state)) { box.replaceChildren(); return; }
  const methods = [...state.data.methods].sort((a, b) => a.passes - b.passes);
  const tiles = methods.map((item) => {
    const tile = button("", () => { state.method = item.name; bars(state); changed(state); });
    const picture = el("span", "pair"), image = Object.assign(el("img"), { src: current(state).url, alt: "" });
    const words = el("span", "small", "Looking…");
    picture.append(image);
    tile.append(el("strong", "", item.title), picture, words);
    tile.className = "tile";
    return { item, tile, picture, words };
  });
  box.replaceChildren(...tiles.map(({ tile }) => tile));
  for (const { item, picture, words } of tiles) {
    const question = { ...questionOf(state), method: item.name }, key = JSON.stringify(question);
    try {
      const answer = state.answers.get(key) || await fetched(question);
      state.answers.set(key, answer);
      if (state.turn !== turn) return; // another picture or class was chosen meanwhile
      picture.append(Object.assign(el("img", "heat"), { src: answer.url, alt: "" }));
      words.textContent = answer.empty ? "Nothing speaks for it." : item.mark;
    } catch (error) {
      if (state.turn !== turn) return;
      words.textContent = error.message;
    }
  }
}

// --- showing --------------------------------------------------------------------------------------------------

function note(state, text, problem = false) {
  state.parts.note.textContent = text;
  state.parts.note.hidden = !text;
  state.parts.note.classList.toggle("problem", problem);
}

function show(state, answer) {
  state.shown = answer;
  state.parts.heat.src = answer.url;
  state.parts.heat.hidden = false;
  state.parts.box.dataset.shown = answer.url;
  note(state, answer.empty ? `By this method nothing in the picture speaks for ${answer.class || "the number"}.` : "");
  bars(state);
  facts(state);
}

function facts(state) {
  const picture = current(state), answer = state.shown;
  state.parts.title.textContent = picture.name;
  const rows = [];
  const number = answer?.number ?? null;
  const said = picture.said || (answer ? (number === null ? state.data.classes[answer.said] : String(Number(number.toPrecision(4)))) : "…");
  // Of several classes each has its own probability, which stands below.
  const sure = state.data.several ? null : picture.confidence ?? (answer && number === null ? answer.probabilities[answer.said] : null);
  if (picture.answer) rows.push(["Answer", picture.answer]);
  rows.push([picture.answer ? "Best guess" : "Model says", sure === null ? said : `${said}, ${percent(sure)} sure`]);
  rows.push(["Label", picture.truth || "none yet"]);
  state.parts.facts.replaceChildren(...rows.flatMap(([term, text]) => [el("dt", "", term), el("dd", "", text)]));
}

function bars(state) {
  const { classes, methods } = state.data;
  const answer = state.shown, picture = current(state), truth = picture.truth_set;
  const said = picture.said_set ?? (answer ? [answer.said] : []);
  const target = state.target ?? answer?.target ?? null;
  const ofClass = methods.find((item) => item.name === state.method)?.of_class ?? true;
  state.parts.ask.textContent = classes.length ? (ofClass ? "What speaks for…" : "This method shows the same for every class.") : "";
  const order = classes.map((_, index) => index);
  if (answer && classes.length > 12) order.sort((a, b) => answer.probabilities[b] - answer.probabilities[a]);
  state.parts.bars.replaceChildren(...order.map((index) => {
    const node = button("", () => { state.target = index; bars(state); changed(state); });
    const name = el("span", "name", classes[index]);
    const share = answer ? answer.probabilities[index] : null;
    const tags = [said.includes(index) ? picture.answer ? "best guess" : "model's answer" : "", truth.includes(index) ? "label" : ""].filter(Boolean);
    if (tags.length) name.append(el("span", "tag", tags.join(" · ")));
    node.className = "bar";
    node.title = classes[index];
    node.append(name, el("span", "value", share === null ? "" : percent(share)));
    node.style.setProperty("--share", share === null ? "0%" : `${share * 100}%`);
    node.setAttribute("aria-pressed", String(index === target));
    return node;
  }));
}

function method(state) {
  const info = state.data.methods.find((item) => item.name === state.method);
  state.parts.method.value = state.method;
  state.parts.verdict.textContent = info?.verdict || "";
  state.parts.verdict.classList.toggle("problem", info?.mark === "fails its tests");
  state.parts.words.textContent = [info?.words, state.data.cropped && "The model sees the middle square only; grey is what it never saw."].filter(Boolean).join(" ");
}

function strip(state) {
  state.parts.strip.hidden = state.data.pictures.length < 2;
  state.parts.strip.replaceChildren(...state.data.pictures.map((picture, index) => {
    const node = button("", () => open(state, index), picture.name);
    const image = Object.assign(el("img"), { src: picture.thumb, alt: "", loading: "lazy" });
    node.classList.toggle("wrong", Boolean(picture.wrong));
    node.title = [picture.name, picture.said && `model: ${picture.said}`, picture.truth && `label: ${picture.truth}`].filter(Boolean).join("\n");
    node.append(image);
    return node;
  }));
}

function shape(state) {
  const { naturalWidth: width, naturalHeight: height } = state.parts.images[0];
  const beside = state.parts.images.filter((image) => !image.closest(".stage").hidden).length;
  if (height) state.parts.stages.style.setProperty("--ratio", String((width / height) * beside));
}

function place(state) {
  for (const layer of state.parts.layers) {
    layer.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
    layer.parentElement.style.touchAction = touchAction(state);
  }
}

// Not scrollIntoView: it would scroll the page, too, to where the strip is.
function bringIntoStrip(strip, node) {
  const outer = strip.getBoundingClientRect(), inner = node.getBoundingClientRect();
  strip.scrollLeft += Math.min(0, inner.left - outer.left) + Math.max(0, inner.right - outer.right);
}

function open(state, index, keep = false) {
  if (index < 0 || index >= state.data.pictures.length) return;
  const picture = state.data.pictures[index];
  Object.assign(state, { at: index, shown: null, zoom: 1, x: 0, y: 0 });
  if (!keep) state.target = null;
  place(state);
  circling(state, false);
  for (const image of state.parts.images) image.src = picture.url;
  state.parts.heat.hidden = true;
  [...state.parts.strip.children].forEach((node, position) => {
    node.setAttribute("aria-current", String(position === index));
    if (position === index) bringIntoStrip(state.parts.strip, node);
  });
  facts(state);
  bars(state);
  changed(state);
}

function changed(state) {
  method(state);
  ask(state);
  const asked = JSON.stringify({ ...questionOf(state), method: null });
  if (state.comparing && asked !== state.compared) { state.compared = asked; compare(state); }
  const { image, blob } = current(state);
  state.tell({ image, blob, target: state.target, method: state.method });
}

// --- circling: what an expert says matters, to hold the heatmaps against -------------------------------------------

// Where the picture lies inside its stage, whose sides may have another ratio.
function frame(state) {
  const image = state.parts.heat.parentElement.firstElementChild, { clientWidth: width, clientHeight: height } = image;
  const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight) || 1;
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  return { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h };
}

// A pointer's place as shares of the picture's sides.
function spot(state, event, stage) {
  const box = stage.getBoundingClientRect(), inner = frame(state);
  const x = (event.clientX - box.left - stage.clientLeft - state.x) / state.zoom, y = (event.clientY - box.top - stage.clientTop - state.y) / state.zoom;
  const inside = (value) => Math.max(0, Math.min(1, value));
  return [inside((x - inner.left) / inner.width), inside((y - inner.top) / inner.height)];
}

const between = ([x1, y1], [x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2, Math.abs(x1 - x2) / 2, Math.abs(y1 - y2) / 2];

function circles(state, extra = null) {
  if (!state.parts.images[0].naturalWidth) return; // its load draws them
  const { rings } = state.parts, inner = frame(state), drawn = [...(current(state).circles || []), ...(extra ? [extra] : [])];
  rings.replaceChildren(...drawn.map(([x, y, rx, ry]) => {
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "ellipse");
    const values = { cx: inner.left + x * inner.width, cy: inner.top + y * inner.height, rx: rx * inner.width, ry: ry * inner.height };
    for (const [name, value] of Object.entries(values)) ring.setAttribute(name, value);
    return ring;
  }));
  if (!state.data.circling) return;
  const own = current(state).image !== null;
  state.parts.circle.hidden = !own;
  state.parts.uncircle.hidden = !own || !(current(state).circles || []).length;
  state.parts.circle.setAttribute("aria-pressed", String(Boolean(state.circling)));
  const { circled } = state.data;
  state.parts.circle.textContent = state.circling ? "Drag around it" : circled < 20 ? `Circle it (${circled} of 20)` : `Circle it (${circled} circled)`;
}

async function saveCircles(state, next) {
  const picture = current(state), before = picture.circles || [];
  picture.circles = next;
  circles(state);
  try {
    const answer = await fetch("/api/circles", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ image: picture.image, annotator: state.data.annotator, circles: next, seen: before }) });
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error);
    state.data.circled = value.circled;
  } catch (error) {
    picture.circles = before;
    note(state, error instanceof TypeError ? "The connection is broken: the circle was not kept. Draw it again." : error.message, true);
  }
  circles(state);
}

function circling(state, on) {
  state.circling = on;
  state.parts.box.classList.toggle("circling", on);
  circles(state);
}

// --- doing ----------------------------------------------------------------------------------------------------

function zoomBy(state, factor, px, py) {
  const zoom = Math.max(1, Math.min(12, state.zoom * factor));
  state.x = zoom === 1 ? 0 : px - (px - state.x) * (zoom / state.zoom);
  state.y = zoom === 1 ? 0 : py - (py - state.y) * (zoom / state.zoom);
  state.zoom = zoom;
  place(state);
}

function pointer(state, stage) {
  stage.onwheel = (event) => {
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    zoomBy(state, event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - box.left, event.clientY - box.top);
  };
  movable(stage, state, (by, x, y) => zoomBy(state, by, x, y), () => place(state), () => state.circling);
  stage.onpointerdown = (event) => {
    if (!state.circling) return;
    stage.setPointerCapture(event.pointerId);
    state.from = spot(state, event, stage);
  };
  stage.onpointermove = (event) => { if (state.from) circles(state, between(state.from, spot(state, event, stage))); };
  stage.onpointercancel = () => { state.from = null; circles(state); };
  stage.onpointerup = (event) => {
    const from = state.from;
    state.from = null;
    if (!from) return;
    const drawn = between(from, spot(state, event, stage));
    circling(state, false);
    if (drawn[2] > 0.005 && drawn[3] > 0.005) saveCircles(state, [...(current(state).circles || []), drawn]);
  };
}

async function download(state) {
  const [picture, heat] = [state.parts.images[0], state.parts.heat];
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.naturalWidth, height: picture.naturalHeight });
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  if (!heat.hidden) { pen.globalAlpha = state.opacity; pen.drawImage(heat, 0, 0, canvas.width, canvas.height); }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const name = current(state).name.split("/").pop().replace(/\.[^.]*$/, "");
  const link = Object.assign(el("a"), { href: URL.createObjectURL(blob), download: `${name}-${state.shown?.class || "heatmap"}-${state.method}.png` });
  link.click();
  URL.revokeObjectURL(link.href);
}

function stageOf(state, withHeat) {
  const stage = el("div", "stage"), layer = el("div", "moved"), image = Object.assign(el("img"), { draggable: false, alt: "" });
  layer.append(image);
  stage.append(layer);
  pointer(state, stage);
  state.parts.layers.push(layer);
  state.parts.images.push(image);
  if (withHeat) {
    state.parts.heat = Object.assign(el("img", "heat"), { draggable: false, hidden: true, alt: "Heatmap" });
    state.parts.note = el("div", "note");
    state.parts.note.setAttribute("role", "status");
    state.parts.rings = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    layer.append(state.parts.heat, state.parts.rings);
    stage.append(state.parts.note);
  }
  return stage;
}

function labelled(text, input) {
  const node = el("label", "", text);
  node.append(input);
  return node;
}

function tools(state, plain) {
  const row = el("div", "tools");
  const opacity = Object.assign(el("input"), { type: "range", min: 0, max: 100, value: state.opacity * 100 });
  opacity.oninput = () => { state.opacity = opacity.value / 100; state.parts.heat.style.opacity = state.opacity; };
  const beside = Object.assign(el("input"), { type: "checkbox" });
  beside.onchange = () => { plain.hidden = !beside.checked; shape(state); };
  const all = Object.assign(el("input"), { type: "checkbox" });
  all.onchange = () => { state.comparing = all.checked; state.compared = JSON.stringify({ ...questionOf(state), method: null }); compare(state); };
  const middle = (factor) => () => { const box = plain.parentElement.lastElementChild.getBoundingClientRect(); zoomBy(state, factor, box.width / 2, box.height / 2); };
  const scale = el("span", "scale", "nothing");
  scale.append(el("i"), "most");
  const marks = state.data.circling ? [
    (state.parts.circle = button("Circle it", () => circling(state, !state.circling))),
    (state.parts.uncircle = button("Remove circle", () => saveCircles(state, (current(state).circles || []).slice(0, -1)))),
  ] : [];
  row.append(labelled("Heatmap", opacity), labelled("Side by side", beside), labelled("All methods", all), ...marks, button("−", middle(1 / 1.5), "Zoom out"), button("+", middle(1.5), "Zoom in"), button("Download PNG", () => download(state)), scale);
  return row;
}

function build(state, root) {
  state.parts = { layers: [], images: [] };
  const box = state.parts.box = el("div", "viewer"), columns = el("div", "columns"), left = el("div"), stages = el("div", "stages");
  const over = stageOf(state, true), plain = stageOf(state, false);
  plain.hidden = true;
  state.parts.stages = stages;
  state.parts.images[0].onload = () => { shape(state); circles(state); };
  new ResizeObserver(() => circles(state)).observe(over);
  state.parts.heat.style.opacity = state.opacity;
  stages.append(plain, over);
  left.append(stages, tools(state, plain));
  const panel = el("div", "panel");
  Object.assign(state.parts, { title: el("h2"), facts: el("dl", "facts"), ask: el("div", "small"), bars: el("div", "bars"), method: el("select"), words: el("div", "small"), verdict: el("div", "small"), strip: el("div", "strip"), compare: el("div", "compare") });
  state.parts.compare.hidden = true;
  state.parts.facts.style.margin = 0;
  state.parts.method.setAttribute("aria-label", "Method");
  state.parts.method.append(...state.data.methods.map((item) => Object.assign(el("option", "", item.mark ? `${item.title} (${item.mark})` : item.title), { value: item.name })));
  state.parts.method.onchange = () => { state.method = state.parts.method.value; bars(state); changed(state); };
  panel.append(state.parts.title, state.parts.facts, state.parts.ask, state.parts.bars, state.parts.method, state.parts.words, state.parts.verdict);
  columns.append(left, panel);
  box.tabIndex = 0;
  box.onkeydown = (event) => {
    if (event.composedPath()[0].matches?.("input,select")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) { event.preventDefault(); open(state, state.at + step); }
  };
  box.append(columns, state.parts.compare, state.parts.strip);
  root.querySelector(".viewer")?.remove(); // its styles lie beside it and stay
  root.append(box);
}

const same = (one, other) => one.image === other.image && one.blob === other.blob;

export default ({ data, parentElement, setStateValue }) => {
  let state = STATES.get(data.inst);
  const pictures = JSON.stringify(data.pictures);
  const fresh = !state || !parentElement.querySelector(".viewer");
  if (fresh) {
    state = { data, answers: new Map(), opacity: 0.7, target: data.target, method: data.method, tell: () => {} };
    STATES.set(data.inst, state);
    build(state, parentElement);
  }
  const before = fresh ? null : current(state);
  state.data = data;
  if (fresh || state.pictures !== pictures) {
    state.pictures = pictures;
    strip(state);
    const kept = before ? data.pictures.findIndex((item) => same(item, before)) : -1;
    open(state, fresh ? data.selected : Math.max(0, kept), fresh || kept >= 0);
  }
  // A page with a list of its own opens what is chosen there.
  if (!fresh && data.follow && data.selected !== state.followed && data.selected !== state.at) open(state, data.selected);
  state.followed = data.selected;
  state.tell = (value) => setStateValue("choice", value);
  return () => STATES.delete(data.inst);
};
