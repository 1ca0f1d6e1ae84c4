// What lies beneath the marks of a map: outlines of states and counties, names of states, counties and cities, and the
// street map where one is set. Waits for the maps that map.js makes.

const { L, topojson } = window;

const COUNTIES_FROM_ZOOM = 6;
const CITIES_FROM_ZOOM = 8;
const STREETS_FROM_ZOOM = 13;
const CLOSEST_ZOOM = 17;
const LETTER_WIDTH = 6; // pixels of a name on the map
const LINE_HEIGHT = 16;
const CONTROLS = ".map-tools button:not([hidden]), .leaflet-bar, .leaflet-control-scale";
// Where a name may stand instead when a mark covers its place: pixels from there, besides half of its own width.
const SHIFTS = [[0, 0], [0, -20], [0, 20], [0, -30], [0, 30], [1, 0], [-1, 0]];
const BESIDE = 18;

async function readJson(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return response.json();
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

class BaseMap {
  constructor(propertyMap) {
    this.marks = propertyMap;
    this.data = propertyMap.element.dataset;
    this.map = propertyMap.map;
    this.ended = propertyMap.ended.signal;
    this.names = L.layerGroup().addTo(this.map);
    this.map.createPane("names").style.zIndex = 240;
    this.cities = [];
    if (this.data.tileUrl) this.drawTiles();
    else {
      const remark = () => propertyMap.setRemark(this.map.getZoom() >= STREETS_FROM_ZOOM ? "Street map off: outlines only." : "");
      this.map.on("zoomend", remark);
      remark();
    }
    this.start();
  }

  async start() {
    this.states = await readJson(this.data.statesUrl, this.ended).catch(() => null);
    if (!this.states || this.ended.aborted) return;
    this.drawOutline("land", 210, topojson.merge(this.states, this.states.objects.states.geometries));
    this.drawOutline("states", 230, topojson.mesh(this.states, this.states.objects.states));
    this.map.on("moveend", () => this.showDetail());
    this.map.on("atlas:marks", () => this.drawNames());
    this.showDetail();
  }

  drawOutline(name, zIndex, geometry) {
    const pane = this.map.createPane(name);
    pane.style.zIndex = zIndex;
    const renderer = L.svg({ pane: name, padding: 0.5 });
    L.geoJSON(geometry, { pane: name, renderer, interactive: false, className: `map-${name}` }).addTo(this.map);
  }

  drawTiles() {
    L.tileLayer(this.data.tileUrl, { maxZoom: CLOSEST_ZOOM }).addTo(this.map);
    L.control.attribution({ prefix: false }).addAttribution(this.data.tileAttribution).addTo(this.map);
  }

  async showDetail() {
    const zoom = this.map.getZoom();
    if (zoom < COUNTIES_FROM_ZOOM) {
      this.nameThese(topojson.feature(this.states, this.states.objects.states).features, []);
      return;
    }
    this.counties ??= readJson(this.data.countiesUrl).then((data) => {
      if (this.ended.aborted) return [];
      this.drawOutline("counties", 220, topojson.mesh(data, data.objects.counties, (one, other) => one !== other));
      return topojson.feature(data, data.objects.counties).features;
    });
    const counties = await this.counties.catch(() => []);
    if (this.ended.aborted) return;
    const cities = zoom >= CITIES_FROM_ZOOM ? await this.findCities(zoom) : [];
    if (cities && !this.ended.aborted) this.nameThese(counties, cities);
  }

  // The largest cities around, or null when the map has moved on. Edges are rounded so that answers can be kept.
  async findCities(zoom) {
    this.question?.abort();
    this.question = new AbortController();
    const step = zoom < 10 ? 1 : 0.25;
    const view = this.map.getBounds();
    const edges = [Math.floor(view.getWest() / step), Math.floor(view.getSouth() / step), Math.ceil(view.getEast() / step), Math.ceil(view.getNorth() / step)];
    const url = new URL(this.data.citiesUrl, location.href);
    url.searchParams.set("bbox", edges.map((edge) => edge * step).join(","));
    try {
      return (await readJson(url, this.question.signal)).cities;
    } catch (error) {
      return error.name === "AbortError" ? null : [];
    }
  }

  nameThese(areas, cities) {
    this.named = { areas, cities };
    this.drawNames();
  }

  // Cities first, the largest before the others; the name of a county or state stands where room is left. No name
  // stands where a mark or a control covers it, so all are drawn again when the marks are.
  drawNames() {
    if (!this.named) return;
    const { areas, cities } = this.named;
    this.names.clearLayers();
    this.taken = [...this.marks.findBoxes(), ...this.findControls()];
    const view = this.map.getBounds();
    for (const { name, lat, lng } of cities) {
      if (view.contains([lat, lng])) this.drawName(name, { lat, lng }, "map-name is-city");
    }
    const pixelsOfDegree = (256 * 2 ** this.map.getZoom()) / 360;
    for (const { geometry, properties } of areas) {
      properties.middle ??= findMiddle(geometry);
      const { area, span } = properties.middle;
      const fits = area && span * pixelsOfDegree > properties.name.length * LETTER_WIDTH; // some islets have no area
      if (fits && view.contains(properties.middle)) this.drawName(properties.name, properties.middle, "map-name");
    }
  }

  // What stands on the map and not in it, in pixels of the map.
  findControls() {
    const { left, top } = this.map.getContainer().getBoundingClientRect();
    const boxes = [...this.marks.element.querySelectorAll(CONTROLS)].map((each) => each.getBoundingClientRect());
    return boxes.map((box) => L.bounds([box.left - left, box.top - top], [box.right - left, box.bottom - top]));
  }

  drawName(name, place, className) {
    const center = this.map.latLngToContainerPoint(place);
    const half = (name.length * LETTER_WIDTH) / 2 + 4;
    const view = L.bounds([0, 0], this.map.getSize());
    const spots = SHIFTS.map(([aside, down]) => center.add([aside * (half + BESIDE), down]));
    const boxes = spots.map(({ x, y }) => L.bounds([x - half, y - LINE_HEIGHT / 2], [x + half, y + LINE_HEIGHT / 2]));
    const free = boxes.findIndex((box) => view.contains(box) && !this.taken.some((other) => box.intersects(other)));
    if (free < 0) return;
    this.taken.push(boxes[free]);
    const text = document.createElement("span");
    text.ariaHidden = "true";
    text.textContent = name;
    const icon = L.divIcon({ className, html: text, iconSize: [0, 0] });
    L.marker(this.map.containerPointToLatLng(spots[free]), { icon, pane: "names", interactive: false, keyboard: false }).addTo(this.names);
  }
}

document.addEventListener("atlas:map", ({ detail }) => new BaseMap(detail));
