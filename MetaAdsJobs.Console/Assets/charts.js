// Draws what the pages hold in data-chart (see Parts/Chart.razor); the table beside it tells the same.
(function () {
  'use strict';
  if (!window.uPlot) return;
  const language = document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang;
  const drawn = new Map();

  function formatOf(unit) {
    if (unit === 'percent') return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 });
    if (unit === 'count') return new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    if (unit === 'seconds') return new Intl.NumberFormat(language, { style: 'unit', unit: 'second', maximumFractionDigits: 1 });
    return new Intl.NumberFormat(language, { style: 'currency', currency: unit, maximumFractionDigits: 2 });
  }

  function colours(part) {
    // light-dark() is resolved by asking for a used value, not for the variable's text.
    const probe = part.appendChild(document.createElement('i'));
    const of = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
    const found = { lines: [of('--quiet'), of('--chart-1'), of('--chart-2'), of('--chart-3'), of('--chart-4')], grid: of('--line'), text: of('--quiet'), partial: of('--partial'), missing: of('--missing') };
    probe.remove();
    return found;
  }

  const alone = values => [...values.keys()].filter(i => values[i] != null && values[i - 1] == null && values[i + 1] == null);

  function draw(part) {
    const chart = JSON.parse(part.dataset.chart);
    const colour = colours(part);
    const format = formatOf(chart.unit);
    const short = chart.unit === 'percent' || chart.unit === 'seconds' ? format : new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
    const moment = day => Date.parse(day) / 1000;
    const days = chart.days.map(moment);
    const bars = chart.lines.filter(line => line.style === 'bars');
    const below = chart.days.map(() => 0);
    // Bars stand upon each other: the sums are drawn, the tallest first, and the values told.
    const heights = new Map(bars.map(line => [line, line.values.map((value, i) => below[i] += value ?? 0)]));
    const lines = [...bars.slice().reverse(), ...chart.lines.filter(line => line.style !== 'bars')];
    const series = lines.map(line => ({
      label: line.label,
      stroke: colour.lines[line.colour],
      fill: line.style === 'bars' ? colour.lines[line.colour] : undefined,
      paths: line.style === 'bars' ? uPlot.paths.bars({ size: [0.7, 60] }) : undefined,
      dash: line.style === 'dashed' ? [6, 4] : undefined,
      width: line.style === 'bars' ? 0 : 2,
      // A value that stands alone has no line to lie on: it is a point, however many days there are.
      points: { show: line.style !== 'bars' && days.length <= 62, size: 5, filter: (u, s, all) => line.style === 'bars' || all ? null : alone(line.values) },
      value: (u, drawnValue, s, i) => i === null || line.values[i] === null || line.values[i] === undefined ? '–' : format.format(line.values[i]),
    }));
    const shade = (u, marked, fill) => {
      u.ctx.save();
      u.ctx.fillStyle = fill;
      for (const day of marked) {
        const left = u.valToPos(moment(day) - 43200, 'x', true), right = u.valToPos(moment(day) + 43200, 'x', true);
        const from = Math.max(left, u.bbox.left), to = Math.min(right, u.bbox.left + u.bbox.width);
        if (to > from) u.ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
      }
      u.ctx.restore();
    };
    const axis = { stroke: colour.text, grid: { stroke: colour.grid, width: 1 }, ticks: { stroke: colour.grid, width: 1 } };
    const plot = new uPlot({
      width: Math.max(part.clientWidth, 200), height: 220,
      tzDate: at => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC'),
      scales: { x: { time: true, range: (u, min, max) => [min - 43200, max + 43200] }, y: { range: (u, min, max) => [chart.isSigned ? Math.min(0, min) * 1.08 : 0, max > 0 ? max * 1.08 : 1] } },
      axes: [
        { ...axis, values: (u, ticks) => ticks.map(at => new Date(at * 1000).toLocaleDateString(language, { day: 'numeric', month: 'short', timeZone: 'UTC' })), incrs: [86400, 172800, 604800, 1209600, 2419200, 7257600], space: 70 },
        { ...axis, size: 64, values: (u, ticks) => ticks.map(value => short.format(value)) },
      ],
      series: [{ label: part.dataset.day, value: (u, at) => at === null ? '–' : new Date(at * 1000).toLocaleDateString(language, { dateStyle: 'medium', timeZone: 'UTC' }) }, ...series],
      bands: chart.hasBand ? [{ series: [1, 2], fill: colour.partial }, { series: [2, 1], fill: colour.partial }] : [],
      hooks: { drawClear: [u => { shade(u, chart.missing, colour.missing); shade(u, chart.partial, colour.partial); }] },
      cursor: { y: false, drag: { x: false, y: false } },
    }, [days, ...lines.map(line => heights.get(line) ?? line.values)], part);
    drawn.set(part, plot);
  }

  function drawAll(root) {
    for (const [part, plot] of drawn) if (!part.isConnected) { plot.destroy(); drawn.delete(part); }
    for (const part of root.querySelectorAll('[data-chart]')) { sizes.observe(part); if (!drawn.has(part)) draw(part); }
  }

  const sizes = new ResizeObserver(seen => {
    for (const { target } of seen) drawn.get(target)?.setSize({ width: Math.max(target.clientWidth, 200), height: 220 });
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const [part, plot] of drawn) { plot.destroy(); drawn.delete(part); draw(part); }
  });
  document.addEventListener('console:refreshed', event => drawAll(event.detail));
  drawAll(document);
})();
