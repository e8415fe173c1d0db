// What goes over the wire, what was refused, and how to make things go wrong.

import { api } from "./api.js";
import { h } from "./dom.js";

let seen = 0;

// One drawing after the other: each continues where the last one ended.
let turn = Promise.resolve();
export function inspector(root, ctx) {
  turn = turn.then(() => draw(root, ctx), () => draw(root, ctx));
}

async function draw(root, ctx) {
  if (ctx.place !== "traffic") return;
  if (root.dataset.kind !== "traffic") {
    root.dataset.kind = "traffic";
    seen = 0;
    root.replaceChildren(
      h("header", { class: "bar" }, ctx.menuButton(), h("h1", {}, "Traffic")),
      h("div", { class: "inspector" }, h("div", { class: "refusals" }), await faults(ctx), h("ol", { class: "entries", "aria-label": "Requests, newest first" })),
    );
  }
  const { entries, refusals } = await api.traffic(seen);
  const list = root.querySelector(".entries");
  if (!list) return;
  const unanswered = entries.find((entry) => !isDone(entry));
  for (const entry of entries) place(list, entry);
  // From the first without an answer on they are asked for again.
  seen = unanswered ? unanswered.number - 1 : (entries.at(-1)?.number ?? seen);
  root.querySelector(".refusals").replaceChildren(
    ...(refusals.length ? [h("h2", {}, `Refused by Slack: ${refusals.length}`)] : []),
    ...refusals.map((one) => h("div", { class: "alert error" }, h("div", {}, h("strong", {}, `${one.what}: ${one.error}`), one.messages.map((message) => h("div", {}, message))))),
  );
}

const isDone = (entry) => (entry.direction === "to_app" ? Boolean(entry.ack) : entry.done);

function place(list, entry) {
  const before = list.querySelector(`[data-number="${entry.number}"]`);
  if (before && !before.matches(".waiting")) return;
  const node = row(entry);
  node.querySelector("details").open = Boolean(before?.querySelector("details").open);
  if (before) before.replaceWith(node);
  else list.prepend(node);
}

function outcome(entry) {
  if (!isDone(entry)) return ["waiting", "…"];
  if (entry.direction === "to_app") return entry.ack.error ? ["failed", entry.ack.error] : ["", `${entry.ack.status} in ${entry.ack.ms} ms`];
  if (entry.answer.ok) return ["", ["ok", entry.answer.warning].filter(Boolean).join(", with ")];
  // How an app finds out that somebody has closed a modal.
  if (entry.method === "views.update" && entry.answer.error === "not_found") return ["", "not_found: the view is closed"];
  return ["failed", entry.answer.error ?? (entry.status === 200 ? "no answer" : entry.status)];
}

function row(entry) {
  const toApp = entry.direction === "to_app";
  const [state, result] = outcome(entry);
  const name = toApp ? (entry.payload.command ?? entry.payload.event?.type ?? entry.payload.type) : entry.method;
  return h(
    "li",
    { class: state, "data-number": entry.number },
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "arrow", title: toApp ? "to the app" : "to Slack" }, toApp ? "→ app" : "→ Slack"),
        h("strong", {}, name),
        h("span", { class: "how" }, [toApp ? entry.transport : "", entry.retry ? `retry ${entry.retry}` : "", entry.fault ? `fault: ${entry.fault}` : ""].filter(Boolean).join(" · ")),
        h("span", { class: "result" }, result),
        h("time", {}, new Date(entry.at * 1000).toLocaleTimeString()),
      ),
      h("h2", {}, toApp ? "Payload" : "Arguments"),
      h("pre", { tabindex: "0" }, JSON.stringify(toApp ? entry.payload : entry.args, null, 2)),
      h("h2", {}, toApp ? "Ack" : "Answer"),
      h("pre", { tabindex: "0" }, JSON.stringify(toApp ? entry.ack?.body : entry.answer, null, 2) ?? ""),
    ),
  );
}

async function faults(ctx) {
  const { kinds, faults: active } = await api.faults();
  const status = h("span", { role: "status" }, active.length ? `${active.length} active` : "");
  const add = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const times = Number(form.get("times"));
    await api.addFault({ kind: form.get("kind"), method: form.get("method") || "*", probability: Number(form.get("probability")) / 100, seconds: Number(form.get("seconds")), ...(times ? { times } : {}) });
    status.textContent = `${(await api.faults()).faults.length} active`;
  };
  const clear = async () => {
    await api.clearFaults();
    status.textContent = "";
  };
  const number = (name, label, value, max) => h("label", {}, label, h("input", { type: "number", name, value, min: 0, max }));
  return h(
    "details",
    { class: "faults" },
    h("summary", {}, "Make things go wrong"),
    h(
      "form",
      { onsubmit: add },
      h("label", {}, "Fault", h("select", { name: "kind" }, kinds.map((kind) => h("option", {}, kind)))),
      h("label", {}, "Method", h("input", { name: "method", placeholder: "*" })),
      number("probability", "Probability, %", "100", 100),
      number("times", "Times (0: always)", "1", 999),
      number("seconds", "Seconds", "1", 60),
      h("button", { type: "submit", class: "button" }, "Add"),
      h("button", { type: "button", class: "button", onclick: clear }, "Clear all"),
      ["warning", "refresh_requested", "drop"].map((what) => h("button", { type: "button", class: "button", onclick: () => ctx.attempt(() => api.sockets(what)) }, `Socket: ${what.replace("_", " ")}`)),
      status,
    ),
  );
}
