// The status page works without this: while it waits it loads itself anew. This does the same, looks at once when the picture
// from the internet comes, when the time is over, and when the guest returns to the page. Always a whole navigation: that is
// what makes a phone look for the internet again.
(function () {
  "use strict";
  var access = document.getElementById("access");
  var proof = document.getElementById("proof");
  var left = Number(access.dataset.left);
  var loadedAt = Date.now();

  function look() { location.reload(); }

  if (access.dataset.next) {
    setTimeout(function () { location.replace(access.dataset.next); }, Number(access.dataset.after) * 1000);
  }
  if (proof && access.dataset.state === "opening") {
    window.addEventListener("load", function () {
      var picture = new Image();
      picture.onload = function () { setTimeout(look, 300); };
      picture.src = proof.href;
    });
  }
  if (access.dataset.state === "online" && left > 0 && left < 86400) {
    setTimeout(look, (left + 2) * 1000);
  }
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && Date.now() - loadedAt > 30000) { look(); }
  });
}());
