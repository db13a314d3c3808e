export type Box = { x: number; y: number; width: number; height: number };

/**
 * Rectangles whose areas are in proportion to positive sizes, largest first, as near to squares as rows allow.
 * Bruls, M., Huizing, K. & van Wijk, J. (2000). Squarified treemaps.
 */
export function squarify(sizes: readonly number[], { x, y, width, height }: Box): Box[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (!total) return [];
  const scale = (width * height) / total;
  const areas = sizes.map((size) => size * scale);
  const boxes: Box[] = [];
  let left: Box = { x, y, width, height };
  for (let first = 0; first < areas.length;) {
    const side = Math.min(left.width, left.height);
    let end = first + 1;
    while (end < areas.length && worst(areas.slice(first, end + 1), side) <= worst(areas.slice(first, end), side))
      end += 1;
    const row = areas.slice(first, end);
    const depth = side > 0 ? sum(row) / side : 0;
    boxes.push(...laid(row, left, depth));
    left = rest(left, depth);
    first = end;
  }
  return boxes;
}

const sum = (areas: readonly number[]) => areas.reduce((total, area) => total + area, 0);

/** The longest side over the shortest of the row's least square rectangle. */
function worst(row: readonly number[], side: number): number {
  const depth = sum(row) / side;
  return Math.max(...row.map((area) => Math.max(depth ** 2 / area, area / depth ** 2)));
}

function laid(row: readonly number[], left: Box, depth: number): Box[] {
  const wide = left.width >= left.height;
  let along = wide ? left.y : left.x;
  return row.map((area) => {
    const length = depth > 0 ? area / depth : 0;
    const box = wide
      ? { x: left.x, y: along, width: depth, height: length }
      : { x: along, y: left.y, width: length, height: depth };
    along += length;
    return box;
  });
}

const rest = (left: Box, depth: number): Box =>
  left.width >= left.height
    ? { ...left, x: left.x + depth, width: left.width - depth }
    : { ...left, y: left.y + depth, height: left.height - depth };
