import { describe, expect, test } from "vitest";
import { squarify } from "./treemap";

const FRAME = { x: 0, y: 0, width: 6, height: 4 };

describe("squarify", () => {
  // The example of Bruls, Huizing & van Wijk (2000), figure 5: areas 6 6 4 3 2 2 1 in a frame of 6 by 4.
  const boxes = squarify([6, 6, 4, 3, 2, 2, 1], FRAME);

  test("lays out the published example", () => {
    const shown = boxes.slice(0, 4).map(({ x, y, width, height }) => [x, y, width, height]);
    expect(shown[0]).toEqual([0, 0, 3, 2]);
    expect(shown[1]).toEqual([0, 2, 3, 2]);
    expect(shown[2]!.map((value) => +value.toFixed(4))).toEqual([3, 0, 1.7143, 2.3333]);
    expect(shown[3]!.map((value) => +value.toFixed(4))).toEqual([4.7143, 0, 1.2857, 2.3333]);
  });

  test("gives each size its area and leaves nothing over", () => {
    const areas = boxes.map(({ width, height }) => width * height);
    [6, 6, 4, 3, 2, 2, 1].forEach((size, row) => expect(areas[row]).toBeCloseTo(size, 9));
  });

  test("keeps every box in the frame", () => {
    for (const { x, y, width, height } of boxes) {
      expect(x + width).toBeLessThanOrEqual(6 + 1e-9);
      expect(y + height).toBeLessThanOrEqual(4 + 1e-9);
    }
  });

  test("has nothing to lay out without sizes", () => {
    expect(squarify([], FRAME)).toEqual([]);
  });
});
