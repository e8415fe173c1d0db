// Interactive elements: buttons, menus, fields. Each is built by (block, element, surface, ctx).

import { api, uploadFile } from "./api.js";
import { suggestions } from "./combobox.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { plain, unescape } from "./text.js";

const label = (element) => element.accessibility_label ?? null;
const focusKey = (block, element) => `${block.block_id}/${element.action_id}`;
const wide = (element) => element.placeholder?.text ?? null;

// In an input block a field tells the app only when it was asked to.
const acts = (block) => block.type !== "input" || Boolean(block.dispatch_action);

function keep(block, element, surface, ctx, value) {
  surface.form.set(block.block_id, element.action_id, value);
  if (acts(block)) ctx.press(surface, block, element, value);
}

// --- what is pressed

function button(block, element, surface, ctx) {
  const press = () => {
    if (element.url) window.open(element.url, "_blank", "noopener");
    ctx.press(surface, block, element);
  };
  return h(
    "button",
    { type: "button", class: `button ${element.style ?? ""}`, "aria-label": label(element), "data-action": element.action_id, "data-value": element.value, "data-focus": `${focusKey(block, element)}/${element.value ?? ""}`, onclick: press },
    plain(element.text.text),
  );
}

function iconButton(block, element, surface, ctx) {
  return h("button", { type: "button", class: "button icon", title: element.text.text, "aria-label": label(element) ?? element.text.text, "data-action": element.action_id, onclick: () => ctx.press(surface, block, element) }, icon(element.icon === "trash" ? "trash" : "app"));
}

function feedback(block, element, surface, ctx) {
  const one = (choice, sign) =>
    h("button", { type: "button", class: "button icon", "aria-label": choice.accessibility_label ?? choice.text.text, title: choice.text.text, "data-action": element.action_id, onclick: () => ctx.press(surface, block, element, choice.value) }, sign);
  return h("span", { class: "feedback" }, one(element.positive_button, icon("up")), one(element.negative_button, icon("down")));
}

function overflow(block, element, surface, ctx) {
  const menu = h("div", { popover: "auto", class: "menu", id: freshId("menu"), role: "menu" });
  const choose = (option) => () => {
    menu.hidePopover();
    if (option.url) window.open(option.url, "_blank", "noopener");
    ctx.press(surface, block, element, option.value);
  };
  menu.append(...element.options.map((option) => h("button", { type: "button", role: "menuitem", onclick: choose(option) }, plain(option.text.text))));
  const open = h("button", { type: "button", class: "button icon", "aria-label": label(element) ?? "More actions", "aria-haspopup": "menu", popovertarget: menu.id, "data-action": element.action_id }, "⋯");
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const box = open.getBoundingClientRect();
    menu.style.top = `${Math.min(box.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
    menu.style.left = `${Math.min(box.left, innerWidth - menu.offsetWidth - 8)}px`;
    menu.querySelector("button").focus();
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...menu.children];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  });
  return h("span", {}, open, menu);
}

// --- what is typed

const field = (type, extra = () => ({})) => (block, element, surface, ctx) => {
  const node = h(element.multiline ? "textarea" : "input", {
    type: element.multiline ? null : type,
    rows: element.multiline ? 4 : null,
    placeholder: wide(element),
    autocomplete: "off",
    value: surface.form.get(block.block_id, element.action_id),
    "data-focus": focusKey(block, element),
    "data-action": element.action_id,
    oninput: (event) => typed(event.target.value),
    ...extra(element),
  });
  const asked = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const typed = (value) => {
    surface.form.set(block.block_id, element.action_id, value);
    if (acts(block) && asked.includes("on_character_entered")) ctx.press(surface, block, element, value);
  };
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || element.multiline || !acts(block) || !asked.includes("on_enter_pressed")) return;
    event.preventDefault();
    ctx.press(surface, block, element, node.value);
  });
  return node;
};

const picker = (type) => (block, element, surface, ctx) =>
  h("input", {
    type,
    value: surface.form.get(block.block_id, element.action_id),
    "data-focus": focusKey(block, element),
    "data-action": element.action_id,
    onchange: (event) => keep(block, element, surface, ctx, event.target.value),
  });

function dateTime(block, element, surface, ctx) {
  const seconds = Number(surface.form.get(block.block_id, element.action_id));
  const local = seconds ? new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60000).toISOString().slice(0, 16) : "";
  return h("input", {
    type: "datetime-local",
    value: local,
    "data-focus": focusKey(block, element),
    "data-action": element.action_id,
    onchange: (event) => keep(block, element, surface, ctx, event.target.value ? String(Math.floor(new Date(event.target.value) / 1000)) : ""),
  });
}

function file(block, element, surface, ctx) {
  const chosen = h("ul", { class: "chosen" });
  const pick = async (event) => {
    const uploaded = await Promise.all([...event.target.files].slice(0, element.max_files ?? 10).map((one) => uploadFile(ctx.me.id, one)));
    chosen.replaceChildren(...uploaded.map((one) => h("li", {}, one.name)));
    surface.form.set(block.block_id, element.action_id, uploaded.map((one) => one.id));
  };
  const accept = element.filetypes?.map((kind) => `.${kind}`).join(",");
  return h("div", {}, h("input", { type: "file", multiple: (element.max_files ?? 10) > 1, accept, "data-action": element.action_id, onchange: pick }), chosen);
}

// --- what is chosen

const optionGroups = (element) => element.option_groups ?? [{ options: element.options ?? [] }];
const optionNode = (option) => h("option", { value: option.value }, unescape(option.text.text));

function people(ctx) {
  return Object.values(ctx.state.users).filter((user) => !user.deleted).map((user) => ({ value: user.id, text: { text: user.real_name || user.name } }));
}
function rooms(ctx) {
  return ctx.state.channels.filter((channel) => !channel.is_im).map((channel) => ({ value: channel.id, text: { text: `#${channel.name}` } }));
}
const choicesFrom = (source) => (element, ctx) => [{ options: source(ctx) }];

const select = (groupsOf) => (block, element, surface, ctx) => {
  const node = h(
    "select",
    { "data-focus": focusKey(block, element), "data-action": element.action_id, onchange: (event) => keep(block, element, surface, ctx, event.target.value) },
    h("option", { value: "" }, wide(element) ?? "Choose an option"),
    groupsOf(element, ctx).map((group) => (group.label ? h("optgroup", { label: group.label.text }, group.options.map(optionNode)) : group.options.map(optionNode))),
  );
  node.value = surface.form.get(block.block_id, element.action_id);
  return node;
};

const choices = (type, groupsOf) => (block, element, surface, ctx) => {
  const name = freshId("choice");
  const many = type === "checkbox";
  const before = surface.form.get(block.block_id, element.action_id);
  const chosen = new Set(many ? before || [] : [before]);
  const choose = (option) => (event) => {
    if (!many) return keep(block, element, surface, ctx, option.value);
    if (event.target.checked) chosen.add(option.value);
    else chosen.delete(option.value);
    return keep(block, element, surface, ctx, [...chosen]);
  };
  const one = (option) => {
    const id = freshId("option");
    return h(
      "div",
      { class: "choice" },
      h("input", { type, id, name, value: option.value, checked: chosen.has(option.value), "data-focus": `${focusKey(block, element)}/${option.value}`, onchange: choose(option) }),
      h("label", { for: id }, ctx.text(option.text), option.description ? h("small", {}, ctx.text(option.description)) : null),
    );
  };
  return h(
    "div",
    { class: "choices", role: many ? "group" : "radiogroup", "data-action": element.action_id },
    groupsOf(element, ctx).map((group) => [group.label ? h("h4", {}, group.label.text) : null, group.options.map(one)]),
  );
};

// The app is asked for the options while one types.
const external = (many) => (block, element, surface, ctx) => {
  const places = { ...surface.ids, block_id: block.block_id, action_id: element.action_id, client: ctx.client };
  const chosen = h("ul", { class: "chosen" });
  const input = h("input", { type: "text", placeholder: wide(element) ?? "Search", autocomplete: "off", "data-focus": focusKey(block, element), "data-action": element.action_id });
  let values = [].concat(surface.form.get(block.block_id, element.action_id) || []);
  const names = (surface.form.offered[element.action_id] ??= (element.initial_options ?? [element.initial_option]).filter(Boolean));
  const show = () => {
    const label = (value) => names.find((option) => option.value === value)?.text.text ?? value;
    if (!many) input.value = values.length ? label(values[0]) : "";
    else chosen.replaceChildren(...values.map((value) => h("li", {}, label(value), h("button", { type: "button", "aria-label": `Remove ${label(value)}`, onclick: () => set(values.filter((other) => other !== value)) }, "×"))));
  };
  const set = (next) => {
    values = next;
    show();
    if (many) input.value = "";
    keep(block, element, surface, ctx, many ? values : (values[0] ?? ""));
  };
  const suggest = async (words) => {
    if (words.length < (element.min_query_length ?? 3)) return [];
    const { options } = await api.act(ctx.me.id, "options", { ...places, query: words });
    for (const option of options) if (!names.some((known) => known.value === option.value)) names.push(option);
    return options.map((option) => ({ label: option.text.text, hint: option.description?.text, value: option.value }));
  };
  const { list } = suggestions(input, suggest, (item) => set(many ? [...new Set([...values, item.value])] : [item.value]));
  show();
  return h("div", { class: "combobox" }, chosen, input, list);
};

const FIELDS = "input:not([type=radio], [type=checkbox]), select, textarea, .choices";
const CONTROLS = "input, select, textarea";
const RENDERERS = {
  button,
  workflow_button: button,
  icon_button: iconButton,
  feedback_buttons: feedback,
  overflow,
  plain_text_input: field("text", (element) => ({ maxlength: element.max_length })),
  number_input: field("text", (element) => ({ inputmode: element.is_decimal_allowed ? "decimal" : "numeric", class: "number" })),
  email_text_input: field("email"),
  url_text_input: field("url"),
  rich_text_input: (block, element, surface, ctx) => field("text")(block, { ...element, multiline: true }, surface, ctx),
  file_input: file,
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: dateTime,
  static_select: select(optionGroups),
  users_select: select(choicesFrom(people)),
  channels_select: select(choicesFrom(rooms)),
  conversations_select: select(choicesFrom(rooms)),
  external_select: external(false),
  multi_external_select: external(true),
  radio_buttons: choices("radio", optionGroups),
  checkboxes: choices("checkbox", optionGroups),
  multi_static_select: choices("checkbox", optionGroups),
  multi_users_select: choices("checkbox", choicesFrom(people)),
  multi_channels_select: choices("checkbox", choicesFrom(rooms)),
  multi_conversations_select: choices("checkbox", choicesFrom(rooms)),
};

export function renderElement(block, element, surface, ctx) {
  const render = RENDERERS[element.type];
  if (!render) return h("span", { class: "unknown" }, `[${element.type}]`);
  const node = render(block, element, surface, ctx);
  if (element.focus_on_load) (node.matches(CONTROLS) ? node : node.querySelector(CONTROLS))?.setAttribute("autofocus", "");
  if (block.type !== "input") nameField(node, block, element);
  return node;
}

// Outside an input block no label stands above a field: its name is what stands in or beside it.
function nameField(node, block, element) {
  const control = node.matches(FIELDS) ? node : node.querySelector(FIELDS);
  const name = element.accessibility_label ?? element.placeholder?.text ?? block.text?.text ?? element.type.replaceAll("_", " ");
  if (control && !control.hasAttribute("aria-label")) control.setAttribute("aria-label", name);
}
