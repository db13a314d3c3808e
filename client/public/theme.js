// Runs before the first paint, so that a chosen theme never flashes. Inline it would be refused.
try {
  const theme = localStorage.getItem("parakeet:theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be closed to us; the system's preference then holds.
}
