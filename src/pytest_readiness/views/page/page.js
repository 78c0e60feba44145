"use strict";
(() => {
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const idle = (work) => (window.requestIdleCallback || ((f) => setTimeout(f, 1)))(work, { timeout: 2000 });
const pause = () => new Promise(idle);

// -- what is packed in the file ---------------------------------------------------------------------------------
const unpack = async (id) => {
  const text = byId(id) ? byId(id).textContent.trim() : "";
  if (!text) return "";
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
};
const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const lined = (values, show) => values.flatMap((value, at) => at ? [make("br", {}), show(value)] : [show(value)]);
const none = () => make("i", {}, "–");
const makeArtifact = ([name, about, sha256, text, verbatim, download, note]) => {
  const box = make("div", {}, name + " ", make("small", {}, "(" + about + ")"));
  if (download) box.append(" ", make("a", { download: name, href: download, "data-s": sha256 }, "download"));
  if (note) box.append(make("br", {}), make("small", {}, note));
  if (text !== null) box.append(make("pre", { "data-s": verbatim && sha256 }, text));
  return box;
};
const makeTable = ([columns, rows], id) => {
  const table = make("table", { class: "ev" });
  const add = (name, cells, css) => table.append(make("tr", { class: css }, make("th", {}, name), ...cells));
  add("Evidence", columns.map(([piece]) => make("th", { class: "e" }, piece)));
  for (const [name, cells] of rows) {
    const span = cells.length < columns.length && String(columns.length);
    const show = (value) => Array.isArray(value) ? make("a", { href: value[1] }, value[0]) : value;
    add(name, cells.map((texts) => make("td", { colspan: span }, ...(texts.length ? lined(texts, show) : [none()]))));
  }
  if (columns.some((column) => column[1].length)) {
    add("Artifacts", columns.map((column) => make("td", {}, ...(column[1].length ? column[1].map(makeArtifact) : [none()]))));
  }
  if (columns.some((column) => column[2])) {
    add("Digest of its line", columns.map((column) =>
      make("td", {}, column[2] ? make("code", {}, column[2]) : make("i", {}, "not in this page"))), "d");
  }
  const region = { class: "scroll", role: "region", tabindex: "0", "aria-label": "Evidence of " + id };
  return columns.length > 1 ? make("div", region, table) : table;
};
const makeRequirement = ([id, sign, css, state, why, completes, skipped, level, expires, table],
  anchor) => {
  const valid = expires && "valid until " + expires;
  const paragraph = make("p", {}, why, level || valid ? " (" + [level, valid].filter(Boolean).join(", ") + ")" : "");
  const parts = [make("h4", {}, make("span", { class: css }, sign), " " + id + ": " + state), paragraph];
  if (completes) parts.push(make("p", {}, make("b", {}, "To complete it:"), " " + completes));
  for (const text of skipped) parts.push(make("p", {}, make("b", {}, "Skipped since:"), " " + text));
  if (table) parts.push(makeTable(table, id));
  return make("section", { id: anchor }, ...parts);
};
const makeArticle = ([anchor, id, title, css, status, phase, done, owner, architecture, declared, holds,
  reviewState, approvals, needed, reviews, items]) => {
  const line = (phase ? " " + phase : "") + ", " + done + ". Owner: " + owner + "."
    + (architecture ? " Architecture: " + architecture + " (no part of readiness)." : "")
    + (declared ? " The tracker's row says " + declared + "." : "");
  const article = make("article", { id: anchor, class: "uc" },
    make("h3", {}, id, ...(title ? [" ", make("small", {}, title)] : [])),
    make("p", {}, make("b", { class: "t " + css }, status), line),
    ...holds.map((text) => make("p", { class: "bad" }, text)));
  if (reviews.length) {
    article.append(make("h4", {}, "Reviews (" + reviewState + ", " + approvals + " of " + needed + ")"), make("ul", {},
      ...reviews.map(([text, why, digest, basis, decision]) => make("li", {}, ...lined([text, ...why], (each) => each),
        make("br", {}), make("small", {}, "basis " + digest + ": " + basis + "; decision " + decision)))));
  } else article.append(make("p", {}, "Reviews: none yet."));
  for (const [itemAnchor, itemCss, sign, state, key, itemTitle, requirements] of items) {
    article.append(make("details", {},
      make("summary", {}, make("b", { class: "t " + itemCss }, sign + " " + state), " " + key + " " + itemTitle),
      ...requirements.map((requirement, at) => makeRequirement(requirement, at ? "" : itemAnchor))));
  }
  return article;
};
const parsePacked = ([id, details]) => JSON.parse(details.replaceAll("\x1f", id));
let loading = null; // the use cases that are not written out, as JSON by anchor
const loadPacked = () => {
  loading = loading || unpack("more").then((text) => {
    const found = new Map();
    for (const line of text ? text.split("\n") : []) {
      const [id, anchor, details] = line.split("\x1e"); // in the details a sign stands for the id
      found.set(anchor, [id, details]);
    }
    return found;
  });
  return loading;
};
const isLarge = byId("m").hasAttribute("data-compact");
const anchors = all("#m tbody th a").map((link) => link.getAttribute("href").slice(1));
const place = (anchor, found) => {
  // Use cases stand in the order of the matrix.
  const article = makeArticle(parsePacked(found.get(anchor)));
  const next = anchors.slice(anchors.indexOf(anchor) + 1).find((each) => byId(each));
  byId("articles").insertBefore(article, next ? byId(next) : null);
};
const ensure = async (anchor) => {
  // The anchor of an item is that of its use case, a dot, and the item.
  if (byId(anchor) || !byId("more")) return;
  let found;
  try { found = await loadPacked(); } catch (error) { return; } // the verification tells of it
  const name = [anchor, anchor.slice(0, anchor.lastIndexOf("."))].find((each) => found.has(each));
  if (name && !byId(name)) place(name, found);
};
const placeAll = async () => {
  // A page that is not large is the same as one with all evidence written out, also in the search and in print.
  const found = await loadPacked();
  for (const anchor of found.keys()) if (!byId(anchor)) { place(anchor, found); await pause(); }
  texts.clear();
  filter();
};

// -- state in the address ---------------------------------------------------------------------------------------
const form = byId("filter");
const fields = ["q", "status", "state", "owner"];
const readState = () => {
  const hash = location.hash.slice(1);
  if (!hash.startsWith("?")) {
    let open = hash;
    try { open = decodeURIComponent(hash); } catch (error) { open = hash; }
    return { open };
  }
  return Object.fromEntries(new URLSearchParams(hash.slice(1)));
};
const hashOf = (open) => {
  const state = new URLSearchParams();
  for (const name of fields) if (form.elements[name].value) state.set(name, form.elements[name].value);
  if (!state.size) return open ? "#" + open : "";
  if (open) state.set("open", open);
  return "#?" + state;
};
let opened = "";
const remember = () => history.replaceState(null, "", hashOf(opened) || location.pathname + location.search);
const open = async (anchor) => {
  opened = anchor;
  if (!anchor) return;
  await ensure(anchor);
  const target = byId(anchor);
  if (!target) return;
  const details = target.closest("details");
  if (details) details.open = true;
  const article = target.closest("article");
  if (article) article.hidden = false;
  target.scrollIntoView();
  const focus = details ? details.querySelector("summary") : target;
  if (!details && !target.hasAttribute("tabindex")) target.tabIndex = -1;
  focus.focus({ preventScroll: true });
};

// -- filter -----------------------------------------------------------------------------------------------------
const rows = all("#m tbody tr");
const anchorOf = (row) => row.cells[0].firstChild.getAttribute("href").slice(1);
const texts = new Map();
const textOf = (row) => {
  if (!texts.has(row)) {
    const article = byId(anchorOf(row));
    texts.set(row, (row.textContent + " " + (article ? article.textContent : "")).toLowerCase());
  }
  return texts.get(row);
};
const ownerOf = (row) => row.cells[row.cells.length - 2].textContent;
const statusOf = (row) => row.cells[1].textContent.trim().split(/\s/)[0];
const filter = () => {
  const [q, status, state, owner] = fields.map((name) => form.elements[name].value);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = (!status || statusOf(row) === status) && (!owner || ownerOf(row) === owner)
      && (!state || [...row.cells].slice(2, -4).some((cell) => cell.matches("." + state) || cell.querySelector("." + state)))
      && words.every((word) => textOf(row).includes(word));
    row.hidden = !fits;
    const article = byId(anchorOf(row));
    if (article) article.hidden = !fits;
    shown += fits;
  }
  roving();
  byId("shown").textContent = shown === rows.length ? "" : shown + " of " + rows.length + " use cases";
};
const apply = () => {
  const state = readState();
  for (const name of fields) {
    const field = form.elements[name];
    field.value = state[name] || "";
    if (field.value !== (state[name] || "")) field.value = "";
  }
  filter();
  return open(state.open || "");
};

// -- keyboard ---------------------------------------------------------------------------------------------------
const table = byId("m");
const cellsOf = (row) => all("a", row);
const upgrade = (row) => {
  // A large page has bare signs: their links are made here.
  if (!isLarge || row.dataset.done) return;
  row.dataset.done = "1";
  const heads = table.tHead.rows[0].cells;
  for (let at = 2; at < row.cells.length - 4; at += 1) {
    const cell = row.cells[at];
    if (!cell.firstChild) continue;
    const link = document.createElement("a");
    link.href = "#" + anchorOf(row) + keyAnchors[at - 2];
    link.tabIndex = -1;
    link.append(...cell.childNodes);
    const words = document.createElement("b");
    words.className = "vh";
    const signs = all("i", link).map((sign) => names[sign.className]);
    words.textContent = " " + (signs.join(", ") || names[cell.className]);
    link.append(words);
    link.title = heads[at].textContent + ":" + words.textContent;
    cell.classList.add("k");
    cell.append(link);
  }
};
const names = {};
for (const option of form.elements.state.options) names[option.value] = option.textContent;
const keyAnchors = [...table.tHead.rows[0].cells].slice(2, -4).map((cell, at) =>
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$/.test(cell.textContent) ? "." + cell.textContent : ".." + (at + 1));
let current = null;
function roving() {
  // One link of the matrix is reached by Tab, and it must be visible.
  if (!current) all("tbody a", table).forEach((link) => { link.tabIndex = -1; });
  if (current && !current.closest("tr").hidden) return;
  if (current) current.tabIndex = -1;
  current = rows.filter((row) => !row.hidden).map((row) => row.querySelector("a"))[0] || null;
  if (current) current.tabIndex = 0;
}
const moveTo = (link) => {
  if (!link) return;
  if (current) current.tabIndex = -1;
  current = link;
  link.tabIndex = 0;
  link.focus();
};
table.addEventListener("keydown", (event) => {
  const link = event.target.closest("tbody a");
  if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
  const row = link.closest("tr");
  const visible = rows.filter((each) => !each.hidden);
  const at = cellsOf(row).indexOf(link);
  const line = visible.indexOf(row);
  const to = (target) => { if (target) { upgrade(target); const cells = cellsOf(target); moveTo(cells[Math.min(at, cells.length - 1)]); } };
  const keys = {
    ArrowRight: () => moveTo(cellsOf(row)[at + 1]),
    ArrowLeft: () => moveTo(cellsOf(row)[at - 1]),
    ArrowDown: () => to(visible[line + 1]),
    ArrowUp: () => to(visible[line - 1]),
    Home: () => moveTo(cellsOf(row)[0]),
    End: () => moveTo(cellsOf(row).at(-1)),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
table.addEventListener("mouseover", (event) => {
  const row = event.target.closest("tbody tr");
  if (row) upgrade(row);
});
table.addEventListener("click", (event) => {
  // A finger does not hover first.
  const cell = event.target.closest("tbody td");
  if (!cell || event.target.closest("a")) return;
  upgrade(cell.parentElement);
  const link = cell.querySelector("a");
  if (link) link.click();
});
table.addEventListener("focusin", (event) => {
  const link = event.target.closest("tbody a");
  if (link) upgrade(link.closest("tr"));
  if (link && link !== current) { if (current) current.tabIndex = -1; current = link; link.tabIndex = 0; }
});
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const anchor = link.getAttribute("href").slice(1);
  event.preventDefault();
  const hash = hashOf(anchor);
  if (location.hash !== hash) history.pushState(null, "", hash);
  open(anchor);
});

// -- verification -----------------------------------------------------------------------------------------------
const encoder = new TextEncoder();
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const shortEscapes = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const escapeOf = (char) => {
  const code = char.codePointAt(0);
  if (shortEscapes[char]) return shortEscapes[char];
  if (code < 0x100) return "\\x" + code.toString(16).padStart(2, "0");
  return code < 0x10000 ? "\\u" + code.toString(16).padStart(4, "0") : "\\U" + code.toString(16).padStart(8, "0");
};
// A shown text has visible escapes for characters that cannot be seen, and may be cut off after 4,000 characters.
const fits = (recorded, shown) => {
  let at = 0;
  for (const char of recorded) {
    const hidden = escapeOf(char);
    if (shown.startsWith(char, at)) at += char.length;
    else if (shown.startsWith(hidden, at)) at += hidden.length;
    else return at > 3900 && shown.slice(at) === "…";
  }
  return at === shown.length;
};
const claimOf = (line, number) => {
  if (line.kind === "finished") return [line.claims[number - 1], line.test, line.result];
  let before = 0;
  for (const test of line.tests || []) {
    if (number <= before + test.claims.length) return [test.claims[number - before - 1], test.test, "NOT_RUN"];
    before += test.claims.length;
  }
  return [undefined, "", ""];
};
const recordedFields = (line, number) => {
  const [claim, test, result] = claimOf(line, number);
  if (!claim) return null;
  const references = (line.references || []).map((each) => each.name ? each.name + ": " + each.url : each.url);
  const artifacts = (line.artifacts || []).map((each) => each.name + " sha256:" + each.sha256);
  return [[claim.use_case], [line.tenant_id], [line.project_id], [claim.environment], [claim.provider_mode], [claim.item],
    [test], [claim.result || result], [line.finished_at], [...references, ...artifacts]]
    .map((values) => values.filter((value) => value !== undefined && value !== null && value !== ""));
};
const shownTexts = (cell) => {
  // One text node for each text; <i> is what the page says of a field without a value.
  const found = [];
  const walk = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === 3) found.push(child.data);
      else if (child.tagName !== "I") walk(child);
    }
  };
  cell.normalize();
  walk(cell);
  return found;
};
const lines = new Map(); // "RUN.line" -> [digest, parsed]
const differences = [];
const reported = new Set();
const differ = (where, what) => {
  if (reported.has(where + what)) return;
  reported.add(where + what);
  differences.push([where, what]);
};
const cellAt = (row, column) => {
  // Where all pieces have the same value, one cell spans their columns.
  let at = 0;
  for (const cell of row.cells) {
    if (column < at + cell.colSpan) return cell;
    at += cell.colSpan;
  }
  return null;
};
const compare = (root, compared) => {
  for (const head of all("th.e", root)) {
    const id = head.textContent.trim();
    const table = head.closest("table");
    const column = head.cellIndex;
    const number = Number(id.slice(id.lastIndexOf(".") + 1));
    const line = lines.get(id.slice(0, id.lastIndexOf(".")));
    const digestRow = table.querySelector("tr.d");
    const code = digestRow && cellAt(digestRow, column).querySelector("code");
    if (!code) {
      if (line) differ(id, "has a line in this file, and its digest is not shown");
      continue;
    }
    if (!line) { differ(id, "has no recorded line in this file"); continue; }
    compared.add(id);
    if (code.textContent !== line[0]) differ(id, "shows another digest than that of its recorded line");
    const recorded = recordedFields(line[1], number);
    if (!recorded) { differ(id, "is not in its recorded line"); continue; }
    recorded.forEach((values, at) => {
      const row = table.rows[at + 1];
      const shown = shownTexts(cellAt(row, column));
      if (shown.length !== values.length || !values.every((value, index) => fits(value, shown[index]))) {
        differ(id, "shows for " + row.cells[0].textContent + ": " + (shown.join(", ") || "nothing")
          + "; recorded is: " + (values.join(", ") || "nothing"));
      }
    });
  }
};
const compareArtifacts = async (root, compared) => {
  for (const shown of all("[data-s]", root)) {
    const content = shown.tagName === "PRE" ? encoder.encode(shown.textContent)
      : Uint8Array.from(atob(shown.getAttribute("href").split(",")[1]), (char) => char.charCodeAt(0));
    compared.add(shown.dataset.s);
    if (await sha256(content) !== shown.dataset.s) differ("artifact sha256:" + shown.dataset.s, "has another content in this file");
  }
};
const say = (text, bad) => {
  const box = byId("verification");
  box.textContent = text;
  box.classList.toggle("bad", Boolean(bad));
  document.documentElement.dataset.verified = bad ? "differs" : "yes";
};
const compareAll = async () => {
  // A piece stands at each requirement that it is evidence for, and is counted once.
  const compared = [new Set(), new Set()];
  const count = async (article) => {
    compare(article, compared[0]);
    await compareArtifacts(article, compared[1]);
  };
  const text = await unpack("lines");
  for (const line of text ? text.split("\n") : []) {
    const parsed = JSON.parse(line);
    lines.set(parsed.run + "." + parsed.seq, [await sha256(encoder.encode("readiness/line/v1\0" + line)), parsed]);
  }
  for (const [key, [, parsed]] of lines) {
    const before = lines.get(parsed.run + "." + (parsed.seq - 1));
    if (before && before[0] !== parsed.prev) differ(key, "does not follow from the line before it in its run");
  }
  const placed = all("article.uc");
  for (const article of placed) { await count(article); await pause(); }
  if (!isLarge) return compared.map((ids) => ids.size);
  const shown = new Set(placed.map((article) => article.id));
  let at = 0;
  for (const [anchor, entry] of await loadPacked()) {
    if (shown.has(anchor) || !/"[0-9a-f]{64}"\]/.test(entry[1])) continue; // without a recorded line
    await count(makeArticle(parsePacked(entry)));
    if ((at += 1) % 20 === 0) await pause();
  }
  return compared.map((ids) => ids.size);
};
const verify = async () => {
  if (!all("th.e").length && !byId("more")) { document.documentElement.dataset.verified = "nothing"; return; }
  const isAble = window.isSecureContext && window.crypto && crypto.subtle;
  let [compared, artifacts] = [0, 0];
  try {
    if (!isLarge) await placeAll();
    if (isAble) [compared, artifacts] = await compareAll();
  } catch (error) {
    differ("this file", "cannot be verified: what is packed in it is damaged (" + error + ")");
  }
  const many = (number, noun) => number + " " + noun + (number === 1 ? "" : "s");
  const list = byId("differences");
  list.textContent = "";
  if (differences.length) {
    say("Do not rely on this page: it does not show what was recorded.", true);
    const ul = document.createElement("ul");
    ul.className = "bad";
    ul.setAttribute("role", "alert");
    for (const [where, what] of differences.slice(0, 50)) {
      const li = document.createElement("li");
      li.textContent = where + " " + what;
      ul.append(li);
    }
    list.append(ul);
    return;
  }
  if (!isAble) {
    say("Not verified: this browser offers no SubtleCrypto here. Open the page from disk or over https.", false);
    document.documentElement.dataset.verified = "impossible";
    return;
  }
  if (!compared) {
    say("Not verified: this page has no recorded lines of its evidence.", false);
    document.documentElement.dataset.verified = "impossible";
    return;
  }
  const total = Number(byId("verification").dataset.pieces);
  const others = byId("more") && compared < total
    ? "; of the less urgent ones it has no lines ('readiness verify' checks them)" : "";
  say("Verified in this browser: " + many(compared, "piece") + " of evidence and " + many(artifacts, "artifact")
    + " are shown as they were recorded, by the digests of their lines" + others + ".", false);
};

// -- start ------------------------------------------------------------------------------------------------------
form.hidden = false;
byId("keys").hidden = false;
form.addEventListener("input", () => { filter(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
window.addEventListener("hashchange", apply);
window.addEventListener("popstate", apply);
roving();
if (location.hash) apply();
document.documentElement.dataset.ready = "1";
performance.mark("interactive");
idle(verify);
})();
