// What to try, from the workspace file. A step takes one to its person and place, with its command typed.

import { h } from "./dom.js";

export function guide(root, ctx) {
  const mark = `guide ${ctx.me.id} ${ctx.me.locale}`;
  if (root.dataset.kind === mark) return;
  root.dataset.kind = mark;
  const { title, try_label, notes, steps } = ctx.state.guide;
  const say = (text) => inLanguage(text, ctx.me.locale);
  root.replaceChildren(
    h("header", { class: "bar" }, ctx.menuButton(), h("h1", {}, say(title))),
    h(
      "div",
      { class: "guide", role: "region", "aria-label": say(title), tabindex: "0" },
      h("ol", {}, steps.map((step) => item(step, say(try_label), say, ctx))),
      notes.map((note) => h("p", {}, withCode(say(note)))),
    ),
  );
}

export function inLanguage(text, locale) {
  return typeof text === "string" ? text : (text[locale.split("-")[0]] ?? text.en ?? Object.values(text)[0]);
}

// What stands in backticks is code.
const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));

function item(step, tryLabel, say, ctx) {
  const { real_name, name } = ctx.state.users[step.user];
  const action = `${tryLabel} ${real_name || name}`;
  return h(
    "li",
    {},
    h("h2", {}, say(step.title)),
    h("p", {}, withCode(say(step.text))),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "button", "aria-label": `${action}: ${say(step.title)}`, onclick: () => ctx.tryStep(step) }, action),
      step.command ? h("code", {}, step.command) : null,
    ),
  );
}
