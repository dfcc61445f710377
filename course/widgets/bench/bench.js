// The bench's controls. Every control is a real form element with a label, and carries the attribute
// without which JupyterLab and Notebook 7 keep its keys for themselves.
let count = 0;

function element(name, attributes, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false) continue;
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  if (["select", "input", "button"].includes(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  return made;
}

function labelled(text, control) {
  const id = `gsb-${++count}`;
  control.id = id;
  return element("div", { class: "gsb-field" }, [element("label", { for: id, text }), control]);
}

// Scripts that come as text do not run by themselves; these are the theatre's own.
function put(place, html) {
  place.innerHTML = html;
  for (const old of place.querySelectorAll("script")) {
    const fresh = document.createElement("script");
    for (const { name, value } of old.attributes) fresh.setAttribute(name, value);
    fresh.textContent = old.textContent;
    old.replaceWith(fresh);
  }
}

function render({ model, el }) {
  const root = element("div", { class: "gsb" });
  const form = element("form", { class: "gsb-form", "aria-label": "What the program does" });
  const complaint = element("p", { class: "gsb-error", role: "alert" });
  const told = element("div", { class: "gsb-told", "aria-live": "polite" });
  const stage = element("div", { class: "gsb-stage" });
  root.append(form, complaint, told, stage);
  el.append(root);

  const change = (what) => {
    model.set("settings", { ...model.get("settings"), ...what });
    model.save_changes();
  };

  function controls() {
    const { programs, switches, engines } = model.get("choices");
    const now = model.get("settings");
    const option = (chosen) => ([value, text]) =>
      element("option", { value, text, selected: value === chosen });

    const program = element("select", {}, programs.map(({ id, title }) => option(now.program)([id, title])));
    program.addEventListener("change", () => {
      const { inputs } = programs.find(({ id }) => id === program.value);
      change({ program: program.value, inputs });
      inputsOf(inputs);
    });
    const engine = element("select", {}, engines.map(option(now.engine)));
    engine.addEventListener("change", () => change({ engine: engine.value }));

    const inputs = element("div", { class: "gsb-row" });
    function inputsOf(values) {
      inputs.replaceChildren(
        ...Object.entries(values).map(([name, text]) => {
          const field = element("input", { type: "text", value: text, size: 12, autocomplete: "off" });
          const set = () => change({ inputs: { ...model.get("settings").inputs, [name]: field.value } });
          field.addEventListener("change", set);
          // in JupyterLab the Enter key alone ends no editing of a field
          field.addEventListener("keydown", (event) => event.key === "Enter" && set());
          return labelled(name, field);
        }),
      );
    }
    inputsOf(now.inputs);

    const boxes = switches.map(([name, says]) => {
      const box = element("input", { type: "checkbox", checked: now.switches[name] });
      box.addEventListener("change", () =>
        change({ switches: { ...model.get("settings").switches, [name]: box.checked } }),
      );
      return labelled(says, box);
    });
    const legend = element("legend", { text: "Switches" });
    form.replaceChildren(
      element("div", { class: "gsb-row" }, [labelled("Program", program), labelled("Engine", engine)]),
      inputs,
      element("fieldset", { class: "gsb-switches" }, [legend, ...boxes]),
    );
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  const show = {
    complaint: () => (complaint.textContent = model.get("complaint")),
    told: () => (told.innerHTML = model.get("told")),
    stage: () => put(stage, model.get("stage")),
  };
  controls();
  for (const [name, draw] of Object.entries(show)) {
    draw();
    model.on(`change:${name}`, draw);
  }
  return () => {
    for (const [name, draw] of Object.entries(show)) model.off(`change:${name}`, draw);
  };
}

export default { render };
