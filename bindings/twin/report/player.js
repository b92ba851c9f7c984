// Replays a recorded run on the drawing of the plant. The record is in the page; nothing is loaded.
"use strict";

/* Levels and conditions of a record at any instant. Times are whole milliseconds since its beginning; in the record each
   series is [steps of time, values], the first at 0, and a value holds from its time on. */
const twinRecord = (record) => {
  const sums = (steps) => {
    let t = 0;
    return steps.map((step) => (t += step));
  };
  const decode = ([steps, values]) => ({ times: sums(steps), values });
  // How many of ascending times are at or before t.
  const until = (times, t) => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const value = (series, t) => series.values[Math.max(0, until(series.times, t) - 1)];
  const queues = record.queues.map(decode);
  const conditions = record.conditions.map(decode);
  const wip = record.wip.map(decode);
  const done = record.done.map(sums);
  const moves = { times: sums(record.moves[0]), from: record.moves[1], to: record.moves[2], product: record.moves[3] };
  return {
    span: record.span_ms,
    /* Lots in each queue, condition of each machine, lots of each product in the plant and finished, at t. */
    at: (t) => ({
      queues: queues.map((series) => value(series, t)),
      conditions: conditions.map((series) => record.condition_names[value(series, t)]),
      wip: wip.map((series) => value(series, t)),
      done: done.map((times) => until(times, t)),
    }),
    /* Lots that set out between two instants, oldest first: [station, station, product, share of the trip done]. */
    moving: (t, trip) => {
      const out = [];
      for (let i = until(moves.times, t - trip); i < until(moves.times, t); i += 1)
        out.push([moves.from[i], moves.to[i], moves.product[i], (t - moves.times[i]) / trip]);
      return out;
    },
  };
};

/* Connects a record with the drawing and the controls of the page. */
const twinPlayer = (page, record, frame) => {
  const run = twinRecord(record);
  const find = (id) => page.getElementById(id);
  const play = find("play");
  const slider = find("slider");
  const speed = find("speed");
  const dots = find("dots");
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const seconds = 60; // that the whole record takes at normal speed
  const mostDots = 150;
  let t = 0;
  let last = null;

  const clock = (ms) => new Date(record.begin_ms + ms).toISOString().replace("T", " ").slice(0, 19);
  const text = (id, value) => {
    const item = find(id);
    if (item && item.textContent !== String(value)) item.textContent = String(value);
  };
  const show = () => {
    const now = run.at(t);
    now.queues.forEach((level, s) => {
      text(`queue-${s}`, level);
      const bar = find(`bar-${s}`);
      if (bar) bar.setAttribute("width", String(record.bar_width * (level / Math.max(1, record.most_queued[s]))));
    });
    now.conditions.forEach((condition, m) => {
      const box = find(`machine-${m}`);
      if (box) box.setAttribute("class", condition);
    });
    text("wip", sum(now.wip));
    text("done", sum(now.done));
    text("clock", clock(t));
    slider.value = String(t);
    const trip = (run.span / seconds / 2) * Number(speed.value);
    const going = last === null ? [] : run.moving(t, trip).slice(-mostDots);
    dots.innerHTML = going
      .map(([from, to, product, share]) => {
        const [a, b] = [record.places[from], record.places[to]];
        if (!a || !b) return "";
        const x = a[0] + (b[0] - a[0]) * share;
        const y = a[1] + (b[1] - a[1]) * share;
        return `<circle r="5" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" fill="${record.colours[product]}"/>`;
      })
      .join("");
  };
  const stop = () => {
    last = null;
    play.textContent = "▶ play";
    show();
  };
  const tick = (now) => {
    if (last === null) return;
    t = Math.min(run.span, Math.round(t + ((now - last) / 1000) * (run.span / seconds) * Number(speed.value)));
    last = now;
    show();
    if (t >= run.span) stop();
    else frame(tick);
  };
  play.addEventListener("click", () => {
    if (last !== null) {
      stop();
      return;
    }
    if (t >= run.span) t = 0;
    play.textContent = "❚❚ pause";
    frame((now) => {
      last = now;
      frame(tick);
    });
  });
  slider.addEventListener("input", () => {
    t = Number(slider.value);
    show();
  });
  show();
  return { seek: (ms) => ((t = ms), show()), run };
};

if (typeof document !== "undefined")
  twinPlayer(document, JSON.parse(document.getElementById("record").textContent), requestAnimationFrame);
