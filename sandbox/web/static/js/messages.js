// A channel's messages, and the thread beside it.

import { renderBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { h, keepFocus } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { dayOf, formatter, mrkdwn } from "./text.js";

const forms = new Map();
const drawn = new WeakMap();

export function avatar(user) {
  const name = user?.real_name || user?.name || "S";
  const hue = [...(user?.id ?? "S")].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  return h("span", { class: "avatar", style: `--hue:${hue}`, "aria-hidden": "true" }, user?.is_bot ? icon("app") : name[0].toUpperCase());
}

export function title(channel, ctx) {
  if (!channel.is_im) return [channel.is_private ? icon("lock") : "# ", channel.name];
  return ctx.state.app.name;
}

// Redraws only the messages that changed, so that what one types or has focused stays.
export function drawList(list, messages, ctx, options = {}) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const wanted = [];
  let day = null;
  for (const message of messages) {
    const date = dayOf(Number(message.ts), ctx);
    if (date !== day) wanted.push(reuse(old, `day ${date}`, date + ctx.me.locale, () => dayLine(message, ctx)));
    day = date;
    const replies = options.inThread ? 0 : ctx.replies(message).length;
    const mark = JSON.stringify([message, replies, ctx.me.locale, ctx.me.tz]);
    wanted.push(reuse(old, message.ts, mark, () => messageNode(message, replies, ctx, options)));
  }
  keepFocus(list, () => {
    wanted.forEach((node, place) => list.children[place] !== node && list.insertBefore(node, list.children[place] ?? null));
    while (list.children.length > wanted.length) list.lastChild.remove();
  });
  if (atEnd || options.fresh) list.scrollTop = list.scrollHeight;
}

function reuse(old, key, mark, build) {
  const before = old.get(key);
  if (before && drawn.get(before) === mark) return before;
  const node = build();
  node.dataset.key = key;
  drawn.set(node, mark);
  return node;
}

function dayLine(message, ctx) {
  return h("div", { class: "day" }, h("span", {}, formatter({ weekday: "long", month: "long", day: "numeric" }, ctx).format(message.ts * 1000)));
}

function messageNode(message, replies, ctx, options) {
  const user = ctx.state.users[message.user] ?? { id: message.user, name: "Slackbot", real_name: "Slackbot", is_bot: true };
  const time = formatter({ hour: "numeric", minute: "2-digit" }, ctx).format(message.ts * 1000);
  return h(
    "article",
    { class: `message${message.only_for ? " ephemeral" : ""}`, "data-ts": message.ts, "aria-label": `${user.real_name}, ${time}` },
    avatar(user),
    h(
      "div",
      { class: "message-body" },
      message.only_for ? h("div", { class: "note" }, icon("eye"), "Only visible to you") : null,
      h("div", { class: "byline" }, h("strong", {}, user.real_name || user.name), user.is_bot ? h("span", { class: "badge" }, "APP") : null, h("time", { datetime: new Date(message.ts * 1000).toISOString() }, time)),
      body(message, ctx),
      message.files.map((file) => fileCard(file)),
      message.error ? h("div", { class: "note failed", role: "alert" }, `⚠ ${message.error}`) : null,
      footer(message, replies, ctx, options),
    ),
  );
}

function body(message, ctx) {
  if (!forms.has(message.ts)) forms.set(message.ts, new Form());
  const form = forms.get(message.ts);
  form.draw(message.state);
  const surface = { ids: { channel: message.channel, ts: message.ts }, form, headingLevel: 2 };
  const edited = message.edited ? h("span", { class: "edited", title: message.edits.map((edit) => edit.text).join("\n—\n") }, " (edited)") : null;
  const attachments = message.attachments.map((attachment) =>
    h("div", { class: "attachment", style: attachment.color ? `border-color:${CSS.escape(attachment.color).replace("\\#", "#")}` : null }, attachment.text ? mrkdwn(attachment.text, ctx) : null, renderBlocks(attachment.blocks ?? [], surface, ctx)),
  );
  if (message.blocks.length) return [h("div", { class: "blocks" }, renderBlocks(message.blocks, surface, ctx)), attachments, edited];
  return [h("div", { class: "text" }, mrkdwn(message.text, ctx), edited), attachments];
}

function fileCard(file) {
  const size = file.size > 99999 ? `${(file.size / 1e6).toFixed(1)} MB` : `${Math.ceil(file.size / 1e3)} kB`;
  return h("a", { class: "file", href: file.url_private, target: "_blank", rel: "noopener" }, h("span", { class: "file-kind", "aria-hidden": "true" }, file.filetype.toUpperCase()), h("span", {}, h("strong", {}, file.title), h("small", {}, `${file.filetype.toUpperCase()} · ${size}`)));
}

function footer(message, replies, ctx, { inThread }) {
  if (inThread || message.only_for) return null;
  const words = replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "Reply in thread";
  return h("button", { type: "button", class: `replies${replies ? " some" : ""}`, onclick: () => ctx.openThread(message) }, words);
}

// --- the two panes

export function conversation(root, channel, ctx) {
  // The app's messages get their channel with the first of them: words half typed by then stay.
  const address = channel.is_im ? "DM" : channel.id;
  if (root.dataset.channel !== address || root.dataset.kind !== "conversation") {
    root.dataset.channel = address;
    root.dataset.kind = "conversation";
    root.replaceChildren(heading(channel, ctx), h("div", { class: "messages", role: "log", "aria-label": "Messages", tabindex: "0" }), composer(address, ctx, { id: "composer-text" }));
    root.fresh = true;
  }
  root.querySelector(".channel-title").replaceWith(heading(channel, ctx).querySelector(".channel-title"));
  const shown = channel.messages.filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  drawList(root.querySelector(".messages"), shown, ctx, { fresh: root.fresh });
  root.fresh = false;
}

function heading(channel, ctx) {
  const facts = [channel.is_ext_shared && "shared with another workspace", channel.is_archived && "archived", channel.topic].filter(Boolean);
  return h("header", { class: "bar" }, ctx.menuButton(), h("div", { class: "channel-title" }, h("h1", {}, title(channel, ctx)), facts.length ? h("span", { class: "topic" }, facts.join(" · ")) : null));
}

export function thread(root, channel, parent, ctx) {
  root.hidden = !parent;
  if (!parent) return;
  if (root.dataset.ts !== parent.ts || !root.children.length) {
    root.dataset.ts = parent.ts;
    root.replaceChildren(
      h("header", { class: "bar" }, h("h2", {}, "Thread"), h("button", { type: "button", class: "quiet", "aria-label": "Close the thread", onclick: () => ctx.openThread(null) }, "×")),
      h("div", { class: "messages", role: "log", "aria-label": "Thread", tabindex: "0" }),
      composer(channel.id, ctx, { id: "thread-text", thread: parent.ts }),
    );
  }
  drawList(root.querySelector(".messages"), [parent, ...ctx.replies(parent)], ctx, { inThread: true });
}
