// Slack's text: mrkdwn, mentions, date tokens, emoji. Everything becomes DOM nodes.

import { h } from "./dom.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", bell: "🔔", books: "📚", bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈",
  bar_chart: "📊", credit_card: "💳", email: "✉️", envelope: "✉️", exclamation: "❗", eyes: "👀", gear: "⚙️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", house: "🏠", inbox_tray: "📥", information_source: "ℹ️", key: "🔑",
  link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", moneybag: "💰", no_entry: "⛔", package: "📦", page_facing_up: "📄",
  pencil2: "✏️", question: "❓", receipt: "🧾", red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡",
  rocket: "🚀", shopping_trolley: "🛒", smile: "😄", sparkles: "✨", star: "⭐", tada: "🎉", thumbsup: "👍",
  thumbsdown: "👎", timer_clock: "⏲️", trash: "🗑️", wastebasket: "🗑️", warning: "⚠️", wave: "👋",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", busts_in_silhouette: "👥", bust_in_silhouette: "👤",
  office: "🏢", arrow_right: "➡️", arrow_left: "⬅️", repeat: "🔁", mailbox: "📫", rotating_light: "🚨", clipboard: "📋",
  heavy_minus_sign: "➖", heavy_plus_sign: "➕", black_square_button: "🔲", white_square_button: "🔳", grey_question: "❔",
  arrows_counterclockwise: "🔄", fast_forward: "⏩", dart: "🎯", ticket: "🎫", seat: "💺", handshake: "🤝",
};

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
export const unescape = (text) => text.replace(/&(lt|gt|amp);/g, (entity) => ENTITIES[entity]);

// A text object as a person sees it.
export function textNodes(text, ctx) {
  if (!text) return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text, ctx) : plain(text.text);
}

// plain_text knows emoji and nothing else: markup in it is shown as it stands.
export function plain(text) {
  return lines(unescape(text).replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name)));
}

function lines(text) {
  return text.split("\n").flatMap((line, number) => (number ? [h("br"), line] : [line]));
}

export function mrkdwn(text, ctx) {
  const parts = text.split(/```([\s\S]*?)```/);
  return parts.flatMap((part, number) =>
    number % 2 ? [h("pre", {}, unescape(part.replace(/^\n/, "")))] : paragraphs(part, ctx),
  );
}

function paragraphs(text, ctx) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, number) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...inline(quoted[1], ctx));
      return;
    }
    if (number && !quote) nodes.push(h("br"));
    quote = null;
    nodes.push(...inline(line, ctx));
  });
  return nodes;
}

// Between a pair of `mark`, code and references count as a whole: `*see <#C1>*` is bold throughout.
function between(mark) {
  return new RegExp(
    `(?<![\\w${mark}])\\${mark}(?!\\s)((?:\`[^\`\\n]+\`|<[^<>\\n]+>|[^${mark}\\n\`<])+?)(?<!\\s)\\${mark}(?![\\w${mark}])`,
  );
}

const MARKS = [
  [/`([^`\n]+)`/, (match) => h("code", {}, unescape(match[1]))],
  [/<([^<>\n]+)>/, (match, ctx) => reference(match[1], ctx)],
  [between("*"), (match, ctx) => h("strong", {}, inline(match[1], ctx))],
  [between("_"), (match, ctx) => h("em", {}, inline(match[1], ctx))],
  [between("~"), (match, ctx) => h("s", {}, inline(match[1], ctx))],
  [/:([a-z0-9_+-]+):/, (match) => emoji(match[1])],
];

// Whatever begins first, with all that is in it; then what comes after.
export function inline(text, ctx) {
  const found = MARKS.map(([pattern, build]) => ({ match: pattern.exec(text), build })).filter((f) => f.match);
  if (!found.length) return text ? [unescape(text)] : [];
  const { match, build } = found.reduce((first, other) => (other.match.index < first.match.index ? other : first));
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length);
  return [...(before ? [unescape(before)] : []), build(match, ctx), ...inline(after, ctx)];
}

// What stands in angle brackets: mentions, dates, links.
function reference(body, ctx) {
  const [target, label] = split(body);
  if (target.startsWith("@")) return userMention(target.slice(1), ctx);
  if (target.startsWith("#")) return channelMention(target.slice(1), ctx);
  if (target.startsWith("!date^")) return dateToken(target, label, ctx);
  if (target.startsWith("!")) return h("span", { class: "mention" }, `@${target.slice(1).split("^")[0]}`);
  if (/^(https?|mailto|tel):/.test(target)) return link(unescape(target), unescape(label ?? target.replace(/^mailto:/, "")));
  return `<${unescape(body)}>`;
}

function split(body) {
  const bar = body.indexOf("|");
  return bar < 0 ? [body, null] : [body.slice(0, bar), body.slice(bar + 1)];
}

export function link(url, label) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function userMention(id, ctx) {
  const user = ctx.state.users[id];
  const mine = id === ctx.me.id ? " mine" : "";
  return h("span", { class: `mention${mine}` }, `@${user ? user.real_name || user.name : id}`);
}

export function channelMention(id, ctx) {
  const channel = ctx.state.channels.find((candidate) => candidate.id === id);
  return h("span", { class: "mention" }, `#${channel?.name ?? id}`);
}

// --- dates, in the reader's time zone and language

const HALF_YEAR = 183 * 24 * 3600;
const DATES = {
  date_num: () => ({ year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (near) => ({ month: "long", day: "numeric", ...(near ? {} : { year: "numeric" }) }),
  date_short: (near) => ({ month: "short", day: "numeric", ...(near ? {} : { year: "numeric" }) }),
  date_long: () => ({ weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  time: () => ({ hour: "numeric", minute: "2-digit" }),
  time_secs: () => ({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
};

function dateToken(target, fallback, ctx) {
  const [, seconds, format, url] = target.split("^");
  const words = formatDate(Number(seconds), unescape(format ?? ""), ctx);
  const time = h("time", { datetime: new Date(seconds * 1000).toISOString(), title: fallback ? unescape(fallback) : null }, words);
  return url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, time) : time;
}

export function formatDate(seconds, format, ctx) {
  return format.replace(/\{(\w+)\}/g, (token, name) => {
    if (name === "ago") return ago(seconds, ctx);
    const plainName = name.replace(/_pretty$/, "");
    if (!DATES[plainName]) return token;
    if (name.endsWith("_pretty")) {
      const day = nearDay(seconds, ctx);
      if (day) return day;
    }
    const near = Math.abs(Date.now() / 1000 - seconds) < HALF_YEAR;
    return formatter(DATES[plainName](near), ctx).format(seconds * 1000);
  });
}

export function formatter(options, ctx) {
  return new Intl.DateTimeFormat(ctx.me.locale, { timeZone: ctx.me.tz, ...options });
}

export function dayOf(seconds, ctx) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: ctx.me.tz }).format(seconds * 1000);
}

function nearDay(seconds, ctx) {
  const days = Math.round((Date.parse(dayOf(seconds, ctx)) - Date.parse(dayOf(Date.now() / 1000, ctx))) / 86400000);
  return Math.abs(days) <= 1 ? new Intl.RelativeTimeFormat(ctx.me.locale, { numeric: "auto" }).format(days, "day") : null;
}

const SPANS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
function ago(seconds, ctx) {
  const distance = seconds - Date.now() / 1000;
  const [unit, size] = SPANS.find(([, span]) => Math.abs(distance) >= span) ?? SPANS.at(-1);
  return new Intl.RelativeTimeFormat(ctx.me.locale, { numeric: "auto" }).format(Math.round(distance / size), unit);
}
