// Elements, made with textContent only: what people typed never becomes HTML.
function el(tag, className, text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function button(text, key, action) {
  const node = el("button");
  node.type = "button";
  if (key) {
    node.append(el("kbd", "", key));
    node.setAttribute("aria-keyshortcuts", key);
  }
  node.append(el("span", "text", text));
  node.onclick = action;
  return node;
}

function classButton(item, action) {
  const node = button(item.name, item.key, action);
  node.title = item.description ? `${item.name}: ${item.description}` : item.name;
  node.style.setProperty("--colour", item.colour);
  node.append(el("span", "count"));
  return node;
}

// A field for a number. One of type "number" would drop a comma without a word, and make 125 of 12,5.
function numberField(label, entered) {
  const node = Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal", autocomplete: "off", placeholder: "Number", className: "number" });
  node.setAttribute("aria-label", label);
  node.onkeydown = (event) => { if (event.key === "Enter") entered(); };
  return node;
}

// What was typed, with a decimal comma or point: {number}, or {problem} where it is none or could mean two.
function readNumber(text) {
  const typed = text.trim().replace("−", "-");
  if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(typed)) return { problem: `${typed} could mean two numbers. Type ${typed.replace(",", "")} or ${typed.replace(",", ".")}.` };
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(typed)) return { problem: "Type a number, such as 12.5." };
  const number = Number(typed.replace(",", "."));
  return Number.isFinite(number) ? { number } : { problem: "Type a number, such as 12.5." };
}

const plural = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;

// The key a person means, or "" where it is somebody else's: held down, with Ctrl, or typed into a field.
function plainKey(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return "";
  // No number has these letters in it: in its field, too, they are keys.
  if (event.composedPath()[0]?.matches?.("input.number") && /^[a-df-z]$/i.test(event.key)) return event.key.toLowerCase();
  if (event.composedPath()[0]?.matches?.("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable=true]")) return "";
  return event.key.toLowerCase();
}
