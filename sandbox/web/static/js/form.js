// What a person has typed into a surface, by block and action.

const KEYS = [
  "value", "rich_text_value", "selected_option", "selected_options", "selected_user", "selected_users",
  "selected_conversation", "selected_conversations", "selected_channel", "selected_channels", "selected_date",
  "selected_time", "selected_date_time", "files",
];

// An entry of Slack's state as the plain value that a field shows.
function held(entry) {
  const value = entry[KEYS.find((key) => key in entry)];
  if (Array.isArray(value)) return value.map((item) => item?.value ?? item?.id ?? item);
  if (value?.type === "rich_text") return value.elements.flatMap((part) => part.elements.map((leaf) => leaf.text ?? "")).join("\n");
  return value?.value ?? value ?? "";
}

export class Form {
  constructor() {
    this.typed = {};
    this.offered = {};
    this.kept = {};
  }

  // Slack's state is the base; what was typed since stays.
  draw(state) {
    this.kept = state;
    for (const block of Object.keys(this.typed)) {
      for (const action of Object.keys(this.typed[block])) {
        if (!state[block]?.[action]) delete this.typed[block][action];
      }
    }
  }

  get(block, action) {
    const typed = this.typed[block]?.[action];
    if (typed !== undefined) return typed;
    const entry = this.kept[block]?.[action];
    return entry ? held(entry) : "";
  }

  set(block, action, value) {
    (this.typed[block] ??= {})[action] = value;
  }
}
