// Small behaviours of every page. Nothing here is needed to do the work: pages function without script.
"use strict";

// The error summary takes the focus, so that a screen reader and a keyboard start there.
function focusErrorSummary(root) {
  const summary = root.querySelector("[data-error-summary]");
  if (summary) { summary.focus(); }
}

// A form that is being sent is not sent again within five seconds. The server is the guard; this spares a wait.
function preventDoubleSubmit(event) {
  const form = event.target;
  const last = Number(form.dataset.sentAt || 0);
  if (Date.now() - last < 5000 && form.method === "post") { event.preventDefault(); return; }
  form.dataset.sentAt = String(Date.now());
}

// 还可输入 n 字, for areas with a limit.
function showCount(area) {
  const line = document.getElementById(area.id + "_count");
  if (!line) { return; }
  const left = Number(area.dataset.limit) - Array.from(area.value.trim()).length;
  line.textContent = left >= 0 ? "还可输入 " + left + " 字" : "已超出 " + (-left) + " 字";
}

document.addEventListener("DOMContentLoaded", () => {
  focusErrorSummary(document);
  document.querySelectorAll("textarea[data-limit]").forEach((area) => {
    showCount(area);
    area.addEventListener("input", () => showCount(area));
  });
});
document.addEventListener("submit", preventDoubleSubmit);
document.addEventListener("htmx:afterSwap", (event) => focusErrorSummary(event.target));
