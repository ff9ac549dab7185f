"""The little JavaScript that the page needs: clicks inside our own HTML, the address, light and dark, copying."""

from __future__ import annotations

# Runs once when the page opens: the shade chosen last time wins over the system's; and who is no longer let in is asked for the password.
ON_OPEN = """
() => {
  const ask = window.fetch;
  window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (answer.status === 401) window.location.reload();
    return answer;
  };
  const kept = localStorage.getItem("palimpsest-shade");
  if (kept) document.body.classList.toggle("dark", kept === "dark");
}
"""

# A row of the shelf was clicked: tell the handler which; on a narrow screen, go down to the document. Finding and ordering
# happen here, for they are this visitor's alone and change nothing.
SHELF = """
const tools = () => document.querySelector("#shelf-tools .tools");
const plain = (text) => text.normalize("NFD").replace(/\\p{M}/gu, "").toLowerCase();
const orders = {
  asked: (a, b) => (b.dataset.asked || "").localeCompare(a.dataset.asked || ""),
  added: (a, b) => b.dataset.added.localeCompare(a.dataset.added),
  title: (a, b) => a.dataset.title.localeCompare(b.dataset.title),
  author: (a, b) => (a.dataset.author || "\\uffff").localeCompare(b.dataset.author || "\\uffff"),
};
const arrange = () => {
  const bar = tools();
  const list = element.querySelector(".shelf");
  if (!bar) return;
  const rows = list ? [...list.children] : [];
  bar.hidden = rows.length < 2;
  const words = bar.hidden ? [] : plain(bar.querySelector("input").value).split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const said = plain([row.dataset.title, row.dataset.author, row.dataset.tags].join(" "));
    row.hidden = !words.every((word) => said.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  bar.querySelector("p").hidden = shown > 0 || rows.length === 0;
  const order = orders[bar.querySelector("select").value];
  if (list && order) list.append(...rows.sort(order));
};
const begin = () => {
  const bar = tools();
  if (!bar) return setTimeout(begin, 50);
  const select = bar.querySelector("select");
  select.value = localStorage.getItem("palimpsest-order") || select.value;
  bar.querySelector("input").addEventListener("input", arrange);
  select.addEventListener("change", () => {
    localStorage.setItem("palimpsest-order", select.value);
    arrange();
  });
  arrange();
};
watch("value", () => requestAnimationFrame(arrange));
begin();
element.addEventListener("click", (event) => {
  const row = event.target.closest("[data-open]");
  if (!row) return;
  trigger("click", { document: row.dataset.open });
  const desk = document.getElementById("desk");
  if (desk && window.matchMedia("(max-width: 860px)").matches) desk.scrollIntoView({ behavior: "smooth" });
});
"""

# The address names the open document, so that a reload or a bookmark comes back to it. What was read of it is asked for here, and, for
# its other pages, in the panel that shows it.
ABOUT = """
const remember = () => {
  const open = element.querySelector("[data-document]");
  const address = new URL(window.location.href);
  if (open) address.searchParams.set("document", open.dataset.document);
  else address.searchParams.delete("document");
  window.history.replaceState(null, "", address);
};
watch("value", remember);
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-read-from]");
  if (asked) trigger("click", { page: Number(asked.dataset.readFrom) });
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-read-at]")) trigger("click", { page: Number(event.target.value) });
});
"""

# Light and dark; another language; and the tour, which opens by itself on the first visit, stands beside the page and never before
# it. What the banner holds comes with the page's first event, so it is looked for when it is needed.
BANNER = """
const tour = () => element.querySelector(".tour");
const steps = () => [...element.querySelectorAll(".tour section")];
const show = (number) => {
  const all = steps(), next = element.querySelector("[data-next]");
  all.forEach((step, i) => { step.hidden = i !== number; });
  element.querySelector(".tour [role=status]").textContent = all[number].dataset.at;
  element.querySelector("[data-back]").disabled = number === 0;
  next.dataset.on ??= next.textContent;
  next.textContent = number === all.length - 1 ? next.dataset.done : next.dataset.on;
  if (!tour().open) tour().show();
  document.body.dataset.tourStep = number;
};
const leave = () => {
  if (!tour()?.open) return;
  tour().close();
  delete document.body.dataset.tourStep;
  localStorage.setItem("palimpsest-toured", "yes");
};
element.addEventListener("click", (event) => {
  const at = steps().findIndex((step) => !step.hidden);
  if (event.target.closest("[data-tour]")) show(0);
  else if (event.target.closest("[data-leave]")) leave();
  else if (event.target.closest("[data-back]")) show(at - 1);
  else if (event.target.closest("[data-next]")) at === steps().length - 1 ? leave() : show(at + 1);
  if (event.target.closest("[data-settings]")) trigger("click", {});
  const language = event.target.closest("[data-language]");
  if (language) {
    document.cookie = `palimpsest-language=${language.dataset.language}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  }
  if (!event.target.closest("[data-shade]")) return;
  const dark = document.body.classList.toggle("dark");
  localStorage.setItem("palimpsest-shade", dark ? "dark" : "light");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leave();
});
// on a narrow page the tour would stand before the answer
const asked = () => {
  if (window.matchMedia("(max-width: 860px)").matches) leave();
};
document.addEventListener("click", (event) => {
  if (event.target.closest("#ask, #everywhere, #summarise")) asked();
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && event.target.closest("#question")) asked();
}, true);
const begin = () => {
  if (tour() && !localStorage.getItem("palimpsest-toured")) show(0);
};
watch("value", () => requestAnimationFrame(begin));
begin();
"""

# How the model stands; its name goes into the banner, which is made before the model is there.
MODEL = """
const name = () => {
  const said = element.querySelector("[data-machine]");
  const shown = document.querySelector(".machine");
  if (said && shown) shown.textContent = said.dataset.machine;
};
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-read-again]")) trigger("click", {});
});
watch("value", () => requestAnimationFrame(name));
"""

NOTICE = """
element.addEventListener("click", (event) => {
  const undo = event.target.closest("[data-undo]");
  if (undo) trigger("click", { document: undo.dataset.undo });
  if (event.target.closest("[data-dismiss]")) props.value = "";
});
"""

TALK = """
const end = () => {
  const pane = element.closest(".talk-pane");
  if (!pane) return;
  pane.scrollTop = pane.scrollHeight;
  pane.tabIndex = 0; // so that the arrow keys scroll it
};
element.addEventListener("click", async (event) => {
  const asked = event.target.closest("[data-where]");
  if (asked) trigger("click", { turn: Number(asked.dataset.where) });
  const again = event.target.closest("[data-again]");
  if (again) trigger("click", { again: again.dataset.again });
  const edit = event.target.closest("[data-edit]");
  if (edit) {
    trigger("click", { edit: edit.dataset.edit });
    document.querySelector("#question textarea")?.focus();
  }
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.closest(".turn").querySelector(".text").innerText);
  button.dataset.copy ||= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = button.dataset.copy; }, 1500);
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

# Under the conversation: where the document says something, what several books say, the memory, the conversations; closed by its cross
# or by Escape. Conversations are found here, as documents are on the shelf, and named in place.
ORIGIN = """
const plain = (text) => text.normalize("NFD").replace(/\\p{M}/gu, "").toLowerCase();
const find = (box) => {
  const words = plain(box.value).split(/\\s+/).filter(Boolean);
  const rows = [...element.querySelectorAll(".chats li")];
  for (const row of rows) row.hidden = !words.every((word) => plain(row.dataset.said).includes(word));
  element.querySelector(".chats [role=status]").hidden = rows.some((row) => !row.hidden);
};
const rename = (row) => {
  const [open, button] = row.querySelectorAll("button");
  const box = document.createElement("input");
  box.value = open.querySelector(".title").textContent;
  box.setAttribute("aria-label", button.dataset.rename);
  let over = false; // taking the box away blurs it
  const done = (kept) => {
    if (over) return;
    over = true;
    box.replaceWith(open);
    button.hidden = false;
    if (kept && box.value.trim()) trigger("click", { chat: Number(open.dataset.chat), title: box.value });
    else button.focus();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.stopPropagation();
    done(event.key === "Enter");
  });
  box.addEventListener("blur", () => done(true));
  open.replaceWith(box);
  button.hidden = true;
  box.select();
};
element.addEventListener("input", (event) => {
  if (event.target.type === "search") find(event.target);
});
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) props.value = "";
  const chosen = event.target.closest("[data-chat]");
  if (chosen) trigger("click", { chat: Number(chosen.dataset.chat) });
  if (event.target.closest("[data-rename]")) rename(event.target.closest("li"));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector("[data-close]")) props.value = "";
});
watch("value", () => requestAnimationFrame(() => {
  const shown = element.querySelector(".origin");
  if (shown) shown.scrollIntoView({ block: shown.matches(".read") ? "start" : "nearest" });
}));
"""

# The line that says that the next answer takes the place of the last one.
EDITING = """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-keep]")) props.value = "";
});
"""

# The settings: closed by their cross or by Escape; old books read again; and the shade, which is this browser's alone.
SETTINGS_HEAD = """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) trigger("click", {});
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, [role=listbox]");
  if (event.key === "Escape" && !typing && element.isConnected) trigger("click", {});
});
element.querySelector("[data-close]").focus();
"""

READ_AGAIN = """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-read-again]")) trigger("click", {});
});
"""

SHADES = """
const buttons = [...element.querySelectorAll("[data-set-shade]")];
const show = () => {
  const kept = localStorage.getItem("palimpsest-shade") || "";
  for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.setShade === kept);
};
element.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-set-shade]");
  if (!chosen) return;
  const shade = chosen.dataset.setShade;
  if (shade) localStorage.setItem("palimpsest-shade", shade);
  else localStorage.removeItem("palimpsest-shade");
  const dark = shade ? shade === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", dark);
  show();
});
show();
"""

# A page of the document, asked for anywhere by a button that names it; closed by its cross or by Escape.
SHEET = """
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-sheet]");
  if (asked) trigger("click", { page: Number(asked.dataset.sheet), words: asked.dataset.words });
});
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) props.value = "";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector("[data-close]")) props.value = "";
});
watch("value", () => requestAnimationFrame(() => {
  const shown = element.querySelector("i") || element.querySelector(".sheet");
  if (shown) shown.scrollIntoView({ block: shown.tagName === "I" ? "center" : "nearest" });
}));
"""
