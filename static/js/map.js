// The map of a list: outlines of states and counties, a point for each property, a circle with a count where points
// lie too close to tell apart or the server counts them. Points and rows of the list (data-property-id) highlight
// each other. All colors are in map.css.

const { L, topojson } = window;

const UNITED_STATES = [[24.4, -125], [49.4, -66.9]];
const COUNTIES_FROM_ZOOM = 6;
const CLOSEST_ZOOM = 17;
const FIRST_ZOOM = 12; // a single property is shown within its town
const STREETS_FROM_ZOOM = 13;
const LETTER_WIDTH = 6; // pixels of a name on the map
const POINT_SIZE = 24; // pixels, the least that a finger can hit
const APART = 3; // pixels between marks

async function readJson(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return response.json();
}

function make(tag, attributes, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

function sizeOf(count) {
  return count === 1 ? POINT_SIZE : Math.min(60, 28 + 6 * Math.log10(count));
}

// The middle of the largest part of a state or county, where its name fits best, and how many degrees it spans there.
function findMiddle({ coordinates, type }) {
  const rings = type === "Polygon" ? [coordinates[0]] : coordinates.map((polygon) => polygon[0]);
  let best = { area: 0 };
  for (const ring of rings) {
    let area = 0, lng = 0, lat = 0;
    ring.forEach(([x, y], index) => {
      const [nextX, nextY] = ring[(index + 1) % ring.length];
      const cross = x * nextY - nextX * y;
      area += cross;
      lng += (x + nextX) * cross;
      lat += (y + nextY) * cross;
    });
    if (Math.abs(area) <= Math.abs(best.area)) continue;
    const easts = ring.map(([x]) => x);
    best = { area, lng: lng / (3 * area), lat: lat / (3 * area), span: Math.max(...easts) - Math.min(...easts) };
  }
  return best;
}

class PropertyMap {
  constructor(element) {
    this.element = element;
    const canvas = element.appendChild(make("div", { class: "map-canvas" }));
    this.note = element.appendChild(make("p", { class: "map-note", role: "status" }));
    this.ended = new AbortController();
    this.points = [];
    this.cells = [];
    this.markers = new Map(); // id of a property -> the marker that shows it, maybe among others
    this.layer = L.layerGroup();
    this.names = L.layerGroup();
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(canvas, {
      minZoom: 3,
      maxZoom: CLOSEST_ZOOM,
      attributionControl: false,
      fadeAnimation: !isCalm,
      zoomAnimation: !isCalm,
    });
    this.map.fitBounds(UNITED_STATES).addLayer(this.names).addLayer(this.layer);
    L.control.scale({ metric: false }).addTo(this.map);
    this.drawOutlines();
    this.drawTiles();
    this.followList();
    this.followSize();
    this.load();
    this.map.on("zoomend", () => this.draw());
    this.map.on("moveend", () => this.cells.length && this.load({ inView: true }));
  }

  // Leaflet knows of a window that changes its size, not of a page that gives the map another one.
  followSize() {
    const observer = new ResizeObserver(() => this.map.invalidateSize({ animate: false }));
    observer.observe(this.element);
    this.ended.signal.addEventListener("abort", () => observer.disconnect());
  }

  end() {
    this.ended.abort();
    this.question?.abort();
    this.map.remove();
  }

  async drawOutlines() {
    const draw = (name, zIndex, geometry) => {
      const pane = this.map.createPane(name);
      pane.style.zIndex = zIndex;
      const renderer = L.svg({ pane: name, padding: 0.5 });
      L.geoJSON(geometry, { pane: name, renderer, interactive: false, className: `map-${name}` }).addTo(this.map);
      return pane;
    };
    const states = await readJson(this.element.dataset.statesUrl);
    draw("land", 210, topojson.merge(states, states.objects.states.geometries));
    draw("states", 230, topojson.mesh(states, states.objects.states));

    let counties;
    const showDetail = async () => {
      const isClose = this.map.getZoom() >= COUNTIES_FROM_ZOOM;
      if (isClose && !counties) {
        counties = readJson(this.element.dataset.countiesUrl).then((data) => {
          draw("counties", 220, topojson.mesh(data, data.objects.counties, (one, other) => one !== other));
          return topojson.feature(data, data.objects.counties).features;
        });
      }
      this.nameAreas(isClose ? await counties : topojson.feature(states, states.objects.states).features);
    };
    this.map.createPane("names").style.zIndex = 240;
    this.map.on("moveend", showDetail);
    showDetail();
  }

  // The names of the states, or of the counties when these are drawn, as far as they are in view.
  nameAreas(areas) {
    this.names.clearLayers();
    const view = this.map.getBounds();
    const pixelsOfDegree = (256 * 2 ** this.map.getZoom()) / 360;
    for (const { geometry, properties } of areas) {
      properties.middle ??= findMiddle(geometry);
      const { area, span } = properties.middle;
      const fits = area && span * pixelsOfDegree > properties.name.length * LETTER_WIDTH; // some islets have no area
      if (!fits || !view.contains(properties.middle)) continue;
      const icon = L.divIcon({ className: "map-name", html: make("span", { "aria-hidden": "true" }, properties.name), iconSize: [0, 0] });
      L.marker(properties.middle, { icon, pane: "names", interactive: false, keyboard: false }).addTo(this.names);
    }
  }

  drawTiles() {
    const { tileUrl, tileAttribution } = this.element.dataset;
    if (!tileUrl) {
      this.map.on("zoomend", () => this.tell());
      return;
    }
    L.tileLayer(tileUrl, { maxZoom: CLOSEST_ZOOM }).addTo(this.map);
    L.control.attribution({ prefix: false }).addAttribution(tileAttribution).addTo(this.map);
  }

  // Ask for the points; a newer question drops the answer to an older one.
  async load({ inView = false } = {}) {
    const url = new URL(this.element.dataset.pointsUrl, location.href);
    if (!inView && this.asked === url.href) return;
    if (inView) {
      url.searchParams.set("bbox", this.map.getBounds().toBBoxString());
      url.searchParams.set("z", this.map.getZoom());
    } else {
      this.asked = url.href;
    }
    this.question?.abort();
    this.question = new AbortController();
    try {
      const { points = [], cells = [] } = await readJson(url, this.question.signal);
      Object.assign(this, { points, cells });
      if (!inView) this.fit();
      this.draw();
      this.tell(points.length || cells.length ? "" : "No place on the map is known for these properties.");
      this.element.dataset.loadedFor = url.href;
    } catch (error) {
      if (error.name !== "AbortError") this.tell("The points could not be loaded.");
    }
  }

  tell(text = "") {
    const wantsStreets = !this.element.dataset.tileUrl && this.map.getZoom() >= STREETS_FROM_ZOOM;
    this.note.textContent = text || (wantsStreets ? "Street map off: outlines only." : "");
  }

  fit() {
    const places = [...this.points, ...this.cells];
    if (!places.length) return;
    const bounds = L.latLngBounds(places.map(({ lat, lng }) => [lat, lng]));
    const hadCells = this.cells;
    this.cells = []; // moving there is no reason to ask again
    this.map.fitBounds(bounds, { padding: [32, 32], maxZoom: FIRST_ZOOM, animate: false });
    this.cells = hadCells;
  }

  draw() {
    this.layer.clearLayers();
    this.markers.clear();
    for (const { points, place } of this.groupPoints()) {
      const marker = points.length === 1 ? this.makePoint(points[0]) : this.makeGroup(points, this.map.unproject(place));
      for (const { id } of points) this.markers.set(String(id), marker);
    }
    for (const cell of this.cells) this.makeCircle(cell, cell.count, () => this.map.setView(cell, this.map.getZoom() + 2));
  }

  // Points become one group where their marks would overlap, until none does.
  groupPoints() {
    let groups = this.points.map((point) => ({ points: [point], place: this.map.project(point) }));
    for (let before = Infinity; groups.length < before; ) {
      before = groups.length;
      const merged = [];
      for (const group of groups) {
        const near = merged.find((other) => other.place.distanceTo(group.place) < APART + (sizeOf(other.points.length) + sizeOf(group.points.length)) / 2);
        if (!near) {
          merged.push(group);
          continue;
        }
        const share = group.points.length / (near.points.length + group.points.length);
        near.place = near.place.add(group.place.subtract(near.place).multiplyBy(share));
        near.points.push(...group.points);
      }
      groups = merged;
    }
    return groups;
  }

  makePoint({ id, lat, lng, title, url }) {
    const link = make("a", { href: url, "aria-label": title });
    const icon = L.divIcon({ className: "map-point", html: link, iconSize: [POINT_SIZE, POINT_SIZE] });
    const marker = L.marker([lat, lng], { icon, keyboard: false }).bindTooltip(title, { direction: "top", offset: [0, -10] });
    marker.addTo(this.layer);
    for (const [types, isOn] of [[["mouseenter", "focus"], true], [["mouseleave", "blur"], false]]) {
      for (const type of types) link.addEventListener(type, () => this.highlight(String(id), isOn));
    }
    return marker;
  }

  makeGroup(group, place) {
    const bounds = L.latLngBounds(group.map(({ lat, lng }) => [lat, lng]));
    const circle = this.makeCircle(place, group.length, () => {
      const zoom = Math.min(this.map.getBoundsZoom(bounds.pad(0.2)), CLOSEST_ZOOM);
      if (zoom > this.map.getZoom()) this.map.setView(bounds.getCenter(), zoom);
      else this.listGroup(circle, group);
    });
    return circle;
  }

  // Homes at one place, such as the units of a building, cannot be told apart by zooming.
  listGroup(circle, group) {
    const list = make("ul", { class: "map-list" });
    for (const { title, url } of group) list.appendChild(make("li", {})).append(make("a", { href: url }, title));
    L.popup().setLatLng(circle.getLatLng()).setContent(list).openOn(this.map);
  }

  makeCircle(place, count, open) {
    const size = sizeOf(count);
    const text = new Intl.NumberFormat("en-US", { notation: "compact" }).format(count);
    const button = make("button", { type: "button", "aria-label": `${count.toLocaleString("en-US")} properties, look closer` }, text);
    button.addEventListener("click", open);
    L.DomEvent.disableClickPropagation(button); // a click on the map itself closes the list that this one opens
    const icon = L.divIcon({ className: "map-group", html: button, iconSize: [size, size] });
    return L.marker(place, { icon, keyboard: false }).addTo(this.layer);
  }

  // One listener for all rows: htmx may have brought new ones.
  followList() {
    for (const [type, isOn] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
      document.addEventListener(type, (event) => {
        const row = event.target.closest?.("[data-property-id]");
        if (row) this.highlight(row.dataset.propertyId, isOn);
      }, { signal: this.ended.signal });
    }
  }

  highlight(id, isOn) {
    this.markers.get(id)?.getElement()?.classList.toggle("is-highlighted", isOn);
    document.querySelector(`[data-property-id="${CSS.escape(id)}"]`)?.classList.toggle("is-highlighted", isOn);
  }
}

// htmx brings maps and takes them away, and may give one that stays other points.
const maps = new Map();

function followPage() {
  for (const [element, map] of maps) {
    if (element.isConnected) continue;
    map.end();
    maps.delete(element);
  }
  for (const element of document.querySelectorAll("[data-map]")) {
    if (maps.has(element)) maps.get(element).load();
    else maps.set(element, new PropertyMap(element));
  }
}

followPage();
document.addEventListener("htmx:afterSettle", followPage);
