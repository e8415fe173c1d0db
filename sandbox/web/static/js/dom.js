// Small helpers to build the page. Text always goes in as text, never as HTML.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children.flat(Infinity));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

export const byId = (id) => document.getElementById(id);

let numbers = 0;
export const freshId = (prefix) => `${prefix}-${++numbers}`;

// What is outside an open modal dialog is hidden from screen readers, and lies behind its shade.
const speaker = (kind) => (byId("modal").open ? byId("modal") : document.body).querySelector(`:scope > .${kind}`);

export function announce(words) {
  speaker("announcer").textContent = words;
}

export function toast(words) {
  const place = speaker("toast");
  place.textContent = words;
  place.classList.add("shown");
  clearTimeout(place.timer);
  place.timer = setTimeout(() => place.classList.remove("shown"), 6000);
}

export const withFocusKey = (root, key) => (key ? root.querySelector(`[data-focus="${CSS.escape(key)}"]`) : null);

// Puts the cursor back where it was after a part of the page was rendered again.
export function keepFocus(root, draw) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset.focus;
  const selection = key && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  draw();
  if (!key) return;
  const again = withFocusKey(root, key);
  again?.focus({ preventScroll: true });
  if (again && selection && selection[0] !== null) again.setSelectionRange(...selection);
}
