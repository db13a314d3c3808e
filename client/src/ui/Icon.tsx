const PATHS = {
  list: "M4 6h16M4 12h16M4 18h10",
  plus: "M12 5v14M5 12h14",
  book: "M5 4h10a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h10",
  play: "M8 5l11 7-11 7z",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600L19 19M5 19l1.400-1.400M17.600 6.400L19 5",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  close: "M6 6l12 12M18 6L6 18",
  up: "M7 14l5-5 5 5",
  down: "M7 10l5 5 5-5",
  left: "M14 7l-5 5 5 5",
  right: "M10 7l5 5-5 5",
  check: "M5 12.500l4.500 4.500L19 7.500",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.2",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 8v.2",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  again: "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5",
  pen: "M4 20l1-5L16 4l4 4L9 19z",
  minus: "M5 12h14",
  menu: "M4 7h16M4 12h16M4 17h16",
  home: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  pie: "M12 3a9 9 0 1 0 9 9h-9zM16 3.500A9 9 0 0 1 20.500 8H16z",
  swap: "M7 4L4 7l3 3M4 7h13M17 14l3 3-3 3M20 17H7",
  scales: "M12 4v16M8 20h8M5 7h14M5 7l-3 6a3 3 0 0 0 6 0zM19 7l-3 6a3 3 0 0 0 6 0z",
  grid: "M4 4h16v16H4zM4 9.300h16M4 14.700h16M9.300 4v16M14.700 4v16",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500",
  wave: "M3 12c2-6 4-6 6 0s4 6 6 0 4-6 6 0",
  queue: "M4 6h10M4 12h10M4 18h10M18 6h2M18 12h2M18 18h2",
  stack:
    "M12 3c4.400 0 8 1.300 8 3s-3.600 3-8 3-8-1.300-8-3 3.600-3 8-3zM4 6v6c0 1.700 3.600 3 8 3s8-1.300 8-3V6M4 12v6c0 1.700 3.600 3 8 3s8-1.300 8-3v-6",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: the words beside it, or the button's label, carry the meaning. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
