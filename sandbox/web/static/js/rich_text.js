// rich_text blocks and cells, and Markdown.

import { h } from "./dom.js";
import { channelMention, emoji, formatDate, link, userMention } from "./text.js";

const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  user: (leaf, ctx) => userMention(leaf.user_id, ctx),
  channel: (leaf, ctx) => channelMention(leaf.channel_id, ctx),
  usergroup: (leaf) => h("span", { class: "mention" }, `@${leaf.usergroup_id}`),
  team: (leaf) => h("span", { class: "mention" }, leaf.team_id),
  emoji: (leaf) => emoji(leaf.name),
  broadcast: (leaf) => h("span", { class: "mention" }, `@${leaf.range}`),
  color: (leaf) => h("span", { class: "color" }, h("i", { style: `background:${CSS.supports("color", leaf.value) ? leaf.value : "none"}` }), leaf.value),
  date: (leaf, ctx) => h("time", { title: leaf.fallback }, formatDate(leaf.timestamp, leaf.format, ctx)),
};
const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function leaf(part, ctx) {
  let node = (LEAVES[part.type] ?? ((unknown) => `[${unknown.type}]`))(part, ctx);
  if (typeof node === "string") node = node.split("\n").flatMap((line, number) => (number ? [h("br"), line] : [line]));
  for (const [style, tag] of Object.entries(STYLES)) if (part.style?.[style]) node = h(tag, {}, node);
  return node;
}

const leaves = (part, ctx) => part.elements.map((child) => leaf(child, ctx));

const PARTS = {
  rich_text_section: (part, ctx) => h("p", {}, leaves(part, ctx)),
  rich_text_preformatted: (part, ctx) => h("pre", {}, leaves(part, ctx)),
  rich_text_quote: (part, ctx) => h("blockquote", {}, leaves(part, ctx)),
  rich_text_list: (part, ctx) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      { style: `margin-left:${(part.indent ?? 0) * 1.5}rem`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", {}, leaves(item, ctx))),
    ),
};

export function richText(block, ctx) {
  return h("div", { class: "rich-text" }, block.elements.map((part) => PARTS[part.type](part, ctx)));
}

// --- Markdown: the part of it that messages use

const SPANS = [
  [/`([^`]+)`/, (match) => h("code", {}, match[1])],
  [/\[([^\]]+)\]\((https?:[^)\s]+)\)/, (match) => link(match[2], match[1])],
  [/\*\*([^*]+)\*\*/, (match) => h("strong", {}, spans(match[1]))],
  [/(?<!\w)[*_]([^*_]+)[*_](?!\w)/, (match) => h("em", {}, spans(match[1]))],
  [/~~([^~]+)~~/, (match) => h("s", {}, spans(match[1]))],
];

function spans(text) {
  for (const [pattern, build] of SPANS) {
    const match = pattern.exec(text);
    if (match) {
      return [...spans(text.slice(0, match.index)), build(match), ...spans(text.slice(match.index + match[0].length))];
    }
  }
  return text ? [text] : [];
}

export function markdown(text) {
  const root = h("div", { class: "rich-text" });
  for (const chunk of text.split(/\n{2,}/)) {
    const rows = chunk.split("\n");
    const heading = chunk.match(/^(#{1,6}) (.*)$/);
    if (heading) root.append(h("h4", {}, spans(heading[2])));
    else if (rows.every((row) => /^[-*] /.test(row))) root.append(h("ul", {}, rows.map((row) => h("li", {}, spans(row.slice(2))))));
    else if (rows.every((row) => /^\d+\. /.test(row))) root.append(h("ol", {}, rows.map((row) => h("li", {}, spans(row.replace(/^\d+\. /, ""))))));
    else if (rows[0].startsWith("```")) root.append(h("pre", {}, rows.filter((row) => !row.startsWith("```")).join("\n")));
    else root.append(h("p", {}, rows.flatMap((row, number) => [number ? h("br") : null, ...spans(row)])));
  }
  return root;
}
