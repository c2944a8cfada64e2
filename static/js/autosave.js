// Saves each change of a section's form. Without it the page works by its buttons.
// One request at a time; new input aborts the one under way; after a failure the text stays and 重试 sends it again.
"use strict";

(function () {
  const DEBOUNCE = 1000;
  const TIMEOUT = 60000;
  const form = document.querySelector("form[data-autosave]");
  if (!form) { return; }
  const line = form.querySelector("[data-save-line]");
  const text = form.querySelector("[data-save-text]");
  const retry = form.querySelector("[data-save-retry]");
  const live = form.querySelector("[data-live]");
  const dirty = new Set();
  let shown = null;
  let timer = 0;
  let running = null;
  let leaving = false;

  function say(state, words) {
    line.dataset.state = state;
    text.textContent = words;
    retry.hidden = state !== "failed";
  }

  // The body: what the page was drawn from, and the changed inputs only.
  function body(names) {
    const all = new FormData(form);
    const data = new URLSearchParams();
    ["csrfmiddlewaretoken", "_version", "_form", "_client", "_base"].forEach((name) => data.append(name, all.get(name) || ""));
    names.forEach((name) => {
      all.getAll(name).forEach((value) => data.append(name, value));
      if (all.has(name + "__sent")) { data.append(name + "__sent", "1"); }
    });
    return data;
  }

  function schedule() {
    if (running) { running.abort(); }
    window.clearTimeout(timer);
    timer = window.setTimeout(save, DEBOUNCE);
  }

  function setError(name, message) {
    const input = form.querySelector("#id_" + name);
    const slot = document.getElementById("id_" + name + "_error");
    if (message || !input || !slot) { return; }
    slot.remove();
    input.removeAttribute("aria-invalid");
    const rest = (input.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== slot.id);
    if (rest.length) { input.setAttribute("aria-describedby", rest.join(" ")); } else { input.removeAttribute("aria-describedby"); }
    const box = document.getElementById("id_" + name + "_box");
    if (box) { box.classList.remove("gp-field-bad"); }
  }

  // What the rules say of the section just saved: drawn by the server, swapped only when it says something else.
  function showFindings(html) {
    if (!live || typeof html !== "string" || html === shown) { return; }
    const open = live.querySelector("details[open]") !== null;
    live.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    const details = live.querySelector("details");
    if (details && open) { details.open = true; }
    shown = html;
  }

  function accepted(answer, sent) {
    showFindings(answer.findings);
    sent.forEach((name) => setError(name, answer.errors[name]));
    Object.keys(answer.computed).forEach((name) => {
      const input = document.getElementById("id_" + name);
      if (input) { input.value = answer.computed[name]; }
    });
    const open = Object.keys(answer.errors).length;
    say("saved", "已保存 " + answer.saved_at + (open ? "（有 " + open + " 处需修改，保存并继续时会标出）" : ""));
  }

  function refused(status, answer, sent) {
    sent.forEach((name) => dirty.add(name));
    if (status === 409 && answer.conflicts) {
      say("conflict", "“" + answer.conflicts.map((row) => row.label).join("、") + "”刚被他人修改。点“保存并继续”，比较两份内容。");
    } else {
      say("failed", (answer && answer.message) || "保存失败，内容还在本页");
    }
  }

  async function save() {
    if (leaving || dirty.size === 0) { return; }
    const sent = Array.from(dirty);
    dirty.clear();
    const control = new AbortController();
    running = control;
    let late = false;
    const limit = window.setTimeout(() => { late = true; control.abort(); }, TIMEOUT);
    say("saving", "保存中…");
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST", body: body(sent), signal: control.signal, credentials: "same-origin",
        headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
      const answer = isJson ? await response.json() : null;
      if (response.ok && answer) { accepted(answer, sent); } else { refused(response.status, answer, sent); }
    } catch (error) {
      sent.forEach((name) => dirty.add(name));
      if (error.name !== "AbortError" || late) { say("failed", "保存失败，内容还在本页"); }
    } finally {
      window.clearTimeout(limit);
      if (running === control) { running = null; }
    }
  }

  function changed(event) {
    const name = event.target.name;
    if (!name || name.startsWith("_")) { return; }
    dirty.add(name);
    say("waiting", "有未保存的内容");
    schedule();
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => { leaving = true; window.clearTimeout(timer); if (running) { running.abort(); } });
  retry.addEventListener("click", save);
  window.addEventListener("online", () => { if (dirty.size) { schedule(); } });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; } });
  window.addEventListener("beforeunload", (event) => { if (!leaving && dirty.size) { event.preventDefault(); } });
})();
