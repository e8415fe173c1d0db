// The e-mails that the app has sent to the sandbox's SMTP server.

import { api } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { formatter } from "./text.js";

let chosen = null;

export async function mail(root, ctx) {
  const { messages } = await api.mail();
  // It took a while: one may have gone elsewhere.
  if (ctx.place !== "mail") return;
  const mark = `mail ${messages.length} ${chosen} ${ctx.me.id}`;
  if (root.dataset.kind === mark) return;
  root.dataset.kind = mark;
  const open = messages.find((one) => one.id === chosen) ?? messages.at(-1);
  const choose = (one) => () => {
    chosen = one.id;
    mail(root, ctx);
  };
  const time = (one) => formatter({ dateStyle: "medium", timeStyle: "short" }, ctx).format(one.at * 1000);
  const row = (one) =>
    h("li", {}, h("button", { type: "button", "aria-current": one === open ? "true" : null, onclick: choose(one) }, h("strong", {}, one.subject || "(no subject)"), h("span", {}, one.to.join(", ")), h("time", {}, time(one))));
  root.replaceChildren(
    h("header", { class: "bar" }, ctx.menuButton(), h("h1", {}, "Mail")),
    messages.length
      ? h("div", { class: "mail" }, h("ul", { class: "mail-list", "aria-label": "E-mails" }, [...messages].reverse().map(row)), email(open, time(open)))
      : h("p", { class: "empty" }, "No e-mail has been sent yet."),
  );
}

function email(one, time) {
  const body = one.html
    ? h("iframe", { sandbox: "allow-popups allow-popups-to-escape-sandbox", srcdoc: one.html, title: one.subject })
    : h("pre", {}, one.text);
  return h(
    "article",
    { class: "email" },
    h("h2", {}, one.subject),
    h("dl", {}, [["From", one.from], ["To", one.to.join(", ")], ["Date", time]].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    one.attachments.length
      ? h("p", { class: "attachments" }, one.attachments.map((part, number) => h("a", { class: "file", href: `/control/mail/${one.id}/${number}`, target: "_blank" }, icon("clip"), part.name)))
      : null,
    body,
    one.html && one.text ? h("details", {}, h("summary", {}, "Plain text"), h("pre", {}, one.text)) : null,
  );
}
