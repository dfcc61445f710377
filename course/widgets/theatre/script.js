// The live stage. html.py puts it into the output; data.py says what `play` holds; states.py has the same rules.
(root, play, css) => {
const SVG = "http://www.w3.org/2000/svg"
const KEEP = {"data-lm-suppress-shortcuts": "true"}  // else JupyterLab and Notebook 7 take the keys away
const make = (e, attributes, kids) => {
  for (const key in attributes) e.setAttribute(key, attributes[key])
  e.append(...kids)
  return e
}
const h = (tag, attributes, ...kids) => make(document.createElement(tag), attributes, kids)
const s = (tag, attributes, ...kids) => make(document.createElementNS(SVG, tag), attributes, kids)
const cut = (text, most) => text.length > most ? text.slice(0, most - 2) + ".." : text
const size = n => n < 1e3 ? n + " B" : n < 1e6 ? +(n / 1e3).toPrecision(3) + " kB" : +(n / 1e6).toPrecision(4) + " MB"
// What happens is written in the table; the rows that it leaves out are told by the event itself.
const rows = new Map([...root.querySelectorAll("tr")].map(row => [row.cells[0].textContent - 1, row.cells[1].textContent]))
const BIG = 300, SMALLEST = .55, READABLE = .8  // below the second, a part is shown, at the third

// What the stage shows after so many events.
const State = story => {
  const appear = new Set(story.events.filter(e => /^(record|detach)$/.test(e.kind)).map(e => e.node))
  const state = {at: 0, went: new Set(), node: null, edge: null, nodes: story.nodes.map((_, i) => (
    {there: appear.has(i) ? 0 : -1, phase: "", have: 0, need: 0, version: 0, grad: "", plus: false, hooks: [], error: "", slots: {}}))}
  state.tell = touched => {
    const e = story.events[state.at++]
    const n = state.nodes[state.node = e.node ?? null]
    state.edge = e.edge ?? null
    if (n) { n.there ||= state.at; touched.add(e.node) }
    if (e.kind == "version") {
      if (n) n.version = e.version
      for (const one of e.saved) {
        const slot = state.nodes[one[0]].slots[one[1]]
        if (slot) { slot.now = e.version; touched.add(one[0]) }
      }
    } else if (e.kind == "backward") {
      state.went.clear()
      state.nodes.forEach((n, i) => { Object.assign(n, {phase: "", have: 0, need: 0, plus: false}); touched.add(i) })
    } else if (!n) return
    else if (e.kind == "save") n.slots[e.slot] = {bytes: e.bytes, version: e.version, now: e.version, memory: e.memory ?? e.node + e.slot, holds: e.number == null ? size(e.bytes) : cut("" + e.number, 10), freed: false}
    else if (e.kind == "arrive") {
      Object.assign(n, {have: e.have, need: e.need, phase: e.have >= e.need ? "ready" : "waits"})
      if (state.edge != null) state.went.add(state.edge)
    } else if (e.kind == "run") { n.phase = "ran"; n.ran = state.at }
    else if (e.kind == "free") { if (n.slots[e.slot]) n.slots[e.slot].freed = true }
    else if (e.kind == "accumulate") Object.assign(n, {phase: "ran", plus: !e.first, grad: e.total})
    else if (e.kind == "hook") {
      n.hooks.push(e)
      if (/^(retain_grad|post_acc)/.test(e.on)) n.grad = e.after
    }
    else if (e.kind == "error") { n.error = e.error; n.why = e.text }
  }
  state.alive = () => {
    const held = new Map()
    for (const n of state.nodes) for (const one of Object.values(n.slots))
      if (!one.freed) held.set(one.memory, Math.max(held.get(one.memory) || 0, one.bytes))
    return [...held.values()].reduce((a, b) => a + b, 0)
  }
  return state
}
const slotLook = one => one.freed ? "-" : one.bytes + "@" + one.version + (one.now != one.version ? "!" + one.now : "")
const look = n => n.there ? `${n.phase} ${n.have}/${n.need} v${n.version} [${Object.keys(n.slots).map(k => k + ":" + slotLook(n.slots[k]))}] ${n.plus ? "+" : ""}=${n.grad} h${n.hooks.length} ${n.error}` : ""

const outline = (kind, w, h) => {
  if (kind == "leaf") return s("rect", {class: "shape", width: w, height: h, rx: 18})
  if (kind == "op") return s("rect", {class: "shape", width: w, height: h, rx: 3})
  return s("path", {class: "shape", d: `M9 0h${w - 18}l9 9v${h - 18}l-9 9h${18 - w}l-9-9v${18 - h}z`})
}

const Stage = story => {
  const byNode = story.nodes.map(() => []), byBox = story.boxes.map(() => [])
  story.boxes.forEach((box, i) => byNode[box[0]].push(i))
  story.lines.forEach((line, i) => { byBox[line[0]].push(i); byBox[line[1]].push(i) })
  const drawn = new Map(), lines = new Map(), big = story.nodes.length > BIG
  const under = s("g"), over = s("g")
  const svg = s("svg", {role: "group", "aria-label": "Graph of " + story.title + "; up and down go from node to node, Enter tells more"}, under, over)
  const panel = h("div", {class: "panel", hidden: ""})
  let state = State(story), view = {x: 0, y: 0, scale: 1}, fresh = [[], []], marked = [], follow = true, shownNode = null, tab = null

  // A node is drawn when it first comes into sight, and found again by its number.
  const draw = i => {
    if (drawn.has(i)) return
    const [node, x, y, w, hi] = story.boxes[i], told = story.nodes[node]
    const text = (style, at, what = "") => s("text", {class: style, x: w / 2, y: at}, what)
    const parts = {second: text("s", 33, told.second), grad: text("s", 42 + 11 + (told.slots ? 19 : 0)), wait: text("wait", -5),
      hook: s("g", {class: "hook"}, s("circle", {r: 8}), s("text", {y: 3.5})), cross: s("path", {class: "cross", d: `M${w - 7}-7l14 14m0-14l-14 14`}), slots: {}}
    let left = told.slots ? (w - told.wide.reduce((a, b) => a + b + 4, -4)) / 2 : 0
    const group = s("g", {class: "node " + told.kind, transform: `translate(${x} ${y})`, role: "button", tabindex: -1, ...KEEP},
      outline(told.kind, w, hi), text("t", 18, told.first), parts.second, parts.grad)
    for (const [k, slot] of (told.slots || []).entries()) {
      const holds = s("text", {class: "s", x: told.wide[k] / 2, y: 11})
      parts.slots[slot] = s("g", {class: "slot off", transform: `translate(${left} 41)`}, s("rect", {width: told.wide[k], height: 15, rx: 1}), holds)
      left += told.wide[k] + 4
      group.append(parts.slots[slot])
    }
    if (told.more) group.append(s("text", {class: "s", x: w - 12, y: 52}, "+" + told.more))
    group.append(parts.wait, parts.hook, parts.cross)
    group.onclick = () => { if (!moved) open(node) }
    group.onfocus = () => tabTo(i)
    fresh[1].push(group)
    drawn.set(i, {group, parts, look: null})
    for (const line of byBox[i]) drawLine(line)
    dress(i)
  }
  const put = () => { under.append(...fresh[0]); over.append(...fresh[1]); fresh = [[], []] }
  const drawLine = i => {
    const [a, b, shape, cuts] = story.lines[i]
    if (lines.has(i) || !drawn.has(a) || !drawn.has(b)) return
    const [, x, y] = story.boxes[a], [, tx, ty, tw] = story.boxes[b]
    const to = tx + tw, pull = Math.max(24, (x - to) * .45), mx = (x + to) / 2, my = (y + ty) / 2 + 21
    const group = s("g", {class: "line" + (cuts ? " cut" : "")}, s("path", {d: `M${x} ${y + 21}C${x - pull} ${y + 21} ${to + pull} ${ty + 21} ${to} ${ty + 21}`}))
    if (cuts > 1) group.append(s("path", {class: "mark", d: `M${mx - 5} ${my + 7}l6-14M${mx + 1} ${my + 7}l6-14`}))
    else if (shape) group.append(s("text", {x: mx, y: my - 4}, shape))
    fresh[0].push(group)
    lines.set(i, group)
    dressLine(i)
  }
  const dressLine = i => {
    const group = lines.get(i)
    if (!group) return
    const [a, b] = story.lines[i]
    group.classList.toggle("off", !(state.nodes[story.boxes[a][0]].there && state.nodes[story.boxes[b][0]].there))
    group.classList.toggle("went", state.went.has(i))
    group.classList.toggle("now", state.edge == i)
  }
  const dress = i => {
    const {group, parts} = drawn.get(i), node = story.boxes[i][0], n = state.nodes[node], told = story.nodes[node]
    const now = state.node == node, key = look(n) + now
    if (drawn.get(i).look == key) return
    drawn.get(i).look = key
    group.setAttribute("class", `node ${told.kind} ${n.there ? "" : "off"} ${n.phase} ${now ? "now" : ""} ${n.error ? "failed" : ""}`)
    parts.second.textContent = n.error ? n.error : told.second + (n.version ? " v" + n.version : "")
    parts.grad.textContent = n.grad ? ".grad " + (n.plus ? "+= " : "= ") + cut(n.grad, 22) : ""
    parts.wait.textContent = n.phase == "waits" ? `waits: ${n.have} of ${n.need}` : n.phase == "ready" ? "ready" : ""
    parts.hook.setAttribute("class", "hook" + (n.hooks.length ? "" : " off"))
    parts.hook.lastChild.textContent = "h" + (n.hooks.length > 1 ? n.hooks.length : "")
    for (const slot in parts.slots) {
      const one = n.slots[slot], box = parts.slots[slot], stale = one && !one.freed && one.now != one.version
      box.setAttribute("class", "slot " + (!one ? "off" : one.freed ? "free" : stale ? "stale" : "on"))
      box.lastChild.textContent = !one ? "" : stale ? `v${one.version} not v${one.now}` : cut(slot, 10) + " " + one.holds
    }
    const saved = Object.entries(n.slots).map(([k, v]) => `${k} ${v.freed ? "freed" : "saved, " + v.holds}`).join(", ")
    group.setAttribute("aria-label", [told.first, told.second, n.phase, saved, n.grad && ".grad " + n.grad, n.hooks.length && n.hooks.length + " hook calls", n.error].filter(Boolean).join("; "))
  }
  const tabTo = i => {
    if (tab != null && drawn.has(tab)) drawn.get(tab).group.setAttribute("tabindex", -1)
    tab = i
    drawn.get(i).group.setAttribute("tabindex", 0)
  }

  // The view: which part is seen, and how large. What comes into sight is drawn, for 25 ms at a time.
  const wide = () => svg.clientWidth || 800, high = () => svg.clientHeight || 300
  let turn = 0
  const see = () => {
    const w = wide() / view.scale, hi = high() / view.scale, mine = ++turn
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${w} ${hi}`)
    const todo = []
    story.boxes.forEach(([, x, y, bw, bh], i) => {
      if (!drawn.has(i) && x < view.x + w + 200 && y < view.y + hi + 200 && x + bw > view.x - 200 && y + bh > view.y - 200) todo.push(i)
    })
    const some = () => {
      if (mine != turn) return
      const until = performance.now() + 25
      while (todo.length && performance.now() < until) draw(todo.pop())
      // each time that something is put there, the browser paints everything: rarely, then, once there is much
      if (!todo.length || fresh[1].length > drawn.size / 3) put()
      if (todo.length) setTimeout(some)
      tell()
    }
    svg.classList.toggle("far", view.scale < .25)
    some()
    if (tab == null && drawn.size) tabTo(drawn.keys().next().value)
  }
  const centre = ([, x, y, w, hi]) => {
    const along = (at, whole, seen) => whole < seen ? (whole - seen) / 2 : Math.max(0, Math.min(whole - seen, at - seen / 2))
    view.x = along(x + w / 2, story.size[0], wide() / view.scale)
    view.y = along(y + hi / 2, story.size[1], high() / view.scale)
    see()
  }
  const fitting = () => Math.min(1.25, wide() / story.size[0], high() / story.size[1])
  const fit = () => { follow = false; view.scale = fitting(); centre([0, 0, 0, ...story.size]) }
  const frame = () => {
    const whole = Math.min(1.25, wide() / story.size[0]), scale = whole < SMALLEST ? READABLE : whole
    svg.style.height = Math.max(150, Math.min(440, story.size[1] * scale)) + "px"
    view.scale = fitting() < SMALLEST ? READABLE : fitting()
    centre(story.boxes[spot() ?? story.boxes.length - 1] || [0, 0, 0, 0, 0])
  }
  // Where the last event happened: of several drawings of a leaf, the nearest.
  const spot = () => {
    const far = i => Math.abs(story.boxes[i][1] - view.x - wide() / view.scale / 2)
    return byNode[state.node ?? -1]?.reduce((a, b) => far(b) < far(a) ? b : a)
  }
  const zoom = (by, px = wide() / 2, py = high() / 2) => {
    const next = Math.max(.02, Math.min(4, view.scale * by))
    view.x += px / view.scale - px / next
    view.y += py / view.scale - py / next
    view.scale = next
    see()
  }
  const keepInSight = () => {
    const box = story.boxes[spot()]
    if (!box || !follow) return
    if (box[1] < view.x || box[2] < view.y || box[1] + box[3] > view.x + wide() / view.scale || box[2] + box[4] > view.y + high() / view.scale) centre(box)
  }

  // One finger or the mouse moves the stage, two fingers or ctrl and the wheel make it larger.
  const touches = new Map()
  let moved = false
  svg.onpointerdown = e => { touches.set(e.pointerId, e); moved = false }
  svg.onpointermove = e => {
    const last = touches.get(e.pointerId)
    if (!last) return
    const dx = e.clientX - last.clientX, dy = e.clientY - last.clientY
    if (!moved && Math.abs(dx) + Math.abs(dy) < 5) return
    if (!moved) svg.setPointerCapture(e.pointerId)
    moved = true
    follow = false
    const other = [...touches.values()].find(one => one.pointerId != e.pointerId)
    if (other) {
      const far = p => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY) || 1
      const at = svg.getBoundingClientRect()
      zoom(far(e) / far(last), (e.clientX + other.clientX) / 2 - at.x, (e.clientY + other.clientY) / 2 - at.y)
    } else {
      view.x -= dx / view.scale
      view.y -= dy / view.scale
      see()
    }
    touches.set(e.pointerId, e)
  }
  svg.onpointerup = svg.onpointercancel = e => touches.delete(e.pointerId)
  svg.addEventListener("wheel", e => {
    if (!e.ctrlKey) return
    e.preventDefault()
    const at = svg.getBoundingClientRect()
    zoom(Math.exp(-e.deltaY / 300), e.clientX - at.x, e.clientY - at.y)
  }, {passive: false})
  svg.addEventListener("keydown", e => {
    const node = document.activeElement.closest?.(".node")
    if (!node || !svg.contains(node)) return
    if (e.key == "Enter") open(story.boxes[tab][0])
    else if (e.key == "ArrowUp" || e.key == "ArrowDown") {
      let i = tab
      do i += e.key == "ArrowUp" ? -1 : 1
      while (story.boxes[i] && !state.nodes[story.boxes[i][0]].there)
      if (story.boxes[i]) { draw(i); put(); tabTo(i); drawn.get(i).group.focus({preventScroll: true}); if (fitting() < SMALLEST) centre(story.boxes[i]) }
    } else return
    e.preventDefault()
  })

  // What is known of one node, beside the stage.
  const open = node => {
    const told = story.nodes[node], n = state.nodes[node], list = h("dl")
    const row = (name, what) => what && list.append(h("dt", {}, name), h("dd", {}, what))
    const shut = h("button", {"aria-label": "close", ...KEEP}, "\u00d7")
    shut.onclick = () => { panel.hidden = true; shownNode = null; drawn.get(byNode[node][0])?.group.focus({preventScroll: true}) }
    row("tensor", told.second + ", " + told.dtype)
    row("recorded", saysAt(n.there))
    row("rule", told.rule)
    row("made by", told.where)
    row("module", told.group)
    for (const slot in n.slots) {
      const one = n.slots[slot]
      row("saved " + slot, one.freed ? "freed" : one.holds + (one.bytes ? ", version " + one.version : "") + (one.now != one.version ? `, but the tensor is at version ${one.now}` : ""))
    }
    row("ran", saysAt(n.ran))
    row(".grad", n.grad)
    for (const one of n.hooks) row("hook", `${one.on} ${one.name || ""}: ${one.before} \u2192 ${one.after}`)
    row(n.error, n.why)
    panel.replaceChildren(h("strong", {}, told.first), shut, list)
    panel.hidden = false
    shownNode = node
  }

  const saysAt = count => count > 0 ? story.events[count - 1].says ?? rows.get(count - 1) : ""
  const go = count => {
    const touched = new Set(marked), before = state.at
    if (count < before) state = State(story)
    const far = count < before || count - before > 60
    while (state.at < count) state.tell(touched)
    const boxes = far ? [...drawn.keys()] : [...touched].flatMap(node => byNode[node]).filter(i => drawn.has(i))
    boxes.forEach(dress)
    new Set(far ? lines.keys() : boxes.flatMap(i => byBox[i])).forEach(dressLine)
    marked = state.node != null ? [state.node] : []
    keepInSight()
    if (drawn.has(spot())) tabTo(spot())
    if (shownNode != null) open(shownNode)
  }
  const tell = () => { if (big) note.textContent = `${story.nodes.length} nodes: ${drawn.size} of ${story.boxes.length} boxes are drawn${follow ? ", around the current step" : ""}` }
  const note = h("small")
  const el = h("div", {class: "one"}, ...(play.stages.length > 1 ? [h("div", {class: "title"}, story.title)] : []), svg, note, panel)
  return {el, go, fit, zoom, big, frame, follow: () => follow = true, says: () => saysAt(state.at), alive: () => state.alive(), looks: () => state.nodes.map(look)}
}

// The controls: one timeline for all stages.
const stages = play.stages.map(Stage), counts = play.counts || null
const last = counts ? counts.length - 1 : play.stages[0].events.length
let at = 0, timer = null
const button = (text, label, act) => {
  const e = h("button", {"aria-label": label, title: label, ...KEEP}, text)
  e.onclick = act
  return e
}
const back = button("\u25c0", "step back", () => to(at - 1)), next = button("\u25b6\u2759", "step forward", () => to(at + 1))
const run = button("Play", "play", () => playing(!timer))
const scrub = h("input", {type: "range", min: 0, max: last, "aria-label": "step", ...KEEP})
scrub.oninput = () => to(+scrub.value)
const speed = h("select", {"aria-label": "speed", ...KEEP}, ...[.5, 1, 2, 4, 16].map(x => h("option", {value: x, ...(x == 1 ? {selected: ""} : {})}, x + "\u00d7")))
const where = h("span", {class: "where"}), bytes = h("span", {class: "bytes"}), says = h("output", {"aria-live": "polite"})
const track = h("span", {class: "track"}, scrub)
if (play.differ) track.append(h("span", {class: "tick", style: `left:${100 * play.differ / last}%`}))
const live = h("div", {class: "live"}, h("style", {}, css),
  h("div", {class: "bar"}, back, run, next, track, where, speed, bytes, h("span", {class: "views"},
    button("\u2212", "zoom out", () => stages.forEach(one => one.zoom(1 / 1.3))), button("+", "zoom in", () => stages.forEach(one => one.zoom(1.3))),
    button(stages.some(one => one.big) ? "Show all" : "Fit", (stages.some(one => one.big) ? "show all" : "fit") + ": show the whole graph", () => stages.forEach(one => one.fit())),
    ...(play.differ ? [button("First difference", "go to the first difference", () => to(play.differ))] : []))),
  says, h("div", {class: "stages"}, ...stages.map(one => one.el)))
const to = (step, by) => {
  if (!by && timer) playing(false)
  at = Math.max(0, Math.min(last, step))
  stages.forEach((one, i) => one.go(counts ? counts[at][i] : at))
  if (document.activeElement.matches(".gst .off")) scrub.focus({preventScroll: true})  // what is not there yet has no keys
  scrub.value = at
  where.textContent = `${at} / ${last}`
  const text = at ? at == play.differ ? "First difference: " + play.why : [...new Set(stages.map(one => one.says()))].join(" | ") : "Nothing has happened yet."
  says.textContent = text
  says.classList.toggle("differ", at == play.differ)
  scrub.setAttribute("aria-valuetext", `step ${at} of ${last}: ${text}`)
  bytes.textContent = stages.map(one => size(one.alive())).join(" | ") + " saved"
  back.setAttribute("aria-disabled", !at)  // a button that is truly disabled would lose the focus, and the keys with it
  next.setAttribute("aria-disabled", at == last)
}
const playing = on => {
  clearTimeout(timer)
  timer = null
  run.textContent = on ? "Pause" : "Play"
  run.setAttribute("aria-label", on ? "pause" : "play")
  says.setAttribute("aria-live", on ? "off" : "polite")  // a voice cannot keep up with a play
  if (!on) return
  if (at == last) to(0, true)
  stages.forEach(one => one.follow())
  const tick = () => {
    to(at + 1, true)
    timer = at < last ? setTimeout(tick, 900 / speed.value) : null
    if (!timer) playing(false)
  }
  timer = setTimeout(tick, 250)
}
live.addEventListener("keydown", e => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.target.tagName == "SELECT") return
  const step = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last}[e.key]
  if (step != null) { stages.forEach(one => one.follow()); to(step) }
  else if (e.key == " " && (e.target.tagName != "BUTTON" || e.target == run)) playing(!timer)
  else return
  e.preventDefault()
})

root.dataset.live = ""
root.querySelector(".gst-still").after(live)
const frame = () => { seen = live.clientWidth; stages.forEach(one => one.frame()) }
let seen = 0
to(play.start)
frame()
root.theatre = {to, looks: () => stages.map(one => one.looks()), get at() { return at }}
new ResizeObserver(() => { if (live.clientWidth && Math.abs(live.clientWidth - seen) > 2) frame() }).observe(live)
}
