// A picture in a box, moved by one pointer and zoomed by two fingers. `view` is what is seen of it: {zoom, x, y}.
// While `busy()`, the pointers are somebody else's.
function movable(box, view, zoom, draw, busy = () => false) {
  const held = new Map(); // where each pointer is
  box.addEventListener("pointerdown", (event) => {
    if (busy()) return;
    box.setPointerCapture(event.pointerId);
    held.set(event.pointerId, [event.clientX, event.clientY]);
  });
  box.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    const before = grasp(held);
    held.set(event.pointerId, [event.clientX, event.clientY]);
    const now = grasp(held), place = box.getBoundingClientRect();
    if (view.zoom > 1) { view.x += now.x - before.x; view.y += now.y - before.y; }
    if (now.apart && before.apart) zoom(now.apart / before.apart, now.x - place.left, now.y - place.top);
    else draw();
  });
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, (event) => held.delete(event.pointerId));
  // One finger on a whole picture scrolls the page (touchAction below); two always zoom.
  box.addEventListener("touchstart", (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });
}

// The middle of the pointers, and how far two fingers are apart.
function grasp(held) {
  const places = [...held.values()].slice(0, 2);
  const [x, y] = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  return { x, y, apart: places.length === 2 ? Math.hypot(places[0][0] - places[1][0], places[0][1] - places[1][1]) : 0 };
}

const touchAction = (view) => (view.zoom === 1 ? "pan-y" : "none");
