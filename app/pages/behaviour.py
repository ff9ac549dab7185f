"""The little JavaScript that the page needs: clicks inside our own HTML, the address, light and dark, copying."""

from __future__ import annotations

# Runs once when the page opens: the shade chosen last time wins over the system's.
ON_OPEN = """
() => {
  const kept = localStorage.getItem("palimpsest-shade");
  if (kept) document.body.classList.toggle("dark", kept === "dark");
  document.documentElement.lang = "en";
}
"""

# A row of the shelf was clicked: tell the handler which; on a narrow screen, go down to the document.
SHELF = """
element.addEventListener("click", (event) => {
  const row = event.target.closest("[data-open]");
  if (!row) return;
  trigger("click", { document: row.dataset.open });
  const desk = document.getElementById("desk");
  if (desk && window.matchMedia("(max-width: 860px)").matches) desk.scrollIntoView({ behavior: "smooth" });
});
"""

# The address names the open document, so that a reload or a bookmark comes back to it.
ABOUT = """
const remember = () => {
  const open = element.querySelector("[data-document]");
  const address = new URL(window.location.href);
  if (open) address.searchParams.set("document", open.dataset.document);
  else address.searchParams.delete("document");
  window.history.replaceState(null, "", address);
};
watch("value", remember);
"""

BANNER = """
element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-shade]")) return;
  const dark = document.body.classList.toggle("dark");
  localStorage.setItem("palimpsest-shade", dark ? "dark" : "light");
});
"""

NOTICE = """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) props.value = "";
});
"""

TALK = """
const end = () => {
  const pane = element.closest(".talk-pane");
  if (pane) pane.scrollTop = pane.scrollHeight;
};
element.addEventListener("click", async (event) => {
  const asked = event.target.closest("[data-where]");
  if (asked) trigger("click", { turn: Number(asked.dataset.where) });
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.closest(".turn").querySelector(".text").innerText);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
watch("value", () => requestAnimationFrame(end));
requestAnimationFrame(end);
"""

LIVE = """
watch("value", () => requestAnimationFrame(() => {
  const pane = element.closest(".talk-pane");
  if (pane && pane.scrollHeight - pane.scrollTop - pane.clientHeight < 160) pane.scrollTop = pane.scrollHeight;
}));
"""

# Where an answer was learned: shown under the conversation, closed by its cross or by Escape.
ORIGIN = """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) props.value = "";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector("[data-close]")) props.value = "";
});
watch("value", () => requestAnimationFrame(() => {
  const shown = element.querySelector(".origin");
  if (shown) shown.scrollIntoView({ block: "nearest" });
}));
"""
