// The page of a recorded script: moves through its steps, and draws the machine at each. No library.
"use strict";
const record = JSON.parse(document.getElementById("record").textContent);
const byId = (name) => document.getElementById(name);
const kinds = ["mount", "uts", "ipc", "net", "pid", "user", "cgroup", "time"];
const steps = record.steps;
let here = 0, timer = null;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// --- The world: what is known of the machine after each step -----------------------------------------------------

const key = (spaces) => kinds.map((kind) => spaces[kind] ?? 0).join(" ");
const mountKey = (mount) => mount.slice(2, 5).join("\0");

// Steps tell only what is different: the world after a step is made from the one before, and kept.
function advance(world, step) {
  const next = { ...world, processes: { ...world.processes }, net: { ...world.net }, mounts: { ...world.mounts },
    names: { ...world.names }, origin: { ...world.origin } };
  const seen = step.state;
  const old = next.processes[step.who];
  const mine = next.processes[step.who] = { ...(old ?? { who: step.who, name: "tupper" }), ...(seen ?? {}) };
  if (step.becomes) mine.name = step.becomes.replace(/^exec /, "");
  if (step.kind === "end") mine.gone = true;
  if (!seen) return next;
  const [place, parent] = [key(mine.ns), next.processes[step.who.replace(/\.\d+$/, "")]];
  if (next.root === undefined) Object.assign(next, { root: place, base: new Set((mine.mounts ?? []).map(mountKey)) });
  if (seen.groups) next.groups = seen.groups;
  const from = old?.ns ? key(old.ns) : parent?.ns ? key(parent.ns) : next.root;
  if (!(place in next.origin) && place !== from && place !== next.root) next.origin[place] = from;
  if (!old?.ns) mine.born = mine.sight;
  next.names[mine.ns.uts] = mine.host;
  if (mine.links) next.net[mine.ns.net] = { links: mine.links, routes: mine.routes ?? [] };
  for (const net of seen.nets ?? []) next.net[net.ns] = net;
  if (mine.mounts) next.mounts[mine.ns.mount] = mine.mounts;
  // A child that its parent no longer has is gone, also one that became a program.
  for (const other of Object.values(next.processes)) {
    if (other.who.replace(/\.\d+$/, "") !== step.who || other.who === step.who || !mine.procs) continue;
    const entry = mine.procs.find((process) => process[0] === other.born);
    if (entry && !entry[3]) next.processes[other.who] = { ...other, known: true, name: other.name };
    else if (other.known || entry) next.processes[other.who] = { ...other, gone: true };
  }
  return next;
}

const worlds = [];
function worldAfter(index) {
  while (worlds.length <= index) {
    const before = worlds[worlds.length - 1] ?? { processes: {}, net: {}, mounts: {}, names: {}, origin: {} };
    worlds.push(advance(before, steps[worlds.length]));
  }
  return worlds[index];
}

// --- The drawing -------------------------------------------------------------------------------------------------

const letter = 7.25, row = 20, pad = 12;
function shape(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

class Drawing {
  constructor(world, before, step, width) {
    Object.assign(this, { world, before, step, width, places: {}, wires: [], boxes: [], shapes: [] });
    this.live = Object.values(world.processes).filter((process) => process.ns && !process.gone);
    this.shown = new Set([world.root, ...this.live.map((process) => key(process.ns))]);
  }

  put(name, attributes, text) {
    const made = shape(name, attributes, text);
    // Boxes lie below the wires, and what is written above them.
    (attributes.class?.startsWith("box") ? this.boxes : this.shapes).push(made);
    return made;
  }

  // Text that does not fit is cut; the whole of it shows where the pointer rests.
  write(text, x, y, room, style = "") {
    const most = Math.max(3, Math.floor(room / letter));
    const made = this.put("text", { x, y, class: style }, text.length > most ? text.slice(0, most - 1) + "…" : text);
    if (text.length > most) made.append(shape("title", {}, text));
  }

  // Text on as many lines as it needs, broken where a path or a list may be.
  wrap(text, x, y, room, style = "") {
    const most = Math.max(8, Math.floor(room / letter)), indent = 2 * letter;
    for (let rest = text, left = 0; rest; left = indent, y += row) {
      const fits = most - Math.ceil(left / letter);
      let end = rest.length <= fits ? rest.length : Math.max(...["/", " ", ",", "-"].map((mark) => rest.lastIndexOf(mark, fits - 1))) + 1;
      if (end < fits / 2) end = Math.min(fits, rest.length);
      this.write(rest.slice(0, end).trimEnd(), x + left, y, room - left, style);
      rest = rest.slice(end).trimStart();
    }
    return y;
  }

  outer(place) {
    let above = this.world.origin[place];
    while (above !== undefined && !this.shown.has(above)) above = this.world.origin[above];
    return above ?? this.world.root;
  }

  box(place, x, y, width, depth) {
    const { world } = this, isRoot = place === world.root;
    const frame = this.put("rect", { x, y, width, rx: 9, class: `box d${depth % 4}` });
    const spaces = place.split(" "), above = isRoot ? [] : this.outer(place).split(" ");
    const own = kinds.filter((_, index) => isRoot || spaces[index] !== above[index]);
    const inside = this.live.filter((process) => key(process.ns) === place);
    if (inside.some((process) => process.who === this.step.who)) frame.classList.add("active");
    const name = world.names[spaces[1]] ?? "", room = width - 2 * pad;
    let top = y + 22;
    const title = isRoot ? `this machine: ${name}` : own.includes("uts") ? name : `${own.join(", ")} of its own`;
    this.write(title, x + pad, top, room, "title");
    if (!isRoot) {
      top += row;
      const words = own.map((kind) => `${kind} ${spaces[kinds.indexOf(kind)]}`);
      top = this.flow(words.map((text) => ({ text })), x + pad, top, room, (item, left, line) =>
        this.write(item.text, left, line, room, "soft"), 14);
    }
    top += row + 2;
    top = this.processes(inside, x + pad, top, room);
    if (own.includes("net")) top = this.links(spaces[3], x + pad, top, room);
    if (own.includes("mount")) top = this.mountTree(spaces[0], x + pad, top, room);
    if (isRoot) top = this.groups(x + pad, top, room);
    const children = [...this.shown].filter((other) => other !== place && other !== world.root && this.outer(other) === place);
    for (const child of children) top = this.box(child, x + pad, top, room, depth + 1) + pad;
    if (children.length === 0) top -= 4;
    frame.setAttribute("height", top - y);
    return top;
  }

  // Items side by side, on as many lines as they need; `shift` says how much of the free room stands before them.
  flow(items, x, y, room, place, gap = 10, shift = 0) {
    const lines = [[]];
    let taken = 0;
    for (const item of items) {
      const wide = Math.min(room, item.text.length * letter + (item.inset ?? 0));
      if (taken > 0 && taken + wide > room) { lines.push([]); taken = 0; }
      lines[lines.length - 1].push({ item, wide, left: taken });
      taken += wide + gap;
    }
    lines.forEach((line, index) => {
      const last = line[line.length - 1];
      const before = last ? (room - last.left - last.wide) * shift : 0;
      if (index > 0) y += line[0].item.high ?? row;
      for (const { item, wide, left } of line) place(item, x + before + left, y, wide);
    });
    return y;
  }

  chip(item, left, y, wide) {
    this.put("rect", { x: left, y: y - 15, width: wide, height: 22, rx: 6, class: `chip ${item.style ?? ""}` });
    this.write(item.text, left + 8, y, wide - 14, item.faint ? "soft" : "");
  }

  processes(inside, x, y, room) {
    const items = inside.map((process) => ({ text: `● ${process.pid} ${process.name} [${process.who}]`, inset: 18, high: 27,
      style: process.who === this.step.who ? "now" : "" }));
    const recorded = new Set(Object.values(this.world.processes).flatMap((process) => [process.born, process.sight]));
    for (const process of inside) {
      for (const [pid, , name, ended] of process.procs ?? []) {
        if (!recorded.has(pid) && !ended) items.push({ text: `○ ${pid} ${name.slice(0, 40)}`, inset: 18, high: 27, faint: true });
      }
    }
    if (items.length === 0) return y;
    return this.flow(items, x, y, room, (...place) => this.chip(...place)) + 30;
  }

  links(space, x, y, room) {
    const net = this.world.net[space];
    if (!net) return y;
    const old = this.before?.net[space]?.links ?? [], same = this.before && !(space in this.before.net) ? [] : old;
    const item = (link) => ({ link, inset: 18, high: 44,
      text: [link.name, link.kind === "bridge" ? "(bridge)" : "", link.up ? "" : "(down)", ...link.addresses
        .filter((address) => !address.startsWith("fe80"))].filter(Boolean).join(" "),
      faint: !link.up, style: this.before && !same.some((other) => other.index === link.index) ? "fresh" : "" });
    const place = (chip, left, line, wide) => {
      this.chip(chip, left, line, wide);
      this.places[`${space} ${chip.link.index}`] = { x: left + wide / 2, top: line - 15, bottom: line + 7,
        left, right: left + wide, edge: x + room };
    };
    const bridges = net.links.filter((link) => link.kind === "bridge");
    // Those with wires stand last, at the edge.
    const wired = (link) => link.master !== 0 || link.kind === "veth";
    const rest = net.links.filter((link) => link.kind !== "bridge").sort((a, b) => wired(a) - wired(b));
    for (const list of [bridges, rest]) {
      // Links stand at the right, where wires cross little that is written.
      if (list.length > 0) y = this.flow(list.map(item), x, y + 2, room, place, 10, 1) + 44;
    }
    for (const link of net.links) {
      if (link.master) this.wires.push([`${space} ${link.index}`, `${space} ${link.master}`]);
      if (link.kind === "veth") this.pair(space, link);
    }
    y -= 12;
    for (const route of net.routes.filter((text) => text.includes(" via ")).slice(0, 4)) {
      y = this.wrap(`↗ ${route}`, x, y, room, "soft");
    }
    return y;
  }

  // The other end of a pair knows this one by its number, as this one knows it.
  pair(space, link) {
    for (const [other, net] of Object.entries(this.world.net)) {
      const end = net.links.find((one) => one.kind === "veth" && one.index === link.peer && one.peer === link.index
        && !(other === space && one.index === link.index));
      if (end && `${space} ${link.index}` < `${other} ${end.index}`) {
        this.wires.push([`${space} ${link.index}`, `${other} ${end.index}`]);
      }
    }
  }

  mountTree(space, x, y, room) {
    const { world } = this, mounts = world.mounts[space];
    if (!mounts) return y;
    const old = new Set((this.before?.mounts[space] ?? mounts).map(mountKey));
    const own = mounts.length <= 10 ? mounts : mounts.filter((mount) => !world.base.has(mountKey(mount)));
    const others = mounts.length - own.length;
    if (others > 0) {
      this.write(`▤ ${others} mount${others > 1 ? "s" : ""} ${space === world.root.split(" ")[0] ? "that were there before"
        : "as on the machine"}`, x, y, room, "soft");
      y += row;
    }
    const depthOf = (mount) => {
      const above = own.find((other) => other[0] === mount[1] && other !== mount);
      return above ? depthOf(above) + 1 : 0;
    };
    const ordered = [], visit = (mount) => { ordered.push(mount); own.filter((m) => m[1] === mount[0] && m !== mount).forEach(visit); };
    own.filter((mount) => !own.some((other) => other[0] === mount[1] && other !== mount)).forEach(visit);
    for (const mount of ordered.slice(0, 24)) {
      const depth = depthOf(mount), left = x + depth * 18 + (others > 0 ? 14 : 0);
      if (depth > 0 || others > 0) {
        this.put("path", { d: `M${left - 12} ${y - 17} V${y - 4} H${left - 3}`, class: "tree" });
      }
      y = this.wrap(`${mount[2]}  ${mount[4]}  ${mount[3]}`, left, y, room - (left - x), old.has(mountKey(mount)) ? "" : "new");
    }
    if (ordered.length > 24) { this.write(`and ${ordered.length - 24} more`, x + 14, y, room, "soft"); y += row; }
    return y + 6;
  }

  groups(x, y, room) {
    const groups = this.world.groups ?? [];
    for (const group of groups.slice(0, 12)) y = this.wrap(`cgroup ${group}`, x, y, room);
    if (groups.length > 12) { this.write(`and ${groups.length - 12} more`, x, y, room, "soft"); y += row; }
    return y;
  }

  // Where a wire goes down beside the links that stand in its way; nothing where none does.
  lane(a, b) {
    const [first, last] = [Math.min(a.x, b.x) - 6, Math.max(a.x, b.x) + 6];
    const isBlocked = Object.values(this.places).some((other) =>
      other.top > a.bottom && other.bottom < b.top && other.right > first && other.left < last);
    if (!isBlocked) return undefined;
    this.lanes = (this.lanes ?? 0) + 1;
    return a.edge + 3 + this.lanes * 3 % 9;
  }

  finish() {
    const height = this.box(this.world.root, 1, 1, this.width - 2, 0) + 2, wires = [];
    for (const [from, to] of this.wires) {
      const [a, b] = [this.places[from], this.places[to]].sort((one, other) => (one?.top ?? 0) - (other?.top ?? 0));
      if (!a || !b) continue;
      const lane = this.lane(a, b);
      if (lane) {
        const [down, up] = [a.bottom + 20, b.top - 20];
        wires.push(shape("path", { class: "wire", d: `M${a.x} ${a.bottom} C${a.x} ${a.bottom + 14} ${lane} ${a.bottom} ${lane} ${down}`
          + ` V${up} C${lane} ${b.top} ${b.x} ${b.top - 14} ${b.x} ${b.top}` }));
        continue;
      }
      const [y1, y2] = a.top === b.top ? [a.bottom, b.bottom] : [a.bottom, b.top], bend = a.top === b.top ? 14 : (y2 - y1) / 2;
      wires.push(shape("path", { class: "wire", d: a.top === b.top
        ? `M${a.x} ${y1} C${a.x} ${y1 + bend} ${b.x} ${y2 + bend} ${b.x} ${y2}`
        : `M${a.x} ${y1} C${a.x} ${y1 + bend} ${b.x} ${y2 - bend} ${b.x} ${y2}` }));
    }
    const picture = shape("svg", { viewBox: `0 0 ${this.width} ${height}`, role: "img", "aria-label": "The machine" });
    picture.append(...this.boxes, ...wires, ...this.shapes);
    return picture;
  }
}

// --- The page ----------------------------------------------------------------------------------------------------

function describe(step) {
  const what = byId("what");
  const title = step.kind === "begin" ? "A process begins" : step.kind === "end" ? "The end"
    : step.kind === "error" ? "An error" : `Line ${step.line}`;
  what.replaceChildren(element("h2", {}, title));
  const process = steps.some((one) => one.who !== "1");
  if (process) what.append(element("span", { class: "who" }, `process ${step.who}`));
  for (const call of step.calls ?? []) {
    const time = call.ms === undefined ? "does not return" : `${call.ms} ms`;
    const line = element("div", { class: "call" }, element("code", {}, call.name), " ",
      element("span", {}, time + (call.failed ? ", failed" : "")));
    if (call.shell) line.append(element("pre", {}, "# " + call.shell));
    what.append(line);
  }
  if (step.more) what.append(element("p", { class: "calm" }, `and ${step.more} more calls`));
  if (step.text) what.append(element("pre", { class: "error" }, step.text));
  if ((step.changes ?? []).length > 0) {
    const names = { "+": "added", "-": "removed", "~": "changed", "?": "unseen" };
    what.append(element("ul", {}, ...step.changes.map(([sign, subject, text]) =>
      element("li", { class: names[sign] }, `${sign} ${subject} ${text}`))));
  } else {
    what.append(element("p", { class: "calm" }, step.kind === "begin" && step.who === "1"
      ? "The machine as the script finds it." : "No namespace, mount, link, cgroup or process changed."));
  }
}

function draw() {
  const step = steps[here], width = Math.max(300, Math.round(byId("drawing").clientWidth));
  const drawing = new Drawing(worldAfter(here), here > 0 ? worldAfter(here - 1) : null, step, width);
  byId("drawing").replaceChildren(drawing.finish());
}

function show(index) {
  here = Math.max(0, Math.min(steps.length - 1, index));
  const step = steps[here];
  byId("slider").value = here;
  byId("count").textContent = `${here + 1} / ${steps.length}`;
  describe(step);
  draw();
  const lines = byId("source").firstElementChild.children;
  const ran = new Set(steps.slice(0, here + 1).map((one) => one.line));
  for (const [number, line] of [...lines].entries()) {
    line.classList.toggle("ran", ran.has(number + 1));
    line.classList.toggle("here", number + 1 === step.line);
  }
  const line = lines[step.line - 1], view = byId("source");
  if (line) view.scrollTop = line.offsetTop - view.clientHeight / 2;
  if (location.hash !== `#${here + 1}`) history.replaceState(null, "", `#${here + 1}`);
}

function changed(from, by) {
  let index = from + by;
  while (index > 0 && index < steps.length - 1 && !(steps[index].changes ?? []).length) index += by;
  return index;
}

function play() {
  const on = timer === null;
  if (on) timer = setInterval(() => { if (here === steps.length - 1) play(); else show(here + 1); }, 900);
  else { clearInterval(timer); timer = null; }
  byId("play").textContent = on ? "❚❚" : "▶";
}

function start() {
  document.title = byId("name").textContent = record.name;
  byId("slider").max = steps.length - 1;
  byId("source").firstElementChild.append(...record.source.map((text, index) => {
    const first = steps.findIndex((step) => step.line === index + 1);
    const line = element("li", first >= 0 ? { class: "steps" } : {}, element("b", {}, `${index + 1}`),
      element("span", {}, text));
    if (first >= 0) line.addEventListener("click", () => show(first));
    return line;
  }));
  byId("slider").addEventListener("input", (event) => show(Number(event.target.value)));
  byId("back").addEventListener("click", () => show(here - 1));
  byId("next").addEventListener("click", () => show(here + 1));
  byId("play").addEventListener("click", play);
  const keys = { ArrowLeft: () => show(here - 1), ArrowRight: () => show(here + 1), Home: () => show(0),
    End: () => show(steps.length - 1), ArrowUp: () => show(changed(here, -1)), ArrowDown: () => show(changed(here, 1)), " ": play };
  document.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1 || 0));
  addEventListener("resize", draw);
  show(Number(location.hash.slice(1)) - 1 || 0);
}

start();
