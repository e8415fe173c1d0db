// Charts: an SVG for the eye, the same numbers in a table for screen readers.

import { freshId, h, svg } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 220;
const EDGE = { left: 52, right: 12, top: 12, bottom: 44 };
const color = (number) => `var(--chart-${(number % 6) + 1})`;

export function chart(block, ctx) {
  const { type } = block.chart;
  const draw = { pie, bar, line: (data, axes) => lines(data, axes, false), area: (data, axes) => lines(data, axes, true) }[type];
  const names = type === "pie" ? block.chart.segments.map((segment) => segment.label) : block.chart.series.map((series) => series.name);
  const title = freshId("chart");
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": title }, draw(block.chart, axes(block.chart, ctx), ctx));
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", { id: title }, block.title),
    picture,
    h("ul", { class: "legend", "aria-hidden": "true" }, names.map((name, number) => h("li", {}, h("i", { style: `background:${color(number)}` }), name))),
    numbers(block, ctx),
  );
}

function numbers(block, ctx) {
  const show = (value) => new Intl.NumberFormat(ctx.me.locale).format(value);
  const { chart: data } = block;
  const rows = data.type === "pie"
    ? data.segments.map((segment) => [segment.label, show(segment.value)])
    : data.axis_config.categories.map((category) => [category, ...data.series.map((series) => show(valueAt(series, category)))]);
  const head = data.type === "pie" ? ["", "Value"] : [data.axis_config.x_label ?? "", ...data.series.map((series) => series.name)];
  return h(
    "table",
    { class: "visually-hidden" },
    h("caption", {}, block.title),
    h("thead", {}, h("tr", {}, head.map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, rows.map(([name, ...values]) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value))))),
  );
}

const valueAt = (series, category) => series.data.find((point) => point.label === category)?.value ?? 0;

function axes(data, ctx) {
  if (data.type === "pie") return null;
  const values = data.series.flatMap((series) => series.data.map((point) => point.value));
  const low = Math.min(0, ...values);
  const step = niceStep((Math.max(1, ...values) - low) / 4);
  const high = Math.ceil(Math.max(1, ...values) / step) * step;
  const plot = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
  const y = (value) => EDGE.top + plot.height * (1 - (value - low) / (high - low));
  const band = plot.width / data.axis_config.categories.length;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) ticks.push(value);
  const show = new Intl.NumberFormat(ctx.me.locale, { notation: "compact" });
  const frame = [
    ...ticks.map((value) => svg("g", {}, svg("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value) }), svg("text", { class: "tick", x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, show.format(value)))),
    ...data.axis_config.categories.map((category, number) => svg("text", { class: "tick", x: EDGE.left + band * (number + 0.5), y: HEIGHT - EDGE.bottom + 16, "text-anchor": "middle" }, category)),
    svg("text", { class: "axis", x: EDGE.left + plot.width / 2, y: HEIGHT - 6, "text-anchor": "middle" }, data.axis_config.x_label ?? ""),
    svg("text", { class: "axis", x: 12, y: EDGE.top + plot.height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${EDGE.top + plot.height / 2})` }, data.axis_config.y_label ?? ""),
  ];
  return { y, band, zero: y(0), frame };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
}

function bar(data, { y, band, zero, frame }) {
  const width = (band * 0.7) / data.series.length;
  const bars = data.series.flatMap((series, number) =>
    data.axis_config.categories.map((category, place) => {
      const value = valueAt(series, category);
      const left = EDGE.left + band * place + band * 0.15 + width * number;
      return svg("rect", { x: left, y: Math.min(y(value), zero), width: Math.max(1, width - 2), height: Math.max(1, Math.abs(zero - y(value))), rx: 2, fill: color(number) });
    }),
  );
  return [...frame, ...bars];
}

function lines(data, { y, band, zero, frame }, filled) {
  const drawn = data.series.map((series, number) => {
    const points = data.axis_config.categories.map((category, place) => [EDGE.left + band * (place + 0.5), y(valueAt(series, category))]);
    const path = points.map(([px, py], place) => `${place ? "L" : "M"}${px} ${py}`).join("");
    const area = filled ? svg("path", { d: `${path}L${points.at(-1)[0]} ${zero}L${points[0][0]} ${zero}Z`, fill: color(number), opacity: 0.25 }) : "";
    const dots = points.map(([cx, cy]) => svg("circle", { cx, cy, r: 3, fill: color(number) }));
    return svg("g", {}, area, svg("path", { d: path, fill: "none", stroke: color(number), "stroke-width": 2 }), dots);
  });
  return [...frame, ...drawn];
}

function pie(data) {
  const total = data.segments.reduce((sum, segment) => sum + segment.value, 0);
  const [cx, cy, radius] = [WIDTH / 2, HEIGHT / 2, HEIGHT / 2 - 12];
  let from = -Math.PI / 2;
  return data.segments.map((segment, number) => {
    if (data.segments.length === 1) return svg("circle", { cx, cy, r: radius, fill: color(0) });
    const to = from + (segment.value / total) * 2 * Math.PI;
    const at = (angle) => `${cx + radius * Math.cos(angle)} ${cy + radius * Math.sin(angle)}`;
    const slice = svg("path", { class: "slice", d: `M${cx} ${cy}L${at(from)}A${radius} ${radius} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}Z`, fill: color(number) });
    from = to;
    return slice;
  });
}
