// The map of a list: a mark for each property, a circle with a count where several lie too close to tell apart or the
// server counts them. Marks and rows of the list (data-property-id) are one selection. What lies beneath is in
// map-base.js, areas that are drawn and searched in map-area.js; both wait for the event "atlas:map".
// All colors are in map.css, so a change of theme needs no redraw.

const { L } = window;

const UNITED_STATES = [[24.4, -125], [49.4, -66.9]];
const CLOSEST_ZOOM = 17;
const FIRST_ZOOM = 12; // a single property is shown within its town
const POINT_SIZE = 24; // pixels, the least that a finger can hit
const GROUP_SIZES = [28, 40]; // pixels; the server keeps circles 40 pixels apart
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
  const [least, most] = GROUP_SIZES;
  return count === 1 ? POINT_SIZE : Math.min(most, least + 4 * Math.log10(count));
}

function countText(count) {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "property" : "properties"}`;
}

function findRow(id) {
  return document.querySelector(`[data-property-id="${CSS.escape(id)}"]`);
}

class PropertyMap {
  constructor(element) {
    this.element = element;
    const canvas = make("div", { class: "map-canvas" });
    element.prepend(canvas);
    this.note = element.appendChild(make("p", { class: "map-note", role: "status" }));
    this.legend = element.appendChild(make("p", { class: "map-legend", hidden: "" }));
    this.legend.append(make("span", { class: "is-match" }, "matches"), make("span", { class: "is-other" }, "others of yours"));
    this.ended = new AbortController();
    this.markers = new Map(); // id of a property -> the marker that shows it, maybe among others
    this.isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(canvas, {
      minZoom: 3,
      maxZoom: CLOSEST_ZOOM,
      attributionControl: false,
      fadeAnimation: !this.isCalm,
      zoomAnimation: !this.isCalm,
      markerZoomAnimation: !this.isCalm,
    });
    this.map.createPane("others").style.zIndex = 590;
    this.layer = L.layerGroup().addTo(this.map);
    this.map.fitBounds(UNITED_STATES);
    L.control.scale({ metric: false }).addTo(this.map);
    this.followList();
    this.followSize();
    this.map.on("zoomend", () => this.draw());
    this.map.on("moveend", () => this.home && this.load());
    element.dispatchEvent(new CustomEvent("atlas:map", { bubbles: true, detail: this }));
    this.start();
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

  // Show where the properties are, unless that is what the map shows already.
  async start() {
    const url = new URL(this.element.dataset.pointsUrl, location.href);
    if (this.asked === url.href) return;
    this.asked = url.href;
    this.home = null; // no marks are asked for until the place is known
    const answer = await this.ask(url);
    if (!answer) return;
    this.isEmpty = !answer.box;
    if (answer.box) this.goTo(answer.box);
    this.home = { center: this.map.getCenter(), zoom: this.map.getZoom() };
    this.load();
  }

  goTo([south, west, north, east]) {
    const isArea = Boolean(this.element.dataset.area);
    const room = isArea ? { maxZoom: CLOSEST_ZOOM } : { maxZoom: FIRST_ZOOM, padding: [32, 32] };
    this.map.fitBounds([[south, west], [north, east]], { ...room, animate: false });
  }

  // Whether the view is another one than the map chose.
  hasMoved() {
    if (!this.home) return false;
    const moved = this.map.latLngToContainerPoint(this.home.center).distanceTo(this.map.getSize().divideBy(2));
    return this.map.getZoom() !== this.home.zoom || moved > 24;
  }

  // Ask for the marks in view, and say in data-loaded-for which list they are of once they are drawn.
  async load() {
    const url = new URL(this.asked);
    url.searchParams.set("bbox", this.map.getBounds().toBBoxString());
    url.searchParams.set("z", this.map.getZoom());
    const answer = await this.ask(url);
    if (!answer) return;
    this.marks = answer;
    this.draw();
    this.tell(answer.note || (this.isEmpty ? "No place on the map is known for these properties." : ""));
    this.legend.hidden = !answer.others?.points.length && !answer.others?.cells.length;
    this.element.dataset.loadedFor = this.asked;
  }

  // A newer question drops the answer to an older one.
  async ask(url) {
    delete this.element.dataset.loadedFor;
    this.question?.abort();
    const question = (this.question = new AbortController());
    try {
      const answer = await readJson(url, question.signal);
      return question.signal.aborted ? null : answer;
    } catch (error) {
      if (error.name !== "AbortError") this.tell("The properties could not be loaded. Move the map to try again.");
      return null;
    }
  }

  tell(text) {
    this.said = text;
    this.note.textContent = text || this.remark || "";
  }

  // What the map says when it has nothing else to say.
  setRemark(text) {
    this.remark = text;
    this.tell(this.said);
  }

  draw() {
    if (!this.marks) return;
    const focused = document.activeElement?.closest?.(".map-point, .map-group") ? document.activeElement.dataset.id : null;
    this.layer.clearLayers();
    this.markers.clear();
    const { points, cells, others } = this.marks;
    for (const cell of others?.cells ?? []) this.makeBackground(cell);
    for (const { members, place } of this.groupPoints([...points, ...(others?.points ?? []).map((point) => ({ ...point, isOther: true }))])) {
      const marker = members.length === 1 ? this.makePoint(members[0]) : this.makeGroup(members, this.map.unproject(place));
      for (const { id } of members) this.markers.set(String(id), marker);
    }
    for (const cell of cells) {
      const look = () => this.map.setView(cell, Math.min(this.map.getZoom() + 2, CLOSEST_ZOOM));
      this.makeCircle(cell, cell.count, `${countText(cell.count)}, look closer`, look);
    }
    if (focused) this.markers.get(focused)?.getElement()?.querySelector("a, button")?.focus();
    this.map.fire("atlas:marks");
  }

  // What the marks cover, in pixels of the map; what is seen through is none of them.
  findBoxes() {
    const marks = this.layer.getLayers().filter(({ options }) => options.pane !== "others");
    return marks.map((marker) => {
      const center = this.map.latLngToContainerPoint(marker.getLatLng());
      const reach = marker.options.icon.options.iconSize.map((pixels) => pixels / 2);
      return L.bounds(center.subtract(reach), center.add(reach));
    });
  }

  // Points become one group where their marks would overlap, until none does.
  groupPoints(points) {
    let groups = points.map((point) => ({ members: [point], place: this.map.project(point) }));
    for (let before = Infinity; groups.length < before; ) {
      before = groups.length;
      const merged = [];
      for (const group of groups) {
        const near = merged.find((other) => other.place.distanceTo(group.place) < APART + (sizeOf(other.members.length) + sizeOf(group.members.length)) / 2);
        if (!near) {
          merged.push(group);
          continue;
        }
        const share = group.members.length / (near.members.length + group.members.length);
        near.place = near.place.add(group.place.subtract(near.place).multiplyBy(share));
        near.members.push(...group.members);
      }
      groups = merged;
    }
    return groups;
  }

  makePoint({ id, lat, lng, title, url, isOther }) {
    const name = isOther ? `${title} (not in this search)` : title;
    const link = make("a", { href: url, "aria-label": name, "data-id": id });
    const icon = L.divIcon({ className: `map-point${isOther ? " is-other" : ""}`, html: link, iconSize: [POINT_SIZE, POINT_SIZE] });
    const marker = L.marker([lat, lng], { icon, keyboard: false, zIndexOffset: isOther ? -1000 : 0 });
    marker.bindTooltip(name, { direction: "top", offset: [0, -10] }).addTo(this.layer);
    for (const [types, isOn] of [[["mouseenter", "focus"], true], [["mouseleave", "blur"], false]]) {
      for (const type of types) link.addEventListener(type, () => this.highlight(String(id), isOn));
    }
    link.addEventListener("click", (event) => this.choose(event, String(id)));
    return marker;
  }

  // A click goes to the row of the list, if it is on the page; a second one follows the link.
  choose(event, id) {
    const row = findRow(id);
    if (!row || this.chosen === id || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const before = this.chosen;
    this.chosen = id;
    if (before) this.highlight(before, false);
    this.highlight(id, true);
    row.scrollIntoView({ block: "center", behavior: this.isCalm ? "instant" : "smooth" });
    row.querySelector("th a, a")?.focus({ preventScroll: true });
  }

  makeGroup(members, place) {
    const bounds = L.latLngBounds(members.map(({ lat, lng }) => [lat, lng]));
    const matching = members.filter(({ isOther }) => !isOther).length;
    const hasOthers = matching < members.length;
    const label = `${countText(members.length)}${hasOthers ? `, ${matching} in this search` : ""}, look closer`;
    const open = () => {
      const zoom = Math.min(this.map.getBoundsZoom(bounds.pad(0.2)), CLOSEST_ZOOM);
      if (zoom > this.map.getZoom()) this.map.setView(bounds.getCenter(), zoom);
      else this.listGroup(circle, members);
    };
    const circle = this.makeCircle(place, members.length, label, open, { isOther: !matching, id: members[0].id });
    return circle;
  }

  // Homes at one place, such as the units of a building, cannot be told apart by zooming.
  listGroup(circle, members) {
    const list = make("ul", { class: "map-list" });
    for (const { title, url } of members) list.appendChild(make("li", {})).append(make("a", { href: url }, title));
    L.popup().setLatLng(circle.getLatLng()).setContent(list).openOn(this.map);
  }

  makeCircle(place, count, label, open, { isOther = false, id = "" } = {}) {
    const size = sizeOf(count);
    const text = new Intl.NumberFormat("en-US", { notation: "compact" }).format(count);
    const button = make("button", { type: "button", "aria-label": label, "data-id": id }, text);
    button.addEventListener("click", open);
    L.DomEvent.disableClickPropagation(button); // a click on the map itself closes the list that this one opens
    const icon = L.divIcon({ className: `map-group${isOther ? " is-other" : ""}`, html: button, iconSize: [size, size] });
    return L.marker(place, { icon, keyboard: false, zIndexOffset: isOther ? -1000 : 0 }).addTo(this.layer);
  }

  // What is owned there besides the matches: seen, and not to be clicked, as marks of matches may lie on it.
  makeBackground(cell) {
    const size = sizeOf(cell.count);
    const icon = L.divIcon({ className: "map-background", html: make("span", { "aria-hidden": "true" }), iconSize: [size, size] });
    L.marker(cell, { icon, pane: "others", interactive: false, keyboard: false }).addTo(this.layer);
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
    const row = findRow(id);
    const marker = this.markers.get(id);
    marker?.getElement()?.classList.toggle("is-highlighted", isOn || id === this.chosen);
    row?.classList.toggle("is-highlighted", isOn || id === this.chosen);
    this.pin?.remove();
    this.pin = null;
    if (isOn && !marker && row?.dataset.lat) this.pinAt([row.dataset.lat, row.dataset.lng].map(Number));
  }

  // A row that the map shows within a count only: where it is.
  pinAt(place) {
    const icon = L.divIcon({ className: "map-pin", html: make("span", { "aria-hidden": "true" }), iconSize: [POINT_SIZE, POINT_SIZE] });
    this.pin = L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: 1000 }).addTo(this.map);
  }
}

// htmx brings maps and takes them away, and may give one that stays other properties.
const maps = new Map();

function followPage() {
  for (const [element, map] of maps) {
    if (element.isConnected) continue;
    map.end();
    maps.delete(element);
  }
  for (const element of document.querySelectorAll("[data-map]")) {
    if (maps.has(element)) maps.get(element).start();
    else maps.set(element, new PropertyMap(element));
  }
}

followPage();
document.addEventListener("htmx:afterSettle", followPage);
