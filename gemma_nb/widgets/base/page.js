// What every panel on the page needs beyond ipywidgets. All else works without this script.
// Each panel brings it; it runs once a page.
(() => {
  if (window.gnbWatch) return;

  // Calls an update for each element that matches a selector: now, when such an element appears,
  // and when something in it changes.
  const watchers = [];
  window.gnbWatch = (selector, update) => {
    watchers.push([selector, update]);
    document.querySelectorAll(selector).forEach(update);
  };

  // ipywidgets sets an element's classes after it has put the element on the page.
  const isOurs = (element) => (element.getAttribute("class") || "").includes("gnb");

  const observer = new MutationObserver((records) => {
    for (const [selector, update] of watchers) {
      const found = new Set();
      for (const { type, target, addedNodes } of records) {
        if (type === "attributes" && !isOurs(target)) continue;
        const around = target.closest(selector);
        if (around) found.add(around);
        for (const element of type === "attributes" ? [target] : addedNodes) {
          if (element.nodeType !== Node.ELEMENT_NODE) continue;
          if (element.matches(selector)) found.add(element);
          for (const inner of element.querySelectorAll(selector)) found.add(inner);
        }
      }
      found.forEach(update);
    }
  });
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["class"],
  });

  // A screen reader reports the changes of an element that was a live region before it changed, so
  // the region is the element that ipywidgets keeps, not the markup in it.
  window.gnbWatch(".gnb-live", (element) => {
    if (element.hasAttribute("aria-live")) return;
    element.setAttribute("role", "status");
    element.setAttribute("aria-live", "polite");
  });

  // A screen reader hears whether a fold is open; a class alone marks it: that of a toggle button of
  // ipywidgets, or that of a button which shows what stands elsewhere.
  window.gnbWatch(".gnb-summary, .gnb-fold", (element) => {
    element.setAttribute("aria-expanded", String(element.matches(".mod-active, .gnb-unfolded")));
  });

  // The second click of a double click would close again what the first one opened.
  document.addEventListener(
    "click",
    (event) => {
      const toggle = event.target.closest?.(".gnb-summary, .gnb-fold, .gnb-toggle");
      if (toggle && event.detail > 1) event.stopImmediatePropagation();
    },
    true,
  );

  // A Copy button on code and on answers. navigator.clipboard is missing on pages without https.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };
  window.gnbWatch(".gnb .gnb-copyable", (element) => {
    if (element.querySelector(":scope > .gnb-copy-button")) return;
    const { copy: label, copied, source } = element.dataset;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gnb-copy-button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      await copy(source ?? element.querySelector("code").textContent);
      button.textContent = copied;
      setTimeout(() => {
        button.textContent = label;
      }, 2000);
    });
    element.append(button);
  });

  // The sliders of ipywidgets have no accessible name, and those of ipywidgets 7 no role.
  window.gnbWatch(".gnb .gnb-slider", (slider) => {
    const label = slider.querySelector("label, .widget-label");
    const readout = slider.querySelector(".widget-readout");
    const handle = slider.querySelector(".noUi-handle, .ui-slider-handle");
    if (!label || !handle) return;
    handle.setAttribute("aria-label", label.textContent);
    if (!readout) return;
    readout.setAttribute("aria-label", label.textContent);
    readout.setAttribute("role", "textbox");
    if (handle.classList.contains("ui-slider-handle")) {
      handle.setAttribute("role", "slider");
      handle.setAttribute("aria-valuenow", readout.textContent);
    }
  });

  // When the control that has the focus is hidden, the focus moves to the nearest heading of its
  // panel, so that the keyboard stays there.
  let focused = null;
  let waiting = 0;
  const restoreFocus = () => {
    waiting = 0;
    if (!focused?.isConnected || focused.offsetParent) return;
    if (![document.body, focused].includes(document.activeElement)) return;
    const headings = [...focused.closest(".gnb").querySelectorAll(".gnb-verdict, h3")];
    const heading = headings.reverse().find((element) => element.offsetParent);
    focused = null;
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  // A control may be hidden and shown again within one update, which takes several messages.
  const focusObserver = new MutationObserver(() => {
    if (!waiting) waiting = setTimeout(restoreFocus, 200);
  });
  document.addEventListener("focusin", (event) => {
    const panel = event.target.closest(".gnb");
    focused = panel && event.target;
    focusObserver.disconnect();
    if (panel) {
      focusObserver.observe(panel, {
        subtree: true,
        attributes: true,
        attributeFilter: ["class", "style"],
      });
    }
  });
})();
