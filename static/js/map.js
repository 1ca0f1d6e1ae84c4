// The map of a list: outlines of states and counties, a point for each property, a circle with a count where there are
// too many. Points and rows of the list (data-property-id) highlight each other. All colors are in map.css.

const { L, topojson } = window;

const COUNTIES_FROM_ZOOM = 6;
const CLOSEST_ZOOM = 17;
const ONE_POINT_ZOOM = 12;
const UNITED_STATES = [[24.4, -125], [49.4, -66.9]];

async function readJson(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return response.json();
}

class PropertyMap {
  constructor(element) {
    this.element = element;
    this.note = element.querySelector(".map-note");
    this.markers = new Map();
    this.points = L.layerGroup();
    this.map = L.map(element.querySelector(".map-canvas"), {
      maxZoom: CLOSEST_ZOOM,
      minZoom: 3,
      zoomSnap: 0.5,
      attributionControl: false,
      fadeAnimation: false,
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
    this.map.fitBounds(UNITED_STATES);
    this.map.addLayer(this.points);
    L.control.scale({ metric: false }).addTo(this.map);
    this.drawOutlines();
    this.drawTiles();
    this.followList();
    this.load();
    this.map.on("moveend", () => this.hasCells && this.load(true));
    // The list was filtered or paged: the same address without its old points.
    document.addEventListener("htmx:afterSettle", () => this.load());
  }

  async drawOutlines() {
    const { statesUrl, countiesUrl } = this.element.dataset;
    for (const [name, zIndex] of [["land", 210], ["counties", 220], ["states", 230]]) {
      this.map.createPane(name).style.zIndex = zIndex;
    }
    const draw = (name, geometry) => {
      const style = { pane: name, interactive: false, className: `map-${name}`, renderer: L.svg({ pane: name, padding: 0.5 }) };
      L.geoJSON(geometry, style).addTo(this.map);
    };
    const states = await readJson(statesUrl);
    draw("land", topojson.merge(states, states.objects.states.geometries));
    draw("states", topojson.mesh(states, states.objects.states));

    let asked = false;
    const drawCounties = async () => {
      const isClose = this.map.getZoom() >= COUNTIES_FROM_ZOOM;
      this.map.getPane("counties").style.display = isClose ? "" : "none";
      if (!isClose || asked) return;
      asked = true;
      const counties = await readJson(countiesUrl);
      draw("counties", topojson.mesh(counties, counties.objects.counties, (one, other) => one !== other));
    };
    this.map.on("zoomend", drawCounties);
    drawCounties();
  }

  drawTiles() {
    const { tileUrl, tileAttribution } = this.element.dataset;
    if (!tileUrl) return;
    L.tileLayer(tileUrl, { maxZoom: CLOSEST_ZOOM }).addTo(this.map);
    L.control.attribution({ prefix: false }).addAttribution(tileAttribution).addTo(this.map);
  }

  // Ask for the points; a newer question drops the answer to an older one.
  async load(inView = false) {
    const url = new URL(this.element.dataset.pointsUrl, location.href);
    if (inView) {
      url.searchParams.set("bbox", this.map.getBounds().toBBoxString());
      url.searchParams.set("z", Math.round(this.map.getZoom()));
    }
    if (!inView && this.element.dataset.loadedFor === url.href) return;
    this.question?.abort();
    this.question = new AbortController();
    try {
      const answer = await readJson(url, this.question.signal);
      this.show(answer, !inView);
      this.note.textContent = "";
      this.element.dataset.loadedFor = url.href;
    } catch (error) {
      if (error.name !== "AbortError") this.note.textContent = "The points could not be loaded.";
    }
  }

  show({ points = [], cells = [] }, fit) {
    this.points.clearLayers();
    this.markers.clear();
    this.hasCells = cells.length > 0;
    for (const point of points) this.markers.set(String(point.id), this.makePoint(point).addTo(this.points));
    for (const cell of cells) this.makeCell(cell).addTo(this.points);
    const places = [...points, ...cells].map(({ lat, lng }) => [lat, lng]);
    if (fit && places.length) this.map.fitBounds(places, { padding: [32, 32], maxZoom: ONE_POINT_ZOOM, animate: false });
  }

  makePoint({ id, lat, lng, title, url }) {
    const link = document.createElement("a");
    link.href = url;
    link.setAttribute("aria-label", title);
    const icon = L.divIcon({ className: "map-point", html: link, iconSize: [24, 24] });
    const marker = L.marker([lat, lng], { icon, keyboard: false }).bindTooltip(title, { direction: "top", offset: [0, -8] });
    const show = () => this.highlight(String(id), true);
    const hide = () => this.highlight(String(id), false);
    marker.on("mouseover", show).on("mouseout", hide);
    link.addEventListener("focus", show);
    link.addEventListener("blur", hide);
    return marker;
  }

  makeCell({ count, lat, lng }) {
    const size = Math.min(56, 26 + 6 * Math.log10(count));
    const text = new Intl.NumberFormat("en-US", { notation: "compact" }).format(count);
    const icon = L.divIcon({ className: "map-cell", html: text, iconSize: [size, size] });
    const title = `${count.toLocaleString("en-US")} properties: zoom in`;
    const marker = L.marker([lat, lng], { icon, title, alt: title });
    return marker.on("click", () => this.map.setView([lat, lng], this.map.getZoom() + 2));
  }

  // Rows are found when they are pointed at, since htmx may have brought new ones.
  followList() {
    for (const [type, isOn] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
      document.addEventListener(type, (event) => {
        const row = event.target.closest?.("[data-property-id]");
        if (row) this.highlight(row.dataset.propertyId, isOn);
      });
    }
  }

  highlight(id, isOn) {
    this.markers.get(id)?.getElement()?.classList.toggle("is-highlighted", isOn);
    document.querySelector(`[data-property-id="${CSS.escape(id)}"]`)?.classList.toggle("is-highlighted", isOn);
  }
}

for (const element of document.querySelectorAll("[data-map]")) new PropertyMap(element);
