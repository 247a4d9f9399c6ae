import type { Axis, Plot, Point } from './plots.ts';

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 84;
const RIGHT = 40;
const TOP = 56;
const BOTTOM = 64;
/** Each series also has its own mark, for people who can't tell the colours apart. */
const COLOURS = ['#0b62a8', '#b3480f', '#2b7a3d'];
const FONT = 'font-family="system-ui, sans-serif"';

/** The coordinate in the picture for a value on an axis. */
type Place = (value: number) => number;

/** The plot as SVG, with both axes logarithmic. */
export function drawPlot(plot: Plot): string {
  const x = placeOn(plot.x, LEFT, WIDTH - RIGHT);
  const y = placeOn(plot.y, HEIGHT - BOTTOM, TOP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}">`,
    // A background of its own, so that it can be read on dark pages.
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 28, plot.title, 'font-size="17" font-weight="600"'),
    ...drawAxes(plot, x, y),
    ...plot.series.flatMap(({ name, points }, n) => drawSeries(name, points, n, x, y)),
    '</svg>',
    '',
  ].join('\n');
}

function placeOn({ ticks }: Axis, from: number, to: number): Place {
  const low = Math.log10(ticks[0]!);
  const high = Math.log10(ticks.at(-1)!);
  return (value) => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from);
}

function drawAxes({ x: across, y: up }: Plot, x: Place, y: Place): string[] {
  const bottom = HEIGHT - BOTTOM;
  return [
    ...across.ticks.flatMap((tick) => [
      line(x(tick), TOP, x(tick), bottom, '#dddddd'),
      text(x(tick), bottom + 20, across.format(tick)),
    ]),
    ...up.ticks.flatMap((tick) => [
      line(LEFT, y(tick), WIDTH - RIGHT, y(tick), '#dddddd'),
      text(LEFT - 8, y(tick) + 4, up.format(tick), 'text-anchor="end"'),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, across.label, 'font-size="14"'),
    text(20, (TOP + bottom) / 2, up.label, `font-size="14" transform="rotate(-90 20 ${(TOP + bottom) / 2})"`),
  ];
}

function drawSeries(name: string, points: readonly Point[], n: number, x: Place, y: Place): string[] {
  const colour = COLOURS[n % COLOURS.length]!;
  const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(({ x: at, low, high }) => line(x(at), y(low), x(at), y(high), colour)),
    ...points.map((point) => mark(n, x(point.x), y(point.y), colour)),
    mark(n, LEFT + 16, TOP + 14 + 20 * n, colour),
    text(LEFT + 28, TOP + 18 + 20 * n, name, 'text-anchor="start"'),
  ];
}

function mark(n: number, x: number, y: number, colour: string): string {
  if (n % 2 === 1)
    return `<rect x="${(x - 4).toFixed(1)}" y="${(y - 4).toFixed(1)}" width="8" height="8" fill="${colour}"/>`;
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4.5" fill="${colour}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const [fromX, fromY, toX, toY] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${fromX}" y1="${fromY}" x2="${toX}" y2="${toY}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const anchor = attributes.includes('text-anchor') ? '' : 'text-anchor="middle"';
  const size = attributes.includes('font-size') ? '' : 'font-size="13"';
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#222222" ${FONT} ${anchor} ${size} ${attributes}>${escaped(content)}</text>`;
}

const escaped = (content: string): string =>
  content.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)!};`);
