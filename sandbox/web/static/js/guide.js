// What to try, from the workspace file. A step takes one to its person and place, with its command typed.

import { h } from "./dom.js";

export function guide(root, ctx) {
  const mark = `guide ${ctx.me.id}`;
  if (root.dataset.kind === mark) return;
  root.dataset.kind = mark;
  const { title, notes, steps } = ctx.state.guide;
  root.replaceChildren(
    h("header", { class: "bar" }, ctx.menuButton(), h("h1", {}, title)),
    h(
      "div",
      { class: "guide", role: "region", "aria-label": title, tabindex: "0" },
      h("ol", {}, steps.map((step) => item(step, ctx))),
      notes.map((note) => h("p", {}, note)),
    ),
  );
}

function item(step, ctx) {
  const { real_name, name } = ctx.state.users[step.user];
  const who = real_name || name;
  return h(
    "li",
    {},
    h("h2", {}, step.title),
    h("p", {}, step.text),
    h("button", { type: "button", class: "button", "aria-label": `Try as ${who}: ${step.title}`, onclick: () => ctx.tryStep(step) }, `Try as ${who}`),
    step.command ? h("code", {}, step.command) : null,
  );
}
