// Tables: the plain one, and the one that sorts, filters and pages.

import { h } from "./dom.js";
import { richText } from "./rich_text.js";
import { unescape } from "./text.js";

function cellNode(cell, ctx) {
  if (cell.type === "rich_text") return richText(cell, ctx);
  return cell.type === "raw_number" ? (cell.text ?? String(cell.value)) : unescape(cell.text);
}

const isNumber = (cell) => cell?.type === "raw_number";

export function table(block, ctx) {
  const [head, ...rows] = block.rows;
  const setting = (column) => block.column_settings?.[column] ?? {};
  const props = (column, cell) => ({
    class: [`align-${setting(column).align ?? (isNumber(cell) ? "right" : "left")}`, setting(column).is_wrapped ? "wrapped" : ""].join(" "),
  });
  return h(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, head.map((cell, column) => h("th", { scope: "col", ...props(column, rows[0]?.[column]) }, cellNode(cell, ctx))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, column) => h("td", props(column, cell), cellNode(cell, ctx)))))),
    ),
  );
}

export function dataTable(block, ctx) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const header = block.row_header_column_index ?? 0;
  const view = { page: 0, sort: null, descending: false, words: "" };
  const root = h("div", { class: "data-table" });

  const shown = () => {
    const found = rows.filter((row) => row.some((cell) => plainCell(cell).toLowerCase().includes(view.words)));
    if (view.sort === null) return found;
    const sorted = [...found].sort((a, b) => compare(a[view.sort], b[view.sort]));
    return view.descending ? sorted.reverse() : sorted;
  };
  const draw = () => {
    const found = shown();
    const pages = Math.max(1, Math.ceil(found.length / size));
    view.page = Math.min(view.page, pages - 1);
    body.replaceChildren(...found.slice(view.page * size, (view.page + 1) * size).map((row) => h("tr", {}, row.map(cellOf))));
    position.textContent = `${view.page + 1} / ${pages}`;
    back.disabled = view.page === 0;
    forth.disabled = view.page >= pages - 1;
    pager.hidden = pages === 1;
  };
  const cellOf = (cell, column) =>
    h(column === header ? "th" : "td", { class: isNumber(cell) ? "align-right" : "align-left", scope: column === header ? "row" : null }, cellNode(cell, ctx));
  const sortBy = (column) => () => {
    view.descending = view.sort === column && !view.descending;
    view.sort = column;
    headers.forEach((cell, number) => cell.setAttribute("aria-sort", number === column ? (view.descending ? "descending" : "ascending") : "none"));
    draw();
  };
  const turn = (step) => () => {
    view.page += step;
    draw();
  };

  const headers = head.map((cell, column) =>
    h("th", { scope: "col", "aria-sort": "none", class: isNumber(rows[0]?.[column]) ? "align-right" : "align-left" }, h("button", { type: "button", class: "sort", onclick: sortBy(column) }, plainCell(cell))),
  );
  const body = h("tbody");
  const position = h("span", { "aria-live": "polite" });
  const back = h("button", { type: "button", class: "quiet", "aria-label": "Previous page", onclick: turn(-1) }, "‹");
  const forth = h("button", { type: "button", class: "quiet", "aria-label": "Next page", onclick: turn(1) }, "›");
  const pager = h("div", { class: "pager" }, back, position, forth);
  const filter = h("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": `Filter ${block.caption}`,
    oninput: (event) => {
      view.words = event.target.value.toLowerCase();
      draw();
    },
  });
  root.append(
    h("div", { class: "table-frame" }, h("table", { class: "table" }, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, headers)), body)),
    h("div", { class: "table-tools" }, filter, pager),
  );
  draw();
  return root;
}

function plainCell(cell) {
  if (cell.type !== "rich_text") return unescape(cell.text ?? String(cell.value));
  return cell.elements.flatMap((part) => (part.elements ?? []).map((leaf) => leaf.text ?? "")).join("");
}

function compare(a, b) {
  return isNumber(a) && isNumber(b) ? a.value - b.value : plainCell(a).localeCompare(plainCell(b), undefined, { numeric: true });
}
