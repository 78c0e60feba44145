// A page of an old version says so, and leads to the same page of the newest one, or to its first page. versions.json is
// read by whoever looks at the page, so that a version that was built long ago knows that it is old.
(async () => {
  const root = new URL("../../", document.currentScript.src);
  const [folder, ...page] = location.pathname.slice(root.pathname.length).split("/");
  if (!location.protocol.startsWith("http")) return;
  const answer = await fetch(new URL("versions.json", root));
  const newest = answer.ok && (await answer.json()).find((version) => version.aliases.includes("latest"));
  if (!newest || folder === newest.version || folder === "latest") return;
  let target = new URL(`latest/${page.join("/")}`, root);
  if (!(await fetch(target, { method: "HEAD" })).ok) target = new URL("latest/index.html", root);
  const banner = document.createElement("aside");
  banner.className = "md-banner md-banner--warning old-version";
  banner.innerHTML = '<div class="md-banner__inner md-grid md-typeset"><p></p></div>';
  const link = Object.assign(document.createElement("a"), { href: target.href, textContent: `version ${newest.version}` });
  banner.querySelector("p").append(`This is version ${folder}, which is old. The newest is `, link, ".");
  document.querySelector("[data-md-component=skip]").after(banner);
})();
