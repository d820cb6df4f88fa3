// Card pages without a connection: the network first, the kept copy when it is silent. Scope: /c/.
"use strict";
const KEPT = "card-1";
const PATIENCE = 3000; // ms; a café's network can be joined and dead
const SHELL = ["/static/guest/card.css", "/static/guest/card.js", "/static/guest/icon-192.png"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()).then(keepOpenPages));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.pathname.startsWith("/c/") || url.pathname.startsWith("/static/guest/");
  if (event.request.method === "GET" && url.origin === location.origin && ours) {
    event.respondWith(answer(event, url.pathname));
  }
});

// The page that installed the worker was loaded before it: keep it now, so that one opening is enough.
async function keepOpenPages() {
  for (const client of await self.clients.matchAll({ type: "window" })) {
    await fresh(client.url, new URL(client.url).pathname).catch(() => {});
  }
}

async function answer(event, path) {
  const network = fresh(event.request, path);
  event.waitUntil(network.catch(() => {}));
  const kept = await (await caches.open(KEPT)).match(path);
  if (!kept) { return network; }
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, kept));
  return Promise.race([network.catch(() => kept), late]);
}

async function fresh(request, path) {
  const response = await fetch(request);
  const cache = await caches.open(KEPT);
  if (response.ok && !response.redirected) {
    await cache.put(path, response.clone());
  } else if (response.status === 404) {
    await cache.delete(path); // the card was retired or erased: no copy outlives it
  }
  return response;
}
