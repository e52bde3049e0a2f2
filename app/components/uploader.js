// Sends dropped files in pieces to /api/uploads. A broken connection is retried from where the server stands. When all have arrived: "import" starts the import, any other purpose closes the batch.
const PIECE = 1024 * 1024; // small enough that a slow line, too, shows progress
const STATES = new Map();

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function newBatch() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(`${value.error} ${value.hint || ""}`), { final: answer.status < 500 });
  return value;
}

// Repeats a piece of work while the connection is broken; a refusal by the server is final.
async function patiently(state, work) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try { return await work(); } catch (error) {
      if (error.final) throw error;
      say(state, "The connection is broken. Trying again…", true);
      await wait(pause);
    }
  }
}

function say(state, text, problem = false) {
  state.status.textContent = text;
  state.status.classList.toggle("problem", problem);
}

function progress(state, name) {
  state.bar.value = state.total ? state.sent / state.total : 1;
  say(state, `Sending ${name}: ${Math.floor(100 * state.bar.value)}%`);
}

async function sendFile(state, batch, item) {
  const before = state.sent;
  await patiently(state, async () => {
    const start = await post("/api/uploads", { project: state.project, batch, name: item.name, size: item.file.size });
    let offset = start.offset;
    Object.assign(state, { sent: before + offset });
    progress(state, item.name);
    while (offset < item.file.size) {
      const answer = await fetch(`/api/uploads/${start.id}`, {
        method: "PATCH", headers: { "Upload-Offset": String(offset) }, body: item.file.slice(offset, offset + PIECE),
      });
      if (!answer.ok) throw new Error("piece refused"); // announce again: the server says where it stands
      const reached = (await answer.json()).offset;
      state.sent = before + reached;
      offset = reached;
      progress(state, item.name);
    }
  });
}

// The browser asks before it closes a page that still sends: what has not arrived would have to be chosen again.
const stay = (event) => event.preventDefault();

async function send(state, items) {
  if (!items.length || state.busy) return;
  Object.assign(state, { busy: true, sent: 0, total: items.reduce((sum, item) => sum + item.file.size, 0) });
  state.bar.hidden = false;
  addEventListener("beforeunload", stay);
  const batch = newBatch();
  const refused = [];
  for (const item of items) {
    try { await sendFile(state, batch, item); } catch (error) { refused.push(error.message); }
  }
  try {
    if (refused.length === items.length) throw new Error(refused[0]);
    const end = state.purpose === "import"
      ? await patiently(state, () => post(`/api/uploads/${batch}/import`, { project: state.project, options: state.options }))
      : await patiently(state, () => post(`/api/uploads/${batch}/seal`, { project: state.project }));
    say(state, refused.length ? refused.join(" ") : `${items.length} file${items.length === 1 ? "" : "s"} arrived.`, refused.length > 0);
    state.finished({ batch, run: end.run ?? null });
  } catch (error) { say(state, error.message, true); }
  removeEventListener("beforeunload", stay);
  state.bar.hidden = true;
  state.busy = false;
}

async function walk(entry, prefix, found) {
  if (entry.isFile) {
    found.push({ name: prefix + entry.name, file: await new Promise((ok, no) => entry.file(ok, no)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a folder is listed in parts, until a part is empty
    const part = await new Promise((ok, no) => reader.readEntries(ok, no));
    if (!part.length) return;
    for (const child of part) await walk(child, `${prefix}${entry.name}/`, found);
  }
}

async function dropped(event) {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

function chooser(state, text, folder) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", multiple: true, hidden: true, webkitdirectory: folder });
  input.setAttribute("aria-label", text);
  input.onchange = () => {
    send(state, [...input.files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
    input.value = "";
  };
  const button = document.createElement("button");
  button.textContent = text;
  button.type = "button";
  button.onclick = () => input.click();
  return [button, input];
}

function build(state, root) {
  const drop = document.createElement("div");
  drop.className = "drop";
  const title = document.createElement("p");
  title.textContent = "Drop pictures, a folder or a zip here";
  const hint = document.createElement("p");
  hint.className = "hint";
  const table = state.purpose === "import" ? " A CSV beside them can name labels; alone, it corrects them." : "";
  hint.textContent = `JPEG, PNG, TIFF, WebP, BMP, GIF, HEIC.${table}`;
  state.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, hidden: true });
  state.status = Object.assign(document.createElement("p"), { className: "status", role: "status" });
  state.bar.setAttribute("aria-label", "Sent");
  drop.append(title, hint, ...chooser(state, "Choose files", false), ...chooser(state, "Choose a folder", true), state.bar, state.status);
  drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(state, await dropped(event));
  };
  root.append(drop);
}

export default ({ data, parentElement, setTriggerValue }) => {
  let state = STATES.get(data.inst);
  if (!state || !parentElement.querySelector(".drop")) {
    state = { busy: false, purpose: data.purpose };
    STATES.set(data.inst, state);
    build(state, parentElement);
  }
  Object.assign(state, { project: data.project, purpose: data.purpose, options: data.options ?? {} });
  state.finished = (value) => setTriggerValue("finished", value);
};
