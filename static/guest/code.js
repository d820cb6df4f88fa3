// The code page works without this. With it: the code fills itself in from the SMS, the wait counts down, and what is
// known of the SMS stays true.
(function () {
  "use strict";
  var field = document.getElementById("code");
  var form = document.getElementById("verify");
  var sent = false;

  function digits(text) {
    var found = String(text).normalize ? String(text).normalize("NFKC") : String(text);
    return found.replace(/[^0-9]/g, "");
  }

  function submitOnce() {
    if (sent) { return; }
    sent = true;
    form.submit();
  }

  form.addEventListener("submit", function (event) {
    if (sent) { event.preventDefault(); }
    sent = true;
  });
  window.addEventListener("pageshow", function () { sent = false; });

  field.addEventListener("input", function () {
    if (digits(field.value).length === 6) {
      field.value = digits(field.value);
      submitOnce();
    }
  });

  if ("OTPCredential" in window && navigator.credentials) {
    var wait = new AbortController();
    form.addEventListener("submit", function () { wait.abort(); });
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal: wait.signal }).then(function (otp) {
      if (otp && otp.code) {
        field.value = otp.code;
        submitOnce();
      }
    }).catch(function () { /* the guest types it */ });
  }

  [5, 15, 50].forEach(function (seconds) {
    setTimeout(function () {
      fetch(form.dataset.page).then(function (answer) { return answer.text(); }).then(function (html) {
        var fresh = new DOMParser().parseFromString(html, "text/html");
        var said = fresh.getElementById("sms-state");
        var shown = document.getElementById("sms-state");
        if (said && said.textContent !== shown.textContent) { shown.textContent = said.textContent; }
        if (fresh.querySelector("details[open]")) { document.querySelector("details").open = true; }
      }).catch(function () { /* the page still works as it is */ });
    }, seconds * 1000);
  });

  var again = document.getElementById("again");
  var left = document.getElementById("again-left");
  if (!again || !left) { return; }
  var opensAt = Date.now() + Number(again.dataset.opensIn) * 1000;
  var timer = setInterval(function () {
    var seconds = Math.max(0, Math.ceil((opensAt - Date.now()) / 1000));
    left.textContent = Math.floor(seconds / 60) + ":" + ("0" + seconds % 60).slice(-2);
    if (seconds === 0) {
      clearInterval(timer);
      again.querySelector("button").disabled = false;
      document.getElementById("again-when").hidden = true;
    }
  }, 1000);
}());
