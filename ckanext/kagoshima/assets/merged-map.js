// The places of a merged table on a canvas: no tiles, no other site. Drag, wheel, buttons and arrow keys move it; a click or
// Enter on the list below it leads to the row.
"use strict";
(function () {
  const canvas = document.getElementById("merged-map");
  if (!canvas) return;
  const say = document.getElementById("merged-map-status"), name = document.getElementById("merged-map-name");
  const rows = [];
  let view = null, drag = null;

  async function load(url) {
    for (let pages = 0; url && pages < 20; pages += 1) {
      const answer = await fetch(url, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = await answer.json();
      page.features.forEach((one) => {
        if (one.geometry) rows.push({ x: one.geometry.coordinates[0], y: one.geometry.coordinates[1], id: one.id, p: one.properties });
      });
      draw();
      url = page.next_cursor ? canvas.dataset.url + "&cursor=" + encodeURIComponent(page.next_cursor) : null;
    }
    say.textContent = canvas.dataset.shown.replace("{n}", rows.length.toLocaleString());
  }

  const squeeze = () => Math.cos((view.y * Math.PI) / 180);
  const place = (row) => [canvas.clientWidth / 2 + (row.x - view.x) * squeeze() * view.k, canvas.clientHeight / 2 - (row.y - view.y) * view.k];

  function fit() {
    if (!rows.length) return null;
    let w = Infinity, e = -Infinity, s = Infinity, n = -Infinity;
    rows.forEach((row) => { w = Math.min(w, row.x); e = Math.max(e, row.x); s = Math.min(s, row.y); n = Math.max(n, row.y); });
    const y = (s + n) / 2, width = Math.max((e - w) * Math.cos((y * Math.PI) / 180), 0.01), height = Math.max(n - s, 0.01);
    return { x: (w + e) / 2, y, k: 0.9 * Math.min(canvas.clientWidth / width, canvas.clientHeight / height) };
  }

  function lines(pen) {
    // Meridians and parallels, so that a place can be told without a background.
    const span = canvas.clientWidth / (view.k * squeeze()), step = [5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01].find((one) => span / one >= 3) || 0.005;
    pen.strokeStyle = "#d5d9de";
    pen.fillStyle = "#4a5560";
    pen.font = "11px sans-serif";
    pen.lineWidth = 1;
    const west = view.x - span / 2, high = canvas.clientHeight / view.k, south = view.y - high / 2;
    for (let x = Math.ceil(west / step) * step; x < west + span; x += step) {
      const at = place({ x, y: view.y })[0];
      pen.beginPath(); pen.moveTo(at, 0); pen.lineTo(at, canvas.clientHeight); pen.stroke();
      pen.fillText(x.toFixed(2) + "°E", at + 3, 12);
    }
    for (let y = Math.ceil(south / step) * step; y < south + high; y += step) {
      const at = place({ x: view.x, y })[1];
      pen.beginPath(); pen.moveTo(0, at); pen.lineTo(canvas.clientWidth, at); pen.stroke();
      pen.fillText(y.toFixed(2) + "°N", 3, at - 3);
    }
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    pen.scale(ratio, ratio);
    view = view || fit();
    if (!view) return;
    lines(pen);
    rows.forEach((row) => {
      const [x, y] = place(row);
      if (x < -6 || y < -6 || x > canvas.clientWidth + 6 || y > canvas.clientHeight + 6) return;
      pen.beginPath();
      pen.arc(x, y, 4, 0, 7);
      pen.fillStyle = "#0b5a2b";
      pen.fill();
    });
  }

  function zoom(by) { if (view) { view.k *= by; draw(); } }

  function show(row) {
    name.textContent = "";
    if (!row) return;
    const link = document.createElement("a");
    link.href = canvas.dataset.row + encodeURIComponent(row.id);
    link.textContent = row.p.name || row.id;
    name.append(link, "（" + [row.p.publisher_name, row.p.address].filter(Boolean).join("、") + "）");
  }

  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag || !view) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (Math.abs(dx) + Math.abs(dy) > 3) drag.moved = true;
    view.x -= dx / (view.k * squeeze());
    view.y += dy / view.k;
    drag.x = event.clientX;
    drag.y = event.clientY;
    draw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && view) {
      const box = canvas.getBoundingClientRect();
      let best = null, least = 20;
      rows.forEach((row) => {
        const [x, y] = place(row), far = Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top);
        if (far < least) { least = far; best = row; }
      });
      show(best);
    }
    drag = null;
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-40, 0], ArrowRight: [40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (moves && view) { event.preventDefault(); view.x += moves[0] / (view.k * squeeze()); view.y += moves[1] / view.k; draw(); }
    if (event.key === "+") zoom(1.25);
    if (event.key === "-") zoom(0.8);
  });
  document.getElementById("merged-map-in").onclick = () => zoom(1.5);
  document.getElementById("merged-map-out").onclick = () => zoom(1 / 1.5);
  document.getElementById("merged-map-all").onclick = () => { view = null; draw(); };
  window.addEventListener("resize", draw);
  load(canvas.dataset.url).catch(() => { say.textContent = canvas.dataset.failed; });
})();
