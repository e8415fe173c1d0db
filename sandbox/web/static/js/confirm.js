// The confirm dialog of an element. Resolves to whether the person went on.

import { byId, h } from "./dom.js";
import { plain } from "./text.js";

export function confirmed(confirm, ctx) {
  if (!confirm) return Promise.resolve(true);
  const dialog = byId("confirm");
  // What is dangerous takes more than Enter.
  const dangerous = confirm.style === "danger";
  const answer = (value) => () => dialog.close(value);
  dialog.replaceChildren(
    h("h2", { id: "confirm-title" }, plain(confirm.title.text)),
    h("div", { id: "confirm-text" }, ctx.text(confirm.text)),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button", autofocus: dangerous, onclick: answer("deny") }, plain(confirm.deny.text)),
      h("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, autofocus: !dangerous, onclick: answer("confirm") }, plain(confirm.confirm.text)),
    ),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true }));
}
