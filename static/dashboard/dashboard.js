// A page cannot offer to print itself without a script.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// On a narrow screen the sections scroll: begin at the one that is open.
for (const current of document.querySelectorAll(".tabs [aria-current], .subtabs [aria-current]")) {
  current.parentElement.scrollLeft = current.offsetLeft - 16;
}
