// Small drawings, so that the page looks the same with any fonts.

import { svg } from "./dom.js";

const PATHS = {
  eye: "M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8zM8 10.2A2.2 2.2 0 1 0 8 5.8a2.2 2.2 0 0 0 0 4.4z",
  lock: "M4 7V5a4 4 0 0 1 8 0v2M3 7h10v7H3z",
  clip: "M5 8.5l4.6-4.6a2 2 0 0 1 2.9 2.9L7 12.3a3.3 3.3 0 0 1-4.6-4.7L7.6 2.3",
  up: "M2 7.5h2.5V14H2zM4.5 7.5L7.5 2c1.3 0 1.7 1 1.4 2.2L8.4 6.5h4.4c1 0 1.5.8 1.2 1.7l-1.4 4.7c-.2.7-.7 1.1-1.4 1.1H4.5",
  down: "M2 8.5h2.5V2H2zM4.5 8.5l3 5.5c1.3 0 1.7-1 1.4-2.2L8.4 9.500h4.400c1 0 1.5-.8 1.2-1.700l-1.4-4.700C12.4 2.4 11.9 2 11.2 2H4.5",
  trash: "M2.5 4.500h11M6 4.500V2.500h4v2M4 4.500l.7 9h6.600l.7-9",
  home: "M2 7.500L8 2.500l6 5M3.5 6.500V13.500h9V6.500M6.5 13.500v-4h3v4",
  chat: "M2 3h12v8H7l-3 2.500V11H2z",
  mail: "M1.5 3.500h13v9h-13zM1.5 4l6.5 5 6.5-5",
  list: "M2 3.500h2M6.500 3.500H14M2 8h2M6.500 8H14M2 12.500h2M6.500 12.500H14",
  wire: "M2 5.500h11M10 2.500l3 3-3 3M14 10.500H3M6 7.500l-3 3 3 3",
  theme: "M8 1.500a6.5 6.5 0 1 0 0 13zM8 1.500a6.5 6.5 0 0 1 0 13",
  reset: "M3 3v3.500h3.500M3.3 6.500a5.5 5.5 0 1 1-.6 3",
  app: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z",
  link: "M6.5 9.500l3-3M7 4.500l1.5-1.500a3 3 0 0 1 4.3 4.300L11.3 8.800M9 11.500l-1.5 1.500a3 3 0 0 1-4.3-4.300L4.7 7.2",
  send: "M2 2.500l12 5.5-12 5.5 2-5.500zM4 8h6",
};

export function icon(name) {
  return svg("svg", { class: "glyph", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, svg("path", { d: PATHS[name] }));
}
