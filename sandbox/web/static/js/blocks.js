// Block Kit blocks, one function a type.

import { chart } from "./chart.js";
import { freshId, h } from "./dom.js";
import { renderElement } from "./elements.js";
import { markdown, richText } from "./rich_text.js";
import { dataTable, table } from "./tables.js";
import { link, plain } from "./text.js";

const GROUPED = ["radio_buttons", "checkboxes", "multi_static_select", "multi_users_select", "multi_channels_select", "multi_conversations_select"];

function image(part, className) {
  const source = part.image_url ?? part.slack_file?.url ?? (part.slack_file?.id ? `/files/${part.slack_file.id}/image` : "");
  return h("img", { src: source, alt: part.alt_text, class: className, loading: "lazy" });
}

function section(block, surface, ctx) {
  const accessory = block.accessory;
  return [
    h(
      "div",
      { class: "section-text" },
      block.text ? h("div", { class: "text" }, ctx.text(block.text)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, ctx.text(field)))) : null,
    ),
    accessory ? h("div", { class: "accessory" }, accessory.type === "image" ? image(accessory, "thumb") : renderElement(block, accessory, surface, ctx)) : null,
  ];
}

const OPTIONAL = { en: " (optional)", fr: " (facultatif)" };

function input(block, surface, ctx) {
  const { element } = block;
  const node = renderElement(block, element, surface, ctx);
  const control = node.matches("input,select,textarea,.choices") ? node : node.querySelector("input");
  const error = surface.errors?.[block.block_id];
  const ids = { control: freshId("field"), label: freshId("label"), hint: freshId("hint"), error: freshId("error") };
  control.id = ids.control;
  const described = [error ? ids.error : null, block.hint ? ids.hint : null].filter(Boolean).join(" ");
  if (described) control.setAttribute("aria-describedby", described);
  if (error) control.setAttribute("aria-invalid", "true");
  if (!block.optional) control.setAttribute("aria-required", "true");
  const grouped = GROUPED.includes(element.type);
  if (grouped) control.setAttribute("aria-labelledby", ids.label);
  return [
    h(grouped ? "div" : "label", { class: "label", id: ids.label, for: grouped ? null : ids.control }, plain(block.label.text), block.optional ? h("span", { class: "optional" }, OPTIONAL[ctx.me.locale.slice(0, 2)] ?? OPTIONAL.en) : null),
    node,
    error ? h("div", { class: "field-error", id: ids.error }, error) : null,
    block.hint ? h("div", { class: "hint", id: ids.hint }, plain(block.hint.text)) : null,
  ];
}

function card(block, surface, ctx) {
  return h(
    "article",
    { class: "card" },
    block.hero_image ? image(block.hero_image, "hero") : null,
    h(
      "div",
      { class: "card-head" },
      block.icon ? image(block.icon, "icon") : null,
      h("div", {}, block.title ? h("div", { class: "card-title" }, ctx.text(block.title)) : null, block.subtitle ? h("div", { class: "card-subtitle" }, ctx.text(block.subtitle)) : null),
    ),
    block.body ? h("div", {}, ctx.text(block.body)) : null,
    block.actions ? h("div", { class: "row" }, block.actions.map((element) => renderElement(block, element, surface, ctx))) : null,
  );
}

function container(block, surface, ctx) {
  const title = block.rich_text_title ? richText(block.rich_text_title, ctx) : h("strong", {}, plain(block.title.text));
  const head = [block.icon ? image(block.icon, "icon") : null, title, block.subtitle ? h("small", {}, ctx.text(block.subtitle)) : null];
  const body = renderBlocks(block.child_blocks, surface, ctx);
  const className = `container ${block.width ?? "standard"}`;
  if (!block.is_collapsible) return h("div", { class: className }, h("div", { class: "container-head" }, head), body);
  return h("details", { class: className, open: !block.default_collapsed }, h("summary", { class: "container-head" }, head), body);
}

const TASK_SIGNS = { pending: "○", in_progress: "◐", complete: "✓", error: "✗" };
function task(block, ctx) {
  return h(
    "div",
    { class: `task ${block.status}` },
    h("div", {}, h("span", { class: "sign", role: "img", "aria-label": block.status.replace("_", " ") }, TASK_SIGNS[block.status]), h("strong", {}, block.title)),
    [block.details, block.output].filter(Boolean).map((part) => richText(part, ctx)),
    block.sources ? h("div", { class: "sources" }, block.sources.map((source) => link(source.url, source.text))) : null,
  );
}

const ALERT_SIGNS = { default: "•", info: "ℹ", warning: "⚠", error: "✕", success: "✓" };
function alert(block, surface, ctx) {
  const level = block.level ?? "default";
  return h(
    "div",
    { class: `alert ${level}`, role: level === "error" || level === "warning" ? "alert" : "note" },
    h("span", { class: "sign", role: "img", "aria-label": level }, ALERT_SIGNS[level]),
    h("div", {}, ctx.text(block.text)),
  );
}

const RENDERERS = {
  section,
  input,
  card,
  container,
  alert,
  header: (block, surface) => h(`h${(block.level ?? 1) + surface.headingLevel - 1}`, { class: "header" }, plain(block.text.text)),
  divider: () => h("hr"),
  context: (block, surface, ctx) => block.elements.map((part) => (part.type === "image" ? image(part, "icon") : h("span", {}, ctx.text(part)))),
  actions: (block, surface, ctx) => h("div", { class: "row" }, block.elements.map((element) => renderElement(block, element, surface, ctx))),
  context_actions: (block, surface, ctx) => h("div", { class: "row" }, block.elements.map((element) => renderElement(block, element, surface, ctx))),
  image: (block) => h("figure", {}, block.title ? h("figcaption", {}, plain(block.title.text)) : null, image(block, "picture")),
  rich_text: (block, surface, ctx) => richText(block, ctx),
  markdown: (block) => markdown(block.text),
  table: (block, surface, ctx) => table(block, ctx),
  data_table: (block, surface, ctx) => dataTable(block, ctx),
  data_visualization: (block, surface, ctx) => chart(block, ctx),
  carousel: (block, surface, ctx) => h("div", { class: "carousel", tabindex: "0", role: "region", "aria-label": "Cards" }, block.elements.map((one) => card(one, surface, ctx))),
  task_card: (block, surface, ctx) => task(block, ctx),
  plan: (block, surface, ctx) => [h("strong", {}, block.title), (block.tasks ?? []).map((one) => task(one, ctx))],
  video: (block) => h("a", { class: "video", href: block.title_url ?? block.video_url, target: "_blank", rel: "noopener noreferrer" }, image({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "picture"), h("span", {}, "▶ ", plain(block.title.text))),
  file: (block) => h("div", { class: "file" }, `Remote file ${block.external_id}`),
  call: (block) => h("div", { class: "file" }, `Call ${block.call_id}`),
};

export function renderBlocks(blocks, surface, ctx) {
  return blocks.map((block) => {
    const render = RENDERERS[block.type];
    const body = render ? render(block, surface, ctx) : h("span", { class: "unknown" }, `[${block.type}]`);
    const failed = surface.errors?.[block.block_id] ? " failed" : "";
    return h("div", { class: `block is-${block.type}${failed}`, "data-block": block.block_id }, body);
  });
}
