"use strict";
(() => {
  const read = (id) => {
    const place = document.getElementById(id);
    return place === null ? null : JSON.parse(place.textContent);
  };

  // Text that was packed by gzip and base64, as bytes.
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  };

  const loadLibrary = async () => {
    const place = document.getElementById("library");
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(await unpack(place.textContent));
    place.remove();
    document.head.append(script);
  };

  const settings = { responsive: true, displaylogo: false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
  const placeOf = (name) => document.getElementById(`chart-${name}`);

  // The slider: every step gives other values to the map and another place to the point on the curve.
  const startSlider = async (moving) => {
    const steps = new Uint16Array(await unpack(moving.values));
    const count = moving.rows * moving.columns;
    const temperatures = (step) => {
      const rows = [];
      for (let row = 0; row < moving.rows; row += 1) {
        const begin = step * count + row * moving.columns;
        rows.push(Array.from(steps.subarray(begin, begin + moving.columns),
          (value) => (value === 0 ? null : moving.low_K + moving.step_K * (value - 1))));
      }
      return rows;
    };
    const map = placeOf(moving.map);
    const curve = placeOf(moving.curve);
    const slider = document.getElementById("state");
    const caption = document.getElementById("caption");
    const show = () => {
      const step = Number(slider.value);
      const rows = temperatures(step);
      const changed = moving.key === "z" ? { z: moving.traces.map(() => rows) } : { y: [rows[0]] };
      Plotly.restyle(map, changed, moving.traces);
      Plotly.restyle(curve, { x: [[moving.x[step]]], y: [[moving.y[step]]] }, [curve.data.length - 1]);
      caption.textContent = `${step + 1} of ${moving.captions.length}: ${moving.captions[step]}`;
      slider.setAttribute("aria-valuetext", caption.textContent);
    };
    slider.addEventListener("input", show);
    show();
  };

  // Cases that no other one beats in both numbers, joined by steps.
  const startFront = (front) => {
    const chart = placeOf(front.chart);
    const chosen = (id) => document.getElementById(id);
    const show = () => {
      const [i, j] = [Number(chosen("x-number").value), Number(chosen("y-number").value)];
      const [a, b] = [Number(chosen("x-best").value), Number(chosen("y-best").value)];
      const cases = front.cases.map((name, k) => ({ name, x: front.numbers[i][k], y: front.numbers[j][k] }))
        .filter((one) => one.x !== null && one.y !== null);
      const beaten = (one) => cases.some((other) => a * other.x >= a * one.x && b * other.y >= b * one.y &&
        (other.x !== one.x || other.y !== one.y));
      const best = cases.filter((one) => !beaten(one)).sort((p, q) => p.x - q.x);
      const columns = (list) => [list.map((one) => one.x), list.map((one) => one.y), list.map((one) => one.name)];
      const [all, first] = [columns(cases), columns(best)];
      Plotly.restyle(chart, { x: [all[0], first[0]], y: [all[1], first[1]], text: [all[2], first[2]] }, [0, 1]);
      Plotly.relayout(chart, { "xaxis.title.text": front.labels[i], "yaxis.title.text": front.labels[j],
        "xaxis.autorange": true, "yaxis.autorange": true });
      const names = best.map((one) => one.name).join(", ");
      chosen("on-front").textContent = `${best.length} of ${cases.length} cases with both numbers are on the front: ${names}`;
    };
    for (const id of ["x-number", "y-number", "x-best", "y-best"]) chosen(id).addEventListener("change", show);
    show();
  };

  const start = async () => {
    await loadLibrary();
    for (const chart of read("data-charts")) {
      await Plotly.newPlot(placeOf(chart.name), chart.traces, chart.layout, settings);
    }
    const [moving, front] = [read("data-moving"), read("data-front")];
    if (moving !== null) await startSlider(moving);
    if (front !== null) startFront(front);
    // On paper a chart that is wide on the screen is as wide as the page, and nothing stays folded.
    const wide = [...document.querySelectorAll(".chart.wide .plot")];
    window.addEventListener("beforeprint", () => {
      for (const folded of document.querySelectorAll("details")) folded.open = true;
      for (const plot of wide) Plotly.relayout(plot, { autosize: false, width: 680 });
    });
    window.addEventListener("afterprint", () => {
      for (const plot of wide) Plotly.relayout(plot, { autosize: true, width: null });
    });
    document.body.dataset.ready = "yes";
  };

  start().catch((error) => {
    const place = document.getElementById("trouble");
    place.textContent = `The charts cannot be drawn by this browser (${error.message}). Browsers from 2023 on can.`;
    place.hidden = false;
    throw error;
  });
})();
