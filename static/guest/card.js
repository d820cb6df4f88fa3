// Opens the card offline, offers the home screen, and tells the portal where the card is kept and that it is used. The card works without it.
(function () {
  "use strict";
  var card = document.getElementById("card");
  var keep = document.getElementById("keep");
  var install = document.getElementById("install");
  var small = document.getElementById("small-window");
  var installed = navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;

  function hide(element, hidden) { if (element) { element.hidden = hidden; } }

  function tell(how) {
    try {
      if (sessionStorage.getItem(card.dataset.saved) === how) { return; }
      sessionStorage.setItem(card.dataset.saved, how);
    } catch (closed) { /* storage is off: telling twice does no harm */ }
    fetch(card.dataset.saved, { method: "POST", body: new URLSearchParams({ how: how }), keepalive: true }).catch(function () {});
  }

  function online() { hide(document.getElementById("offline"), navigator.onLine); }

  online();
  addEventListener("online", online);
  addEventListener("offline", online);

  if (installed) { hide(keep, true); hide(small, true); }
  if (!installed && "smallWindow" in card.dataset) { tell("shown"); return; } // a captive window keeps nothing

  if ("serviceWorker" in navigator) { navigator.serviceWorker.register("/sw.js", { scope: "/c/" }).catch(function () {}); }
  tell(installed ? "installed" : "opened");

  addEventListener("beforeinstallprompt", function (event) {
    event.preventDefault();
    hide(install, false);
    install.addEventListener("click", function () { hide(install, true); event.prompt(); }, { once: true });
  });
  addEventListener("appinstalled", function () { hide(keep, true); tell("installed"); });
})();
