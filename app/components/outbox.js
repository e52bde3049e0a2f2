// Label events on their way. An event has an id of its own, is kept in localStorage until the server says that it
// is on disk, is sent again when the connection breaks, and never counts twice, because the server knows the id.
// The key names the project and the moment it was made: another home on the same address must not get them.
let lastAt = 0;

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function openOutbox(data, status) {
  return { prefix: `graft.label.${data.project}.${data.born}.`, project: data.project, annotator: data.annotator, status, loose: new Map(), sending: false, problem: "" };
}

// The name of whoever labels from now on; the cookie brings it back after a reload (app/parts/annotator.py).
function setAnnotator(outbox, name) {
  outbox.annotator = name;
  document.cookie = `graft_annotator=${encodeURIComponent(name)}; path=/; max-age=31536000; samesite=lax`;
}

function unsent(outbox) {
  const found = [...outbox.loose.values()];
  for (let index = 0; index < localStorage.length; index++) {
    const key = localStorage.key(index);
    if (key.startsWith(outbox.prefix)) found.push(JSON.parse(localStorage.getItem(key)));
  }
  return found.sort((a, b) => a.at - b.at);
}

// The event that brings a picture into this state: `label` is {state, classes, number}.
function eventOf(image, label, seconds = null) {
  const kind = { labelled: "set", skipped: "skip", unsure: "unsure", unlabelled: "clear" }[label.state];
  return { id: newId(), image, kind, value: kind === "set" ? { classes: label.classes, number: label.number } : {}, seconds, source: "hand" };
}

// The event that takes back another one. The server knows better than this page what stands then: somebody else may
// have labelled the picture before, or since.
function undoOf(event, label) {
  return { ...eventOf(event.image, label), source: "undo", annotator: event.annotator, takes_back: event.id };
}

function record(outbox, events) {
  for (const event of events) {
    lastAt = Math.max(Date.now(), lastAt + 1); // the order of deeds within a millisecond counts, too
    const kept = { id: newId(), annotator: outbox.annotator, ...event, at: lastAt };
    try { localStorage.setItem(outbox.prefix + kept.id, JSON.stringify(kept)); } catch { outbox.loose.set(kept.id, kept); }
  }
  deliver(outbox);
}

function forget(outbox, id) {
  outbox.loose.delete(id);
  localStorage.removeItem(outbox.prefix + id);
}

async function deliver(outbox) {
  if (outbox.sending) return;
  outbox.sending = true;
  for (let pause = 250; ; ) {
    const waiting = unsent(outbox);
    tell(outbox, waiting.length);
    if (!waiting.length) break;
    try {
      await post(outbox, waiting.slice(0, 200));
      pause = 250;
    } catch (error) {
      tell(outbox, waiting.length, error.message);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 5000);
    }
  }
  outbox.sending = false;
}

async function post(outbox, batch) {
  let answer;
  try {
    answer = await fetch("/api/labels", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ project: outbox.project, events: batch.map(({ at, ...event }) => event) }),
    });
  } catch { throw new Error("The connection is broken."); }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error || "The server does not answer as it should.");
  for (const id of body.saved) forget(outbox, id);
  if (body.archived.length) outbox.problem = `Saved, but archived meanwhile: ${body.archived.join(", ")}. Reload the page to see the classes as they are now.`;
  if (body.deleted.length) outbox.problem = `Saved, but deleted meanwhile: ${body.deleted.join(", ")}. What is brought back in the gallery counts again.`;
  for (const item of body.rejected) { forget(outbox, item.id); outbox.problem = `Not saved: ${item.error}`; }
}

function tell(outbox, waiting, trouble = "") {
  const held = `${plural(waiting, "label")} ${waiting === 1 ? "waits" : "wait"} in this browser and will be sent.`;
  outbox.status.textContent = trouble ? `${trouble} ${held}` : outbox.problem || (waiting ? `Saving ${waiting}…` : "All saved");
  outbox.status.classList.toggle("problem", Boolean(trouble || outbox.problem));
}
