// The preview follows what is typed; without this script the button does the same.
const form = document.querySelector("form[data-preview]");
let waiting = 0;
let asked = 0;

async function follow() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("schemes").replaceChildren(...page.getElementById("schemes").childNodes);
  document.getElementById("preview").src = page.getElementById("preview").getAttribute("src");
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(follow, 400);
});
