// A table of counts whose cells are buttons: rows by columns, as counts or as shares of their row.
const STATES = new Map();

function start(data, root) {
  root.querySelector(".matrix")?.remove();
  const state = { ...data, inst: data.inst, share: STATES.get(data.inst)?.share ?? false, at: data.chosen ?? [0, 0], cells: [] };
  state.root = el("div", "matrix");
  if (!data.signed) state.root.append(modes(state));
  state.root.append(table(state));
  root.append(state.root);
  STATES.set(data.inst, state);
  return state;
}

function modes(state) {
  const bar = el("div", "bar");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "What the cells show");
  state.modes = [["Pictures", false], ["Share of the row", true]].map(([text, share]) => {
    const node = button(text, "", () => { state.share = share; paint(state); });
    bar.append(node);
    return [node, share];
  });
  return bar;
}

function table(state) {
  const box = el("div", "scroll");
  const grid = el("table", size(state));
  grid.append(head(state));
  const body = grid.createTBody();
  state.rows.forEach((name, row) => {
    const line = body.insertRow();
    line.append(title("th", "row", name, state.short[0][row]));
    state.cells.push(state.columns.map((_, column) => {
      const cell = el("button", "cell");
      cell.type = "button";
      cell.onclick = () => { state.at = [row, column]; state.choose([row, column]); };
      line.insertCell().append(cell);
      return cell;
    }));
    if (!state.signed && state.totals) line.append(el("td", "total", state.totals[row].toLocaleString()));
  });
  grid.onkeydown = (event) => move(state, event);
  box.append(grid);
  return box;
}

function head(state) {
  const part = el("thead");
  const line = part.insertRow();
  line.append(el("th", "corner", state.corner));
  state.columns.forEach((name, column) => line.append(title("th", "column", name, state.short[1][column])));
  if (!state.signed && state.totals) line.append(el("th", "total", "all"));
  return part;
}

function title(tag, className, name, short) {
  const node = el(tag, className);
  node.scope = className === "row" ? "row" : "col";
  node.title = name;
  node.setAttribute("aria-label", name);
  node.append(el("span", "text", short));
  return node;
}

const size = (state) => (state.columns.length > 24 ? "tiny" : state.columns.length > 16 ? "small" : state.columns.length > 7 ? "middle" : "large");

function move(state, event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const keep = (value, length) => Math.max(0, Math.min(length - 1, value));
  state.at = [keep(state.at[0] + step[0], state.rows.length), keep(state.at[1] + step[1], state.columns.length)];
  paint(state);
  state.cells[state.at[0]][state.at[1]].focus();
}

function shown(state, count, row) {
  if (state.signed) return count > 0 ? `+${count}` : count < 0 ? `−${-count}` : "·";
  if (!count) return "·";
  if (!state.share) return count.toLocaleString();
  const percent = (100 * count) / state.bases[row];
  return percent < 1 ? "<1" : percent.toFixed(0);
}

function paint(state) {
  const most = Math.max(1, ...state.counts.flat().map(Math.abs));
  state.cells.forEach((line, row) => line.forEach((cell, column) => {
    const count = state.counts[row][column];
    const right = state.right === "diagonal" ? row === column : column === 0;
    const part = state.signed ? Math.abs(count) / most : count / Math.max(1, state.bases[row]);
    const good = state.signed ? (count > 0) === right : right;
    const text = shown(state, count, row);
    cell.textContent = text;
    cell.className = `cell ${count ? (good ? "good" : "bad") : "none"}`;
    cell.style.setProperty("--deep", `${Math.round(count ? 15 + 45 * Math.min(1, part) : 0)}%`);
    const said = state.signed && count > 0 ? `+${count}` : String(count);
    cell.setAttribute("aria-label", `${state.words[0]}${state.rows[row]}, ${state.words[1]}${state.columns[column]}: ${said}`);
    const share = state.signed ? "" : ` (${((100 * count) / Math.max(1, state.bases[row])).toFixed(1)}% of the row)`;
    cell.title = `${cell.getAttribute("aria-label")}${share}`;
    const chosen = state.chosen?.[0] === row && state.chosen?.[1] === column;
    cell.setAttribute("aria-pressed", String(chosen));
    cell.tabIndex = state.at[0] === row && state.at[1] === column ? 0 : -1;
  }));
  for (const [node, share] of state.modes ?? []) node.setAttribute("aria-pressed", String(share === state.share));
}

export default ({ data, parentElement, setTriggerValue }) => {
  let state = STATES.get(data.inst);
  const shape = JSON.stringify([data.rows, data.columns, data.counts, data.signed]);
  if (!state || state.shape !== shape || !parentElement.contains(state.root)) state = start({ ...data, shape }, parentElement);
  state.chosen = data.chosen;
  state.choose = (cell) => setTriggerValue("cell", cell);
  paint(state);
  return () => STATES.delete(data.inst);
};
