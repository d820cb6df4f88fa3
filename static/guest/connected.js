// The status page works without this. With it, what it says stays true: it loads anew while the internet is being
// opened, when the time is over, and when the guest comes back to it later. Always a whole navigation: that is what
// makes a phone look for the internet again.
(function () {
  "use strict";
  var access = document.getElementById("access");
  var left = Number(access.dataset.left);
  var loadedAt = Date.now();

  if (Number(access.dataset.refresh) > 0) {
    setTimeout(function () { location.reload(); }, Number(access.dataset.refresh) * 1000);
  }
  if (access.dataset.state === "online" && left > 0 && left < 86400) {
    setTimeout(function () { location.reload(); }, (left + 2) * 1000);
  }
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && Date.now() - loadedAt > 30000) { location.reload(); }
  });
}());
