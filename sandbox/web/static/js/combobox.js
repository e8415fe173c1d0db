// A text field with a list of suggestions under it, for the keyboard and for screen readers.

import { freshId, h } from "./dom.js";

// `suggest(words)` returns (a promise of) [{label, hint, value}]; `choose(item)` takes the chosen one.
export function suggestions(field, suggest, choose) {
  const list = h("ul", { class: "suggestions", role: "listbox", id: freshId("list"), hidden: true });
  let items = [];
  let active = -1;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    active = -1;
    setExpanded(false);
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (number) => {
    active = number;
    [...list.children].forEach((node, place) => node.setAttribute("aria-selected", String(place === number)));
    const node = list.children[number];
    if (node) field.setAttribute("aria-activedescendant", node.id);
    node?.scrollIntoView({ block: "nearest" });
  };
  const take = (number) => {
    choose(items[number]);
    close();
  };
  const open = async () => {
    const turn = ++asked;
    const found = await suggest(field.value);
    if (turn !== asked) return;
    items = found;
    list.replaceChildren(
      ...items.map((item, number) =>
        h(
          "li",
          { role: "option", id: freshId("option"), onmousedown: (event) => { event.preventDefault(); take(number); } },
          h("strong", {}, item.label),
          item.hint ? h("span", {}, item.hint) : null,
        ),
      ),
    );
    list.hidden = items.length === 0;
    setExpanded(items.length > 0);
    mark(items.length ? 0 : -1);
  };
  const keys = {
    ArrowDown: () => mark((active + 1) % items.length),
    ArrowUp: () => mark((active + items.length - 1) % items.length),
    Tab: () => take(active),
    Enter: () => take(active),
    Escape: close,
  };

  const isCombobox = field.matches("input");
  const roles = { "aria-autocomplete": "list", "aria-controls": list.id };
  // A text area cannot be a combobox: it announces its suggestions by the active one alone.
  for (const [name, value] of Object.entries(isCombobox ? { role: "combobox", ...roles } : roles)) field.setAttribute(name, value);
  const setExpanded = (isOpen) => isCombobox && field.setAttribute("aria-expanded", String(isOpen));
  setExpanded(false);
  field.addEventListener("input", open);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || !keys[event.key] || active < 0) return;
    // What is typed in full already needs no completion: Enter sends it.
    if (event.key === "Enter" && items[active].value === field.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  });
  return { list, open, close };
}
