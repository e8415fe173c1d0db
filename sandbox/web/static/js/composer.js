// Where one types messages and commands. Commands complete from the app's manifest.

import { suggestions } from "./combobox.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

export function composer(channel, ctx, { id, thread = null }) {
  const field = h("textarea", { id, rows: 1, placeholder: thread ? "Reply…" : "Message, or / for a command", "aria-label": thread ? "Reply in the thread" : "Message or command", "data-focus": id });
  const commands = ctx.state.app.manifest.features?.slash_commands ?? [];
  const suggest = (words) =>
    thread || !/^\/\S*$/.test(words)
      ? []
      : commands.filter((known) => known.command.startsWith(words)).map((known) => ({ label: known.command, hint: [known.usage_hint, known.description].filter(Boolean).join(" — "), value: known.command }));
  const { list, close } = suggestions(field, suggest, (item) => {
    field.value = `${item.value} `;
    field.focus();
  });

  const send = async () => {
    const words = field.value.trim();
    if (!words) return;
    field.value = "";
    close();
    const command = words.match(/^(\/\S+)\s*([\s\S]*)$/);
    if (command && thread) ctx.toast("Commands do not work in threads.");
    else if (command) await ctx.act("command", { command: command[1], text: command[2], channel });
    else await ctx.act("message", { channel, text: escape(words), thread_ts: thread });
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  });
  const submit = (event) => {
    event.preventDefault();
    send();
  };
  return h("form", { class: "composer", onsubmit: submit }, h("div", { class: "combobox" }, list, field), h("button", { type: "submit", class: "button primary", "aria-label": "Send" }, icon("send")));
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
