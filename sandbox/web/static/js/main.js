// Puts the page together: one state from the sandbox, rendered again after each change.

import { api, onChange } from "./api.js";
import { confirmed } from "./confirm.js";
import { byId, h, toast } from "./dom.js";
import { guide } from "./guide.js";
import { home } from "./home.js";
import { inspector } from "./inspector.js";
import { mail } from "./mail.js";
import { conversation, thread } from "./messages.js";
import { drawModal, listenForEscape } from "./modal.js";
import { sidebar } from "./sidebar.js";
import { textNodes } from "./text.js";

// A reloaded page is a new client, as in Slack: modals that were open are gone.
const client = `page-${crypto.randomUUID()}`;
const read = {};
let wanted = new URLSearchParams(location.search).get("user");
let user = null;
let state = null;
let threadOf = null;
let homeOpened = "";
let resetting = false;

const ctx = {
  client,
  get state() {
    return state;
  },
  get me() {
    return state.users[user];
  },
  get resetting() {
    return resetting;
  },
  get place() {
    return decodeURIComponent(location.hash.slice(1)) || firstPlace();
  },
  text: (text) => textNodes(text, ctx),
  toast,
  act: (name, body) => attempt(() => api.act(user, name, { client, ...body })),
  press,
  attempt,
  become,
  tryStep,
  reset,
  unread,
  switchTheme,
  menuButton,
  appTabs,
  openThread,
  replies: (message) => channelOf(message.channel).messages.filter((other) => other.thread_ts === message.ts && other.ts !== message.ts),
};

async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    toast(error.message);
    return null;
  }
}

async function press(surface, block, element, value) {
  if (!(await confirmed(element.confirm, ctx))) return;
  document.body.classList.add("waiting");
  await ctx.act("press", { ...surface.ids, block_id: block.block_id, action_id: element.action_id, value: value ?? null, typed: surface.form.typed, offered: surface.form.offered });
  document.body.classList.remove("waiting");
}

// --- places

const channelOf = (id) => state.channels.find((channel) => channel.id === id);

function firstPlace() {
  if (state.guide) return "guide";
  return state.channels.find((channel) => !channel.is_im)?.id ?? (state.installed ? "messages" : "mail");
}

function appTabs(current) {
  const tab = (id, words) => h("a", { href: `#${id}`, "aria-current": current === id ? "page" : null }, words);
  return h("nav", { class: "tabs", "aria-label": "App" }, tab("home", "Home"), tab("messages", "Messages"));
}

function menuButton() {
  return h("button", { type: "button", class: "quiet menu-button", "aria-label": "Menu", onclick: () => document.body.classList.toggle("menu-open") }, "☰");
}

function openThread(message) {
  threadOf = message && { channel: message.channel, ts: message.ts };
  draw();
  if (message) byId("thread-text")?.focus();
}

// Channel of the direct message with the app; before its first message there is nothing to show yet.
function appMessages() {
  return channelOf(state.dm) ?? { id: "DM", name: "directmessage", is_im: true, messages: [], members: [] };
}

function unread() {
  const counts = {};
  for (const channel of state.channels) {
    const id = channel.is_im ? "messages" : channel.id;
    const since = read[`${user} ${id}`] ?? "0";
    counts[id] = channel.messages.filter((message) => message.ts > since && message.user !== user && !message.thread_ts).length;
  }
  return counts;
}

function markRead(id, channel) {
  read[`${user} ${id}`] = channel.messages.at(-1)?.ts ?? "0";
}

// --- drawing

function draw() {
  if (!state) return;
  document.documentElement.lang = ctx.me.locale;
  const { place } = ctx;
  const root = byId("main");
  const channel = place === "messages" ? appMessages() : channelOf(place);
  if (channel) markRead(place, channel);
  if (channel) conversation(root, channel, ctx);
  else if (place === "home") home(root, ctx);
  else if (place === "mail") mail(root, ctx);
  else if (place === "traffic") inspector(root, ctx);
  else if (place === "guide" && state.guide) guide(root, ctx);
  else location.hash = firstPlace();
  const parent = threadOf && channel?.id === threadOf.channel ? channel.messages.find((message) => message.ts === threadOf.ts) : null;
  thread(byId("side"), channel, parent, ctx);
  if (place === "messages" && !root.querySelector(".tabs")) root.querySelector(".bar").append(appTabs("messages"));
  sidebar(byId("sidebar"), ctx);
  drawModal(ctx);
  drawSkipLink(Boolean(channel));
}

// Past the sidebar: to the message field, or to the page's content if there is none.
function drawSkipLink(hasComposer) {
  const skip = document.querySelector(".skip");
  skip.textContent = hasComposer ? "Skip to the message field" : "Skip to the content";
  skip.href = hasComposer ? "#composer-text" : "#main";
}

// `user` and `state` change together: what is drawn is always what one person sees.
async function refresh() {
  const asked = wanted;
  const fresh = await attempt(() => api.state(asked, client));
  if (!fresh || asked !== wanted) return;
  if (!fresh.users[asked] || fresh.users[asked].deleted) {
    wanted = Object.values(fresh.users).find((one) => !one.is_bot && !one.deleted).id;
    return refresh();
  }
  const another = user !== asked;
  user = asked;
  state = fresh;
  if (another) settleIn();
  arrive();
  draw();
}

// What was there before the page opened is not new.
function markStart(channel) {
  read[`${user} ${channel.is_im ? "messages" : channel.id}`] ??= channel.messages.at(-1)?.ts ?? "0";
}

// Opening the app's tabs is told to the app, once a visit.
function arrive() {
  const { place } = ctx;
  const visit = `${user} ${state.team} ${place}`;
  if (visit === homeOpened) return;
  homeOpened = visit;
  if (state.installed && ["home", "messages"].includes(place)) ctx.act("home", { tab: place });
}

async function become(id) {
  wanted = id;
  history.replaceState(null, "", `?user=${id}${location.hash}`);
  await refresh();
}

// Typed, but not sent: pressing Enter is up to the person.
async function tryStep(step) {
  await become(step.user);
  location.hash = step.place;
  draw();
  const composer = byId("composer-text");
  if (composer) composer.value = step.command;
  (composer ?? byId("main")).focus();
}

function settleIn() {
  threadOf = null;
  for (const channel of state.channels) markStart(channel);
  if (!["home", "messages", "mail", "traffic", "guide"].includes(ctx.place) && !channelOf(ctx.place)) location.hash = firstPlace();
  byId("main").dataset.kind = "";
}

// It takes as long as the app needs to start over.
async function reset() {
  if (resetting) return;
  resetting = true;
  sidebar(byId("sidebar"), ctx);
  const done = await attempt(api.reset);
  resetting = false;
  threadOf = null;
  homeOpened = "";
  for (const key of Object.keys(read)) delete read[key];
  byId("main").dataset.kind = "";
  await refresh();
  if (done) toast("Everything is as it was at the start.");
}

function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = localStorage.theme = now === "dark" ? "light" : "dark";
}

if (localStorage.theme) document.documentElement.dataset.theme = localStorage.theme;
addEventListener("hashchange", () => {
  document.body.classList.remove("menu-open");
  threadOf = null;
  if (!state) return;
  arrive();
  draw();
});
// The part of the address after "#" is the place, so the link moves the focus alone.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector(event.target.hash).focus();
});
listenForEscape(() => ctx);
onChange(refresh)();
