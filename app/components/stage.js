// A picture that can be zoomed (wheel, two fingers, + and −), moved (drag), made brighter and richer in contrast.
function openStage(label) {
  const box = el("div", "stage");
  const image = document.createElement("img");
  Object.assign(image, { draggable: false, alt: "" });
  const lost = el("div", "empty"); // in place of a picture that did not come
  image.onload = () => { lost.remove(); image.style.visibility = ""; };
  image.onerror = () => {
    lost.textContent = `${image.alt} cannot be shown: its stored file is damaged or gone, or the connection is away. Bring the same file in again, or delete the picture.`;
    image.style.visibility = "hidden";
    box.append(lost);
  };
  box.append(image);
  box.setAttribute("aria-label", label);
  const stage = { box, image, zoom: 1, x: 0, y: 0, brightness: 1, contrast: 1 };
  box.onwheel = (event) => {
    event.preventDefault();
    const place = box.getBoundingClientRect();
    zoomStage(stage, event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - place.left, event.clientY - place.top);
  };
  movable(box, stage, (by, x, y) => zoomStage(stage, by, x, y), () => drawStage(stage));
  box.ondblclick = () => resetStage(stage);
  return stage;
}

function zoomStage(stage, by, px = stage.box.clientWidth / 2, py = stage.box.clientHeight / 2) {
  const zoom = Math.max(1, Math.min(16, stage.zoom * by));
  stage.x = zoom === 1 ? 0 : px - (px - stage.x) * (zoom / stage.zoom); // what lies under the pointer stays there
  stage.y = zoom === 1 ? 0 : py - (py - stage.y) * (zoom / stage.zoom);
  stage.zoom = zoom;
  drawStage(stage);
}

function resetStage(stage) {
  Object.assign(stage, { zoom: 1, x: 0, y: 0, brightness: 1, contrast: 1 });
  drawStage(stage);
}

function drawStage(stage) {
  // A filter or a layer of its own, even one that changes nothing, makes every picture slower to draw.
  stage.image.style.transform = stage.zoom === 1 ? "" : `translate(${stage.x}px, ${stage.y}px) scale(${stage.zoom})`;
  stage.image.style.filter = stage.brightness === 1 && stage.contrast === 1 ? "" : `brightness(${stage.brightness}) contrast(${stage.contrast})`;
  stage.box.style.touchAction = touchAction(stage);
  stage.light?.(stage);
}

// A new picture keeps the light, which belongs to the series, and forgets the place, which belonged to the last one.
function showOnStage(stage, url, name) {
  Object.assign(stage, { zoom: 1, x: 0, y: 0 });
  if (stage.image.getAttribute("src") !== url) stage.image.src = url;
  stage.image.alt = name;
  drawStage(stage);
}

function light(stage, name, by) {
  stage[name] = Math.round(Math.max(0.2, Math.min(3, stage[name] + by)) * 10) / 10;
  drawStage(stage);
}

// What a key does to the stage, or undefined.
function stageAction(stage, key, event) {
  const by = event.shiftKey ? -0.1 : 0.1;
  return {
    f: () => resetStage(stage), b: () => light(stage, "brightness", by), c: () => light(stage, "contrast", by),
    "+": () => zoomStage(stage, 1.2), "-": () => zoomStage(stage, 1 / 1.2),
  }[key];
}

function lightSliders(stage) {
  const box = el("div", "light");
  const sliders = ["brightness", "contrast"].map((name) => {
    const label = el("label", "", name === "brightness" ? "Brightness" : "Contrast");
    const input = Object.assign(document.createElement("input"), { type: "range", min: 0.2, max: 3, step: 0.1 });
    input.oninput = () => { stage[name] = Number(input.value); drawStage(stage); };
    label.append(input);
    box.append(label);
    return [name, input];
  });
  stage.light = () => { for (const [name, input] of sliders) input.value = stage[name]; };
  stage.light();  // no picture may come that would set them
  box.append(button("Closer", "+", () => zoomStage(stage, 1.5)), button("Farther", "-", () => zoomStage(stage, 1 / 1.5)), button("Reset view", "F", () => resetStage(stage)));
  return box;
}
