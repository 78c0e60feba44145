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
let articles = null; // HTML of the use cases that are not in the page yet, by anchor
const loadArticles = () => {
  articles = articles || unpack("more").then((text) => {
    const found = new Map();
    for (const html of text.split("\0")) {
      const name = /^<article id="([^"]+)"/.exec(html);
      if (name) found.set(name[1], html);
    }
    return found;
  });
  return articles;
};
const ensure = async (anchor) => {
  // The id of an item is that of its use case, a dot, and the item.
  if (byId(anchor) || !byId("more")) return;
  const found = await loadArticles();
  const names = [anchor, anchor.slice(0, anchor.lastIndexOf("."))].filter((name) => found.has(name));
  if (names.length && !byId(names[0])) {
    byId("articles").insertAdjacentHTML("beforeend", found.get(names[0]));
  }
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
const texts = new Map();
const textOf = (row) => {
  if (!texts.has(row)) {
    const article = byId(row.dataset.a);
    texts.set(row, (row.textContent + " " + (article ? article.textContent : "")).toLowerCase());
  }
  return texts.get(row);
};
const ownerOf = (row) => row.cells[row.cells.length - 2].textContent;
const statusOf = (row) => row.cells[1].firstChild.data.trim();
const filter = () => {
  const [q, status, state, owner] = fields.map((name) => form.elements[name].value);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = (!status || statusOf(row) === status) && (!owner || ownerOf(row) === owner)
      && (!state || row.querySelector("td.k ." + state + ", td.k." + state) !== null)
      && words.every((word) => textOf(row).includes(word));
    row.hidden = !fits;
    const article = byId(row.dataset.a);
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
  if (!table.hasAttribute("data-compact") || row.dataset.done) return;
  row.dataset.done = "1";
  const heads = table.tHead.rows[0].cells;
  for (let at = 2; at < row.cells.length - 4; at += 1) {
    const cell = row.cells[at];
    if (!cell.firstChild) continue;
    const link = document.createElement("a");
    link.href = "#" + row.dataset.a + keyAnchors[at - 2];
    link.tabIndex = -1;
    link.append(...cell.childNodes);
    const words = document.createElement("b");
    words.className = "vh";
    words.textContent = " " + (all("i", link).map((sign) => names[sign.className]).join(", ") || names[cell.className]);
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
table.addEventListener("focusin", (event) => {
  const link = event.target.closest("tbody a");
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
const compare = (root) => {
  let compared = 0;
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
    compared += 1;
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
  return compared;
};
const compareArtifacts = async (root) => {
  let compared = 0;
  for (const shown of all("[data-s]", root)) {
    const content = shown.tagName === "PRE" ? encoder.encode(shown.textContent)
      : Uint8Array.from(atob(shown.getAttribute("href").split(",")[1]), (char) => char.charCodeAt(0));
    compared += 1;
    if (await sha256(content) !== shown.dataset.s) differ("artifact sha256:" + shown.dataset.s, "has another content in this file");
  }
  return compared;
};
const say = (text, bad) => {
  const box = byId("verification");
  box.textContent = text;
  box.classList.toggle("bad", Boolean(bad));
  document.documentElement.dataset.verified = bad ? "differs" : "yes";
};
const verify = async () => {
  if (!all("th.e").length && !byId("more")) { document.documentElement.dataset.verified = "nothing"; return; }
  if (!window.isSecureContext || !window.crypto || !crypto.subtle) {
    say("Not verified: this browser offers no SubtleCrypto here. Open the page from disk or over https.", false);
    document.documentElement.dataset.verified = "impossible";
    return;
  }
  let compared = 0;
  let artifacts = 0;
  try {
    const text = await unpack("lines");
    for (const line of text ? text.split("\n") : []) {
      const parsed = JSON.parse(line);
      lines.set(parsed.run + "." + parsed.seq, [await sha256(encoder.encode("readiness/line/v1\0" + line)), parsed]);
    }
    for (const [key, [, parsed]] of lines) {
      const before = lines.get(parsed.run + "." + (parsed.seq - 1));
      if (before && before[0] !== parsed.prev) differ(key, "does not follow from the line before it in its run");
    }
    for (const article of all("article.uc")) { compared += compare(article); artifacts += await compareArtifacts(article); await pause(); }
    if (byId("more")) {
      const present = new Set(all("article.uc").map((article) => article.id));
      const holder = document.createElement("template");
      let count = 0;
      for (const [name, html] of await loadArticles()) {
        if (present.has(name) || !html.includes('<tr class="d">')) continue;
        holder.innerHTML = html;
        compared += compare(holder.content);
        artifacts += await compareArtifacts(holder.content);
        if ((count += 1) % 20 === 0) await pause();
      }
    }
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
  say("Verified in this browser: " + many(compared, "piece") + " of evidence and " + many(artifacts, "artifact")
    + " are shown as they were recorded, by the digests of their lines.", false);
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
const upgradeAll = async () => {
  for (let at = 0; at < rows.length; at += 50) { rows.slice(at, at + 50).forEach(upgrade); await pause(); }
};
document.documentElement.dataset.ready = "1";
performance.mark("interactive");
(table.hasAttribute("data-compact") ? upgradeAll() : Promise.resolve()).then(verify);
})();
