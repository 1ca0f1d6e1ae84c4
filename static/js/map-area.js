// Areas of the map: drawn as a polygon, a rectangle or a radius, by mouse, finger or keyboard, or taken from the view
// ("Search this area"). An area is a text (box:…, circle:…, polygon:…) in the search form's input "area", so that it is
// one of the search's filters, with a chip and an address. Waits for the maps that map.js makes.

const { L } = window;

const MOST_CORNERS = 150;
const METERS_OF_MILE = 1609.344;
const NEAR_FIRST = 14; // pixels around the first corner where a click closes the shape
const STEP = 12, LARGE_STEP = 60; // pixels by which an arrow key moves the cross-hair
const EDGE = 24; // pixels from the edge where the map moves instead

const HELP = {
  polygon: ["Click to add corners; the first one closes.", "Enter closes, Backspace takes a corner back, Esc cancels. Arrow keys move a cross-hair, Space adds a corner."],
  box: ["Drag from corner to corner, or click two opposite ones.", "Esc cancels. Arrow keys move a cross-hair, Space sets a corner."],
  circle: ["Click the center, then set the miles.", "Esc cancels. Arrow keys move a cross-hair, Space sets the center."],
};

function short(degrees) {
  return String(Number(degrees.toFixed(5)));
}

function writeBox(bounds) {
  const south = Math.max(bounds.getSouth(), -90), north = Math.min(bounds.getNorth(), 90);
  return `box:${[south, Math.max(bounds.getWest(), -180), north, Math.min(bounds.getEast(), 180)].map(short).join(",")}`;
}

function writeShape({ kind, corners, miles }) {
  if (kind === "box") return writeBox(L.latLngBounds(corners));
  if (kind === "circle") return `circle:${short(corners[0].lat)},${short(corners[0].lng)},${miles}`;
  return `polygon:${corners.map(({ lat, lng }) => `${short(lat)},${short(lng)}`).join(";")}`;
}

function makeShape(text) {
  const [kind, rest = ""] = text.split(":");
  const points = rest.split(";").map((pair) => pair.split(",").map(Number));
  const [[a, b, c, d]] = points;
  const style = { interactive: false, className: "map-area" };
  if (kind === "box") return L.rectangle([[a, b], [c, d]], style);
  if (kind === "circle") return L.circle([a, b], { ...style, radius: c * METERS_OF_MILE });
  return kind === "polygon" ? L.polygon(points, style) : null;
}

// Whether an edge of the shape crosses another one; neighbors share a corner.
function crossesItself(corners) {
  const side = (a, b, c) => (c.lat - a.lat) * (b.lng - a.lng) > (b.lat - a.lat) * (c.lng - a.lng);
  const edges = corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]]);
  return edges.some(([a, b], first) => edges.some(([c, d], second) => {
    if (second - first < 2 || second - first >= edges.length - 1) return false;
    return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
  }));
}

// What is being drawn on one map.
class Drawing {
  constructor(areas, kind) {
    Object.assign(this, { areas, kind, map: areas.map, corners: [], spot: null, pressed: null });
    this.layer = L.layerGroup().addTo(this.map);
    this.handlers = { click: (event) => this.addCorner(event.latlng), mousemove: (event) => this.point(event.latlng), move: () => this.placeCross() };
    if (kind === "box" && matchMedia("(pointer: fine)").matches) this.takeDrags();
    this.map.on(this.handlers);
    this.map.keyboard.disable();
    this.map.doubleClickZoom.disable();
    this.canvas = this.map.getContainer();
    this.canvas.classList.add("is-drawing");
    this.canvas.focus({ preventScroll: true });
  }

  // Where a mouse goes down is the first corner if it comes up elsewhere; the click of its coming up is the second. A
  // finger goes on moving the map.
  takeDrags() {
    this.map.dragging.disable();
    this.handlers.mousedown = ({ latlng }) => {
      if (!this.corners.length) this.pressed = latlng;
    };
    this.handlers.mouseup = ({ latlng }) => {
      const at = (corner) => this.map.latLngToContainerPoint(corner);
      if (this.pressed && at(latlng).distanceTo(at(this.pressed)) > NEAR_FIRST) this.corners = [this.pressed];
      this.pressed = null;
    };
  }

  end() {
    this.map.off(this.handlers);
    this.map.dragging.enable();
    this.map.keyboard.enable();
    this.map.doubleClickZoom.enable();
    this.canvas.classList.remove("is-drawing");
    this.layer.remove();
    this.cross?.remove();
  }

  get miles() {
    return Math.min(250, Math.max(0.1, Math.round(this.areas.miles.valueAsNumber * 10) / 10 || 1));
  }

  point(latlng) {
    this.pointer = latlng;
    this.draw();
  }

  addCorner(latlng) {
    if (this.kind === "circle") this.corners = [latlng];
    else if (this.isOnFirst(latlng)) return this.finish();
    else if (this.corners.length === MOST_CORNERS) return this.areas.tell(`${MOST_CORNERS} corners are the most. Finish the shape.`);
    else this.corners.push(latlng);
    if (this.kind === "box" && this.corners.length === 2) return this.finish();
    this.draw();
    this.areas.showProgress();
    this.areas.tell(this.progressText());
  }

  progressText() {
    if (this.kind === "circle") return `Center set. Within ${this.miles} miles of it.`;
    if (this.kind === "box") return "First corner set.";
    return `${this.corners.length} ${this.corners.length === 1 ? "corner" : "corners"}.`;
  }

  isOnFirst(latlng) {
    const at = (corner) => this.map.latLngToContainerPoint(corner);
    return this.kind === "polygon" && this.corners.length > 2 && at(latlng).distanceTo(at(this.corners[0])) < NEAR_FIRST;
  }

  undo() {
    if (!this.corners.pop()) return;
    this.draw();
    this.areas.showProgress();
    this.areas.tell(this.corners.length ? this.progressText() : "No corners.");
  }

  get isComplete() {
    return this.corners.length >= { polygon: 3, box: 2, circle: 1 }[this.kind];
  }

  finish() {
    if (!this.isComplete) return this.areas.tell(this.kind === "circle" ? "Set the center first." : `A ${this.kind === "box" ? "rectangle needs two" : "shape needs three"} corners.`);
    if (this.kind === "polygon" && crossesItself(this.corners)) return this.areas.tell("Its edges cross each other. Take a corner back.");
    return this.areas.finish(writeShape(this));
  }

  draw() {
    this.layer.clearLayers();
    const style = { interactive: false, className: "map-drawn" };
    const { corners, pointer } = this;
    if (this.kind === "circle" && corners.length) L.circle(corners[0], { ...style, radius: this.miles * METERS_OF_MILE }).addTo(this.layer);
    else if (this.kind === "box" && (this.pressed || corners.length) && pointer) L.rectangle(L.latLngBounds(this.pressed ?? corners[0], pointer), style).addTo(this.layer);
    else if (corners.length) L.polyline(pointer ? [...corners, pointer] : corners, style).addTo(this.layer);
    corners.forEach((corner, index) => {
      const isClosing = index === 0 && this.kind === "polygon" && corners.length > 2;
      L.circleMarker(corner, { interactive: false, radius: isClosing ? 9 : 5, className: `map-corner${isClosing ? " is-closing" : ""}` }).addTo(this.layer);
    });
  }

  onKey(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.moveCross(L.point(moves[event.key]));
    else if (event.key === " ") this.addCorner(this.map.containerPointToLatLng(this.showCross()));
    else if (event.key === "Enter") this.finish();
    else if (event.key === "Backspace") this.undo();
    else if (event.key === "+" || event.key === "=") this.map.zoomIn();
    else if (event.key === "-") this.map.zoomOut();
    else return;
    event.preventDefault();
  }

  // The cross-hair begins in the middle of the map, at the first key that needs it.
  showCross() {
    if (!this.cross) {
      this.spot = this.map.getSize().divideBy(2).round();
      this.cross = document.createElement("div");
      this.cross.className = "map-cross";
      this.canvas.append(this.cross);
      this.placeCross();
    }
    return this.spot;
  }

  moveCross(by) {
    const size = this.map.getSize(), target = this.showCross().add(by);
    this.spot = L.point(Math.min(size.x - EDGE, Math.max(EDGE, target.x)), Math.min(size.y - EDGE, Math.max(EDGE, target.y)));
    const beyond = target.subtract(this.spot);
    if (beyond.x || beyond.y) this.map.panBy(beyond, { animate: false });
    this.placeCross();
    this.point(this.map.containerPointToLatLng(this.spot));
  }

  placeCross() {
    if (this.cross) this.cross.style.transform = `translate(${this.spot.x}px, ${this.spot.y}px)`;
  }
}

class Areas {
  constructor(propertyMap) {
    this.propertyMap = propertyMap;
    this.element = propertyMap.element;
    this.map = propertyMap.map;
    this.showArea();
    const observer = new MutationObserver(() => this.showArea());
    observer.observe(this.element, { attributes: true, attributeFilter: ["data-area"] });
    propertyMap.ended.signal.addEventListener("abort", () => observer.disconnect());
    this.tools = this.element.querySelector("[data-map-tools]");
    if (this.tools) this.followTools();
  }

  find(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  followTools() {
    this.panel = this.find("map-drawing");
    this.help = this.find("drawing-help");
    this.miles = this.find("drawing-miles");
    this.here = this.find("search-here");
    this.tools.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.dataset.draw) this.begin(button.dataset.draw);
      else if (button) this.submit("");
    });
    this.find("drawing-finish").addEventListener("click", () => this.drawing.finish());
    this.find("drawing-undo").addEventListener("click", () => this.drawing.undo());
    this.find("drawing-cancel").addEventListener("click", () => this.cancel());
    this.miles.addEventListener("input", () => this.drawing?.draw());
    this.here.addEventListener("click", () => this.submit(writeBox(this.map.getBounds())));
    this.map.on("moveend", () => this.offerView());
    this.element.addEventListener("keydown", (event) => this.onKey(event));
  }

  showArea() {
    this.shape?.remove();
    this.shape = this.element.dataset.area ? makeShape(this.element.dataset.area) : null;
    this.shape?.addTo(this.map);
    const clear = this.find("area-clear");
    if (clear) clear.hidden = !this.shape;
  }

  // The search follows the map only when it is told to.
  offerView() {
    this.here.hidden = Boolean(this.drawing) || !this.propertyMap.hasMoved();
  }

  begin(kind) {
    const again = this.drawing?.kind === kind;
    this.cancel();
    if (again) return;
    this.drawing = new Drawing(this, kind);
    this.opener = this.tools.querySelector(`[data-draw="${kind}"]`);
    this.opener.setAttribute("aria-pressed", "true");
    [this.help.textContent, this.find("drawing-keys").textContent] = HELP[kind];
    this.miles.closest("label").hidden = kind !== "circle";
    this.find("drawing-undo").hidden = kind !== "polygon";
    this.panel.hidden = false;
    this.showProgress();
    this.offerView();
    this.tell(`Drawing a ${{ polygon: "shape", box: "rectangle", circle: "radius" }[kind]}.`);
  }

  showProgress() {
    this.find("drawing-finish").disabled = !this.drawing.isComplete;
    this.find("drawing-undo").disabled = !this.drawing.corners.length;
    if (this.drawing.kind === "circle" && this.drawing.isComplete && !this.drawing.cross) this.miles.select();
  }

  stop() {
    this.drawing?.end();
    this.drawing = null;
    this.panel.hidden = true;
    this.opener?.setAttribute("aria-pressed", "false");
    this.offerView();
    this.tell("");
  }

  cancel() {
    if (!this.drawing) return;
    const held = this.element.contains(document.activeElement);
    this.stop();
    if (held) this.opener.focus();
  }

  finish(text) {
    this.stop();
    this.submit(text);
  }

  onKey(event) {
    if (!this.drawing) return;
    if (event.key === "Escape") this.cancel();
    else if (event.target === this.map.getContainer()) this.drawing.onKey(event);
    else if (event.key === "Enter" && event.target === this.miles) this.drawing.finish();
    else return;
    event.preventDefault();
    event.stopPropagation(); // a letter or Esc may mean something to the page
  }

  tell(text) {
    this.propertyMap.tell(text);
  }

  // The area stands in the place of a place that was named: both together would find only what they share.
  submit(text) {
    this.here.hidden = true;
    const input = document.getElementById("id_area");
    if (!input?.form) {
      const url = new URL(this.element.dataset.searchUrl, location.href);
      if (text) url.searchParams.set("area", text);
      location.assign(url);
      return;
    }
    input.value = text;
    const place = input.form.elements.namedItem("q");
    if (place && text) place.value = "";
    this.element.dataset.area = text;
    input.form.requestSubmit();
  }
}

document.addEventListener("atlas:map", ({ detail }) => new Areas(detail));
