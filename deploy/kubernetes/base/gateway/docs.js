// Draws /v1/openapi.json: one collapsible line per endpoint, by service. Text only ever enters as text.
"use strict";

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
};

const resolve = (api, node) => {
  let found = node;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((part, step) => part[step], api);
  return found;
};

// A schema as the JSON one would write, types in place of values.
const shape = (api, node, depth = 0) => {
  const schema = resolve(api, node) || {};
  if (depth > 5) return "…";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.join(" | ");
  const choices = schema.anyOf || schema.oneOf;
  if (choices) {
    const shapes = choices.map((choice) => shape(api, choice, depth + 1));
    return shapes.every((each) => typeof each === "string") ? shapes.join(" | ") : shapes[0];
  }
  if (schema.type === "array") return [shape(api, schema.items, depth + 1)];
  if (!schema.properties) return [schema.type || "any", schema.format].filter(Boolean).join(" ");
  const required = new Set(schema.required || []);
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, inner]) => [
      required.has(name) ? name : `${name}?`,
      shape(api, inner, depth + 1),
    ]),
  );
};

const example = (api, content) => {
  const media = Object.values(content || {})[0];
  return media && media.schema ? element("pre", {}, JSON.stringify(shape(api, media.schema), null, 2)) : null;
};

const row = (...cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));

const parameters = (api, operation) => {
  const rows = (operation.parameters || []).map((each) => {
    const known = resolve(api, each);
    const type = shape(api, known.schema);
    return row(
      element("code", {}, known.name + (known.required ? "" : "?")),
      `${known.in} · ${typeof type === "string" ? type : JSON.stringify(type)}`,
      known.description || "",
    );
  });
  return rows.length ? element("table", {}, ...rows) : null;
};

const answers = (api, operation) =>
  element(
    "table",
    {},
    ...Object.entries(operation.responses || {}).map(([status, answer]) => {
      const known = resolve(api, answer);
      const cell = element("div", {}, known.description || "");
      const body = status < 400 ? example(api, known.content) : null;
      if (body) cell.append(body);
      return row(element("code", {}, status), cell);
    }),
  );

const endpoint = (api, method, path, operation) => {
  const body = operation.requestBody ? resolve(api, operation.requestBody) : null;
  const made = element(
    "details",
    { id: operation.operationId || `${method} ${path}` },
    element(
      "summary",
      {},
      element("code", { class: "method" }, method.toUpperCase()),
      element("code", {}, path),
      element("span", {}, operation.summary || ""),
      operation.security ? null : element("span", { class: "open" }, "open"),
    ),
    operation.description ? element("p", {}, operation.description) : null,
    parameters(api, operation),
    body ? example(api, body.content) : null,
    answers(api, operation),
  );
  made.dataset.words = `${method} ${path} ${operation.summary || ""} ${operation.description || ""}`.toLowerCase();
  return made;
};

const draw = (api) => {
  const sections = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const service = (operation.tags || ["other"])[0];
      if (!sections.has(service)) sections.set(service, element("section", {}, element("h2", {}, service)));
      sections.get(service).append(endpoint(api, method, path, operation));
    }
  }
  document.getElementById("about").textContent = api.info.description || "";
  document.getElementById("endpoints").replaceChildren(...sections.values());
};

const search = (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of document.querySelectorAll("details")) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word));
  }
};

document.getElementById("search").addEventListener("input", search);
fetch("/v1/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${answer.status}`))))
  .then(draw)
  .catch((error) => {
    document.getElementById("endpoints").textContent = `The document could not be had (${error.message}).`;
  });
