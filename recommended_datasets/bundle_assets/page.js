"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
  let layer = data.layers[0], found = [], shown = 100, here = null, view = null, picked = null;

  data.layers.forEach((one, index) => $("layer").add(new Option(one.title + "（" + one.rows.length + "）", index)));
  data.layers.forEach((one) => one.rows.forEach((row) => { row.s = fold([row.n, row.k, row.a, row.p].join(" ")); }));

  function metres(row) {
    const r = Math.PI / 180, y = (row.y - here.y) * r, x = (row.x - here.x) * r * Math.cos(((row.y + here.y) / 2) * r);
    return 6371008.8 * Math.hypot(x, y);
  }

  function choose() {
    layer = data.layers[$("layer").value || 0];
    $("reference").textContent = (layer && layer.date) || "公開者による記載なし";
    const flags = [...new Set((layer ? layer.rows : []).flatMap((row) => row.f))];
    $("flag").length = 1;
    flags.forEach((flag) => $("flag").add(new Option(flag, flag)));
    $("flags-box").hidden = !flags.length;
    view = null;
    search();
  }

  function search() {
    const words = $("words").value.split(/[\s\u3000]+/).filter(Boolean).map(fold), flag = $("flag").value;
    found = (layer ? layer.rows : []).filter((row) => words.every((word) => row.s.includes(word)) && (!flag || row.f.includes(flag)));
    if (here) {
      found = found.slice().sort((a, b) => (a.y == null ? 1 / 0 : metres(a)) - (b.y == null ? 1 / 0 : metres(b)));
    }
    shown = 100;
    list();
    draw();
  }

  function add(parent, tag, text, name) {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    parent.appendChild(element);
    return element;
  }

  function list(all) {
    const box = $("list");
    box.textContent = "";
    found.slice(0, all ? found.length : shown).forEach((row, index) => {
      const item = document.createElement("li");
      item.id = "row" + index;
      add(item, "strong", row.n);
      if (here && row.y != null) add(item, "small", " 約" + (metres(row) < 1000 ? Math.round(metres(row)) + "m" : (metres(row) / 1000).toFixed(1) + "km"));
      if (row.a) { item.appendChild(document.createElement("br")); add(item, "span", row.a); }
      if (row.f.length) { item.appendChild(document.createElement("br")); add(item, "span", row.f.join("・"), "flags"); }
      if (row.m) { item.appendChild(document.createElement("br")); add(item, "strong", row.m, "unsure"); }
      if (row.u.length) { item.appendChild(document.createElement("br")); add(item, "span", row.u.join("、"), "unsure"); }
      if (row.t.length) { item.appendChild(document.createElement("br")); add(item, "small", row.t.join("　")); }
      if (row.y == null) { item.appendChild(document.createElement("br")); add(item, "small", "位置の記載なし"); }
      box.appendChild(item);
    });
    $("count").textContent = found.length + "件";
    $("more").hidden = all || found.length <= shown;
  }

  function fit() {
    const placed = found.filter((row) => row.y != null);
    if (!placed.length) return null;
    const x = placed.map((row) => row.x), y = placed.map((row) => row.y);
    const low = { x: Math.min(...x), y: Math.min(...y) }, high = { x: Math.max(...x), y: Math.max(...y) };
    const middle = { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2 }, squeeze = Math.cos((middle.y * Math.PI) / 180);
    const canvas = $("map");
    const width = Math.max((high.x - low.x) * squeeze, 0.01), height = Math.max(high.y - low.y, 0.01);
    return { x: middle.x, y: middle.y, k: 0.9 * Math.min(canvas.clientWidth / width, canvas.clientHeight / height) };
  }

  function place(row) {
    const canvas = $("map"), squeeze = Math.cos((view.y * Math.PI) / 180);
    return [canvas.clientWidth / 2 + (row.x - view.x) * squeeze * view.k, canvas.clientHeight / 2 - (row.y - view.y) * view.k];
  }

  const middle = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];

  // Where each publisher's places are: the middle one of them, for its name on the map of the whole.
  let known = { rows: null, names: [] };
  function towns() {
    if (known.rows === found) return known.names;
    const of = new Map();
    found.forEach((row) => {
      if (row.y == null || !row.p) return;
      if (!of.has(row.p)) of.set(row.p, []);
      of.get(row.p).push(row);
    });
    const names = [...of].map(([name, rows]) => ({ name: name, x: middle(rows.map((row) => row.x)), y: middle(rows.map((row) => row.y)) }));
    known = { rows: found, names: names };
    return names;
  }

  function said(pen, text, x, y) {
    pen.lineWidth = 3;
    pen.strokeStyle = "#ffffff";
    pen.strokeText(text, x, y);
    pen.fillText(text, x, y);
  }

  // Degrees of latitude and longitude, some 80 pixels or more apart.
  function grid(pen, canvas) {
    const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5].find((one) => one * view.k >= 80) || 10;
    const squeeze = Math.cos((view.y * Math.PI) / 180), wide = canvas.clientWidth / 2 / (view.k * squeeze), high = canvas.clientHeight / 2 / view.k;
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    pen.strokeStyle = "#c9d3d8";
    pen.fillStyle = "#47545c";
    pen.font = "11px sans-serif";
    pen.lineWidth = 1;
    for (let at = Math.ceil((view.x - wide) / step); at * step <= view.x + wide; at += 1) {
      const x = place({ x: at * step, y: view.y })[0];
      pen.strokeStyle = "#c9d3d8"; pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(x, 0); pen.lineTo(x, canvas.clientHeight); pen.stroke();
      said(pen, "東経" + (at * step).toFixed(digits) + "°", x + 3, 12);
    }
    for (let at = Math.ceil((view.y - high) / step); at * step <= view.y + high; at += 1) {
      const y = place({ x: view.x, y: at * step })[1];
      pen.strokeStyle = "#c9d3d8"; pen.lineWidth = 1;
      pen.beginPath(); pen.moveTo(0, y); pen.lineTo(canvas.clientWidth, y); pen.stroke();
      said(pen, "北緯" + (at * step).toFixed(digits) + "°", 3, y - 3);
    }
  }

  function draw() {
    const canvas = $("map"), ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    pen.scale(ratio, ratio);
    view = view || fit();
    $("scale").textContent = "";
    if (!view) return;
    grid(pen, canvas);
    const labels = [], size = found.length > 300 ? 3 : 5;
    found.forEach((row, index) => {
      if (row.y == null) return;
      const [x, y] = place(row);
      if (x < -9 || y < -9 || x > canvas.clientWidth + 9 || y > canvas.clientHeight + 9) return;
      pen.beginPath();
      pen.arc(x, y, index === picked ? 8 : size, 0, 7);
      pen.fillStyle = row.u.length ? "#8a1c1c" : "#0b5a2b";
      pen.fill();
      labels.push([x, y, row.n]);
    });
    pen.fillStyle = "#1a1a1a";
    pen.font = "12px sans-serif";
    if (labels.length <= 40) {
      labels.forEach(([x, y, text]) => said(pen, text, x + 8, y + 4));
    } else {
      const names = towns(), taken = [];
      pen.font = "bold 13px sans-serif";
      names.length > 1 && names.forEach((one) => {
        const [x, y] = place(one), half = pen.measureText(one.name).width / 2;
        if (taken.some(([a, b, c]) => Math.abs(a - x) < c + half && Math.abs(b - y) < 15)) return;
        taken.push([x, y, half]);
        said(pen, one.name, x - half, y + 4);
      });
    }
    if (here) {
      const [x, y] = place(here);
      pen.strokeStyle = "#0a4fa3";
      pen.lineWidth = 3;
      pen.strokeRect(x - 6, y - 6, 12, 12);
    }
    const hundred = (100 / view.k) * 111.32, step = Math.pow(10, Math.floor(Math.log10(hundred)));
    pen.fillRect(10, canvas.clientHeight - 12, (step / 111.32) * view.k, 3);
    $("scale").textContent = "左下の線: " + (step >= 1 ? step + "km" : step * 1000 + "m") + "、上が北";
  }

  function zoom(by) { if (view) { view.k *= by; draw(); } }

  const canvas = $("map");
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag || !view) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (Math.abs(dx) + Math.abs(dy) > 3) drag.moved = true;
    view.x -= dx / (view.k * Math.cos((view.y * Math.PI) / 180));
    view.y += dy / view.k;
    drag.x = event.clientX;
    drag.y = event.clientY;
    draw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && view) {
      const box = canvas.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
      let best = null, least = 20;
      found.forEach((row, index) => {
        if (row.y == null) return;
        const [x, y] = place(row), far = Math.hypot(x - at[0], y - at[1]);
        if (far < least) { least = far; best = index; }
      });
      picked = best;
      draw();
      if (best != null) {
        if (best >= shown) { shown = best + 1; list(); }
        $("row" + best).scrollIntoView({ block: "center" });
      }
    }
    drag = null;
  });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-40, 0], ArrowRight: [40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (moves && view) { event.preventDefault(); view.x += moves[0] / view.k; view.y += moves[1] / view.k; draw(); }
    if (event.key === "+") zoom(1.25);
    if (event.key === "-") zoom(0.8);
  });
  $("in").onclick = () => zoom(1.5);
  $("out").onclick = () => zoom(1 / 1.5);
  $("all").onclick = () => { view = null; draw(); };
  $("layer").onchange = choose;
  $("flag").onchange = search;
  $("words").oninput = search;
  $("form").onsubmit = (event) => event.preventDefault();
  $("more").onclick = () => { shown += 200; list(); };
  $("print").onclick = () => window.print();
  window.addEventListener("beforeprint", () => list(true));
  window.addEventListener("resize", draw);
  $("here").onclick = () => {
    if (!navigator.geolocation) { $("count").textContent = "この端末では現在地が分かりません。"; return; }
    navigator.geolocation.getCurrentPosition(
      (at) => { here = { x: at.coords.longitude, y: at.coords.latitude }; view = null; search(); },
      () => { $("count").textContent = "現在地が分かりませんでした。"; });
  };
  choose();
  if ("serviceWorker" in navigator && location.protocol.startsWith("http")) navigator.serviceWorker.register("../sw.js");
})();
