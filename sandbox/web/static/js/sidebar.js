// Who one is, and where one can go.

import { api } from "./api.js";
import { h, keepFocus } from "./dom.js";
import { inLanguage } from "./guide.js";
import { icon } from "./icons.js";
import { avatar } from "./messages.js";

const LOCALES = ["en-US", "en-GB", "fr-FR", "de-DE", "es-ES", "it-IT", "ja-JP", "pt-BR"];

export function sidebar(root, ctx) {
  const mark = JSON.stringify([ctx.place, ctx.me, ctx.state.team, ctx.state.mail, ctx.state.connected, ctx.resetting, ctx.unread(), ctx.state.channels.map((channel) => [channel.id, channel.name, channel.is_archived, channel.is_ext_shared])]);
  if (root.mark === mark) return;
  root.mark = mark;
  keepFocus(root, () => root.replaceChildren(...content(ctx).flat()));
}

function content(ctx) {
  const channels = ctx.state.channels.filter((channel) => !channel.is_im);
  return [
    h("header", {}, workspace(ctx), h("span", { class: `dot ${ctx.state.connected ? "on" : ""}`, role: "img", "aria-label": ctx.state.connected ? "The app is connected" : "The app is not connected", title: ctx.state.connected ? "The app is connected" : "The app is not connected" })),
    persona(ctx),
    group("Channels", channels.map((channel) => place(channel.id, [channel.is_private ? icon("lock") : h("span", { class: "hash" }, "#"), channel.name, channel.is_ext_shared ? icon("link") : null], ctx, channel.is_archived ? "archived" : ""))),
    group("App", ctx.state.installed ? [place("home", [icon("home"), "Home"], ctx), place("messages", [icon("chat"), "Messages"], ctx)] : [h("li", { class: "empty" }, "Not installed here")]),
    group("Sandbox", [ctx.state.guide ? place("guide", [icon("list"), inLanguage(ctx.state.guide.title, ctx.me.locale)], ctx) : null, place("mail", [icon("mail"), `Mail${ctx.state.mail ? ` (${ctx.state.mail})` : ""}`], ctx), place("traffic", [icon("wire"), "Traffic"], ctx)]),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "quiet", "data-focus": "theme", onclick: ctx.switchTheme }, icon("theme"), "Theme"),
      h("button", { type: "button", class: "quiet", "data-focus": "reset", "aria-disabled": ctx.resetting ? "true" : null, onclick: ctx.reset }, icon("reset"), ctx.resetting ? "Resetting…" : "Reset"),
    ),
  ];
}

// In an organisation a person may have several.
function workspace(ctx) {
  const name = (id) => ctx.state.teams[id]?.name ?? "Sandbox";
  const theirs = [ctx.me.team_id, ...ctx.me.other_teams];
  if (theirs.length === 1) return h("strong", {}, name(theirs[0]));
  return h("select", { class: "workspace", "aria-label": "Your workspace", "data-focus": "workspace", onchange: (event) => ctx.act("workspace", { team: event.target.value }) }, theirs.map((id) => h("option", { value: id, selected: id === ctx.state.team }, name(id))));
}

const group = (name, items) => [h("h2", {}, name), h("ul", {}, items)];

function place(id, words, ctx, className = "") {
  const here = ctx.place === id;
  const unread = !here && ctx.unread()[id];
  return h("li", {}, h("a", { href: `#${id}`, class: [className, unread ? "unread" : ""].join(" "), "aria-current": here ? "page" : null, "data-focus": `place-${id}` }, h("span", { class: "name" }, words), unread ? h("span", { class: "count", "aria-label": `${unread} new` }, String(unread)) : null));
}

function persona(ctx) {
  const people = Object.values(ctx.state.users).filter((user) => !user.is_bot);
  const note = (user) => [user.deleted && "deactivated", user.is_stranger && "stranger", user.team_id !== Object.keys(ctx.state.teams)[0] && ctx.state.teams[user.team_id]?.name, (user.is_restricted || user.is_ultra_restricted) && "guest"].filter(Boolean).join(", ");
  const option = (user) => h("option", { value: user.id, disabled: user.deleted, selected: user.id === ctx.me.id }, `${user.real_name || user.name}${note(user) ? ` (${note(user)})` : ""}`);
  const locales = [...new Set([ctx.me.locale, ...LOCALES])];
  return h(
    "div",
    { class: "persona" },
    avatar(ctx.me),
    h("div", {}, h("label", { class: "visually-hidden", for: "persona" }, "You are"), h("select", { id: "persona", "data-focus": "persona", onchange: (event) => ctx.become(event.target.value) }, people.map(option)), h(
      "div",
      { class: "speaks" },
      h("label", { class: "visually-hidden", for: "locale" }, "Your language"),
      h("select", { id: "locale", "data-focus": "locale", onchange: (event) => ctx.attempt(() => api.setUser(ctx.me.id, { locale: event.target.value })) }, locales.map((locale) => h("option", { value: locale, selected: locale === ctx.me.locale }, locale))),
      h("span", {}, ctx.me.tz),
    )),
  );
}
