// Draws the circle from `data` and reports which stage was clicked. Runs again at each change of data or theme.
const TITLE = "The life cycle of the project";
const SVG = "http://www.w3.org/2000/svg";
const SIZE = 560, MIDDLE = SIZE / 2, RADIUS = 176, NODE = 30, LABEL = 236;

function make(tag, attributes, ...children) {
  const element = tag.startsWith("h:") ? document.createElement(tag.slice(2)) : document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function point(angle, radius) {
  return [MIDDLE + radius * Math.sin(angle), MIDDLE - radius * Math.cos(angle)];
}

function state(stage, data) {
  return [
    stage.done ? "done" : "open",
    stage.key === data.here ? "here" : "",
    stage.key === data.next ? "next" : "",
  ].join(" ");
}

function label(stage, data) {
  const words = [stage.title, stage.done ? "done" : "not done yet"];
  if (stage.key === data.here) words.push("you are here");
  if (stage.key === data.next) words.push("comes next");
  return `${words.join(", ")}. ${stage.sentence}`;
}

function arc(from, to, radius, kind) {
  const [x1, y1] = point(from, radius), [x2, y2] = point(to, radius);
  return make("path", { d: `M ${x1} ${y1} A ${radius} ${radius} 0 0 1 ${x2} ${y2}`, class: `arc ${kind}` });
}

function ring(data, follow) {
  const svg = make("svg", { viewBox: `-60 20 ${SIZE + 120} ${SIZE - 40}`, class: "ring", role: "group", "aria-label": TITLE });
  const step = (2 * Math.PI) / data.stages.length, gap = (NODE + 9) / RADIUS;
  data.stages.forEach((stage, i) => {
    svg.append(arc(i * step + gap, (i + 1) * step - gap, RADIUS, stage.done ? "done" : "open"));
    // A small head on each arc says which way round the circle goes.
    const [x, y] = point((i + 1) * step - gap, RADIUS), turn = ((i + 1) * step - gap) * 180 / Math.PI;
    svg.append(make("path", {
      d: "M -8 -6 L 2 0 L -8 6", class: `head ${stage.done ? "done" : "open"}`,
      transform: `translate(${x} ${y}) rotate(${turn})`,
    }));
  });
  data.stages.forEach((stage, i) => {
    const [x, y] = point(i * step, RADIUS), [lx, ly] = point(i * step, LABEL);
    const sine = Math.sin(i * step);
    const link = make("a", { href: stage.href, class: `node ${state(stage, data)}`, "aria-label": label(stage, data) });
    link.append(
      // Between the disc and its name a click counts, too.
      make("line", { x1: x, y1: y, x2: lx, y2: ly, class: "bridge" }),
      make("circle", { cx: x, cy: y, r: NODE + 7, class: "halo" }),
      make("circle", { cx: x, cy: y, r: NODE, class: "disc" }),
    );
    if (stage.done) link.append(make("path", { d: `M ${x - 11} ${y + 1} l 7 8 l 14 -17`, class: "tick" }));
    else link.append(make("text", { x, y: y + 8, class: "number" }, String(i + 1)));
    link.append(make("text", {
      x: Math.abs(sine) < 0.1 ? lx : lx - Math.sign(sine) * 14, y: ly + 7, class: "name",
      "text-anchor": Math.abs(sine) < 0.1 ? "middle" : sine > 0 ? "start" : "end",
    }, stage.title));
    link.append(make("title", {}, label(stage, data)));
    link.onclick = (event) => follow(event, stage);
    svg.append(link);
  });
  svg.append(
    make("text", { x: MIDDLE, y: MIDDLE - 6, class: "lap" }, data.lap),
    make("text", { x: MIDDLE, y: MIDDLE + 26, class: "count" }, data.count),
  );
  return svg;
}

function emblem(data) {
  const svg = make("svg", { viewBox: "0 0 44 44", class: "emblem", "aria-hidden": "true" });
  const step = (2 * Math.PI) / data.stages.length, at = (angle) => [22 + 18 * Math.sin(angle), 22 - 18 * Math.cos(angle)];
  data.stages.forEach((stage, i) => {
    const [x1, y1] = at(i * step + 0.12), [x2, y2] = at((i + 1) * step - 0.12);
    const here = stage.key === data.here ? "here" : "";
    svg.append(make("path", { d: `M ${x1} ${y1} A 18 18 0 0 1 ${x2} ${y2}`, class: `arc ${stage.done ? "done" : "open"} ${here}` }));
  });
  return svg;
}

function strip(data, follow) {
  const list = make("h:ol", { "aria-label": TITLE });
  data.stages.forEach((stage, i) => {
    const link = make("h:a", {
      href: stage.href, class: state(stage, data), title: label(stage, data), "aria-label": label(stage, data),
    });
    if (stage.key === data.here) link.setAttribute("aria-current", "step");
    link.append(
      make("h:span", { class: "dot", "aria-hidden": "true" }, stage.done ? "✓" : String(i + 1)),
      make("h:span", { class: "name", "aria-hidden": "true" }, stage.title),
    );
    link.onclick = (event) => follow(event, stage);
    list.append(make("h:li", {}, link));
  });
  const words = make(
    "h:div", { class: "words" }, make("h:b", { title: data.name }, data.name), make("h:span", {}, `${data.lap}, ${data.count}`),
  );
  return make("h:div", { class: "strip" }, make("h:div", { class: "summary" }, emblem(data), words), list);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#circle");
  const follow = (event, stage) => {
    // With a modifier key the browser opens the stage in a new tab, as for any link.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("stage", stage.key);
  };
  root.replaceChildren(data.large ? ring(data, follow) : strip(data, follow));
}
