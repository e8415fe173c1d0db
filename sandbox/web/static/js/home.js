// The app's Home tab.

import { renderBlocks } from "./blocks.js";
import { h, keepFocus } from "./dom.js";
import { Form } from "./form.js";

const forms = new Map();

export function home(root, ctx) {
  const view = ctx.state.home;
  const mark = `home ${ctx.me.id} ${view?.hash} ${view?.error} ${ctx.me.locale} ${ctx.me.tz}`;
  if (root.dataset.kind === mark) return;
  root.dataset.kind = mark;
  const scroll = root.querySelector(".home")?.scrollTop ?? 0;
  keepFocus(root, () =>
    root.replaceChildren(
      h("header", { class: "bar" }, ctx.menuButton(), h("h1", {}, ctx.state.app.name), ctx.appTabs("home")),
      h("div", { class: "home", role: "region", "aria-label": "Home", tabindex: "0" }, view ? content(view, ctx) : h("p", { class: "empty" }, "This app has not shown anything here yet.")),
    ),
  );
  root.querySelector(".home").scrollTop = scroll;
}

function content(view, ctx) {
  if (!forms.has(view.id)) forms.set(view.id, new Form());
  const form = forms.get(view.id);
  form.draw(view.state.values);
  return [
    view.error ? h("div", { class: "alert error", role: "alert" }, `⚠ ${view.error}`) : null,
    h("div", { class: "blocks" }, renderBlocks(view.blocks, { ids: { view_id: view.id }, form, headingLevel: 2 }, ctx)),
  ];
}
