// The modal on top of the stack. The browser's own <dialog> keeps the focus inside.

import { renderBlocks } from "./blocks.js";
import { announce, byId, h, keepFocus, withFocusKey } from "./dom.js";
import { Form } from "./form.js";
import { plain } from "./text.js";

const forms = new Map();
let drawn = "";
let drawnStep = "";
let drawnTitle = "";
let opener = null;

export function drawModal(ctx) {
  const dialog = byId("modal");
  const place = dialog.querySelector(".dialog-content");
  const stack = ctx.state.modal;
  const view = stack.at(-1);
  for (const id of forms.keys()) if (!stack.some((open) => open.id === id)) forms.delete(id);
  if (!view) {
    if (dialog.open) dialog.close();
    drawn = drawnStep = drawnTitle = "";
    cursorBack();
    return;
  }
  const mark = `${view.id} ${view.hash} ${JSON.stringify(view.errors)} ${view.error} ${ctx.me.locale}`;
  if (mark === drawn) return;
  // An update can put the next step of a form into the same view.
  const step = `${view.id} ${view.callback_id}`;
  const fresh = step !== drawnStep;
  const retitled = view.title.text !== drawnTitle;
  drawn = mark;
  drawnStep = step;
  drawnTitle = view.title.text;
  if (!forms.has(view.id)) forms.set(view.id, new Form());
  forms.get(view.id).draw(view.state.values);
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  if (fresh) place.replaceChildren();
  keepFocus(dialog, () => place.replaceChildren(content(view, stack, ctx)));
  // With the keyboard one scrolls from control to control; text alone is scrolled by itself.
  const body = dialog.querySelector(".modal-body");
  if (!body.querySelector("a, button, input, select, textarea")) body.tabIndex = 0;
  settle(dialog, view, fresh, retitled);
}

// To what opened the modal, or to what was drawn in its place meanwhile.
function cursorBack() {
  if (!opener) return;
  const again = opener.isConnected ? opener : withFocusKey(document, opener.dataset.focus);
  again?.focus();
  opener = null;
}

// Where the cursor goes: the first faulty field, or, in a new view, what asks for it.
function settle(dialog, view, fresh, retitled) {
  const faulty = dialog.querySelector('[aria-invalid="true"]');
  if (faulty) {
    (faulty.matches(".choices") ? faulty.querySelector("input") : faulty)?.focus();
    announce(Object.values(view.errors).join(" "));
  } else if (fresh || !dialog.contains(document.activeElement)) {
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector(".modal-body :is(input, select, textarea)");
    (first ?? dialog.querySelector("h2"))?.focus();
    dialog.querySelector(".modal-body").scrollTop = 0;
    announce(view.title.text);
  } else if (retitled) {
    announce(view.title.text);
  }
}

function content(view, stack, ctx) {
  const surface = { ids: { view_id: view.id }, form: forms.get(view.id), errors: view.errors, headingLevel: 3 };
  const submit = async (event) => {
    event.preventDefault();
    const action = event.target.querySelector("[type=submit]");
    if (!action || action.disabled) return;
    action.disabled = true;
    action.classList.add("busy");
    await ctx.act("submit", { view_id: view.id, typed: surface.form.typed, offered: surface.form.offered });
    action.disabled = false;
    action.classList.remove("busy");
  };
  const close = (everything) => () => ctx.act("close", { everything });
  return h(
    "form",
    { class: "modal-form", novalidate: true, onsubmit: submit },
    h(
      "header",
      {},
      stack.length > 1 ? h("button", { type: "button", class: "quiet", "aria-label": "Back", onclick: close(false) }, "‹") : null,
      h("h2", { id: "modal-title", tabindex: "-1" }, plain(view.title.text)),
      h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close(true) }, "×"),
    ),
    view.error ? h("div", { class: "alert error", role: "alert" }, `⚠ ${view.error}`) : null,
    h("div", { class: "modal-body", tabindex: "-1" }, renderBlocks(view.blocks, surface, ctx)),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button", onclick: close(false) }, view.close ? plain(view.close.text) : "Close"),
      view.submit ? h("button", { type: "submit", class: "button primary" }, plain(view.submit.text)) : null,
    ),
  );
}

// Escape closes the top view alone, as the Cancel button does.
export function listenForEscape(contextOf) {
  byId("modal").addEventListener("cancel", (event) => {
    event.preventDefault();
    contextOf().act("close", { everything: false });
  });
}
