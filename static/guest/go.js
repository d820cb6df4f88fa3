// The page works without this. With it the form goes off by itself, once: not when the guest came back to the page, and
// not when they chose its language, because then they want to read it.
(function () {
  "use strict";
  var form = document.getElementById("go");
  var entry = performance.getEntriesByType ? performance.getEntriesByType("navigation")[0] : null;

  if ("byItself" in form.dataset && !(entry && entry.type === "back_forward")) {
    form.submit();
  }
}());
