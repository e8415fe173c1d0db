// Words that do not stand out from what is behind them: 4.5 to 1, large ones 3 to 1, as WCAG 2 measures it.
() => {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const ancestors = (node) => (node ? [node, ...ancestors(node.parentElement)] : []);
  const ground = (node) =>
    ancestors(node).map((one) => parsed(getComputedStyle(one).backgroundColor)).reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  const linear = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  const ratio = (one, other) => (Math.max(light(one), light(other)) + 0.05) / (Math.min(light(one), light(other)) + 0.05);
  const faint = (node, style, words) => {
    const behind = ground(node);
    const ink = parsed(style.color);
    ink[3] *= Number(style.opacity);
    const found = ratio(over(ink, behind), behind);
    const large = parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700;
    return found < (large ? 3 : 4.5) ? [`${found.toFixed(2)}: ${words.trim().slice(0, 40)}`] : [];
  };
  const says = (node) => [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter((node) => !node.disabled && node.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .flatMap((node) => [
      ...(says(node) ? faint(node, getComputedStyle(node), node.textContent) : []),
      ...(node.placeholder && !node.value ? faint(node, getComputedStyle(node, "::placeholder"), node.placeholder) : []),
    ]);
}
