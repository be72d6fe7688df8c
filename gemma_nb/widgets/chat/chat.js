// What chats need beyond ipywidgets and base/page.js, which runs before. It runs once a page.
(() => {
  if (window.gnbChat) return;
  window.gnbChat = true;

  // Enter sends and Shift+Enter starts a new line. An Enter that ends the conversion of a Japanese
  // word (isComposing; 229 in Safari) does not send.
  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target.closest?.(".gnb-say") && event.target;
      if (!field || event.key !== "Enter" || event.shiftKey) return;
      if (event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      event.stopPropagation();
      const send = field.closest(".gnb").querySelector("button.gnb-send");
      if (!send || send.disabled) return;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      send.click();
    },
    true,
  );

  // A pressed button is disabled while an answer is made, and would lose the focus to the page.
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.(".gnb-send, .gnb-refocus");
    const field = pressed?.closest(".gnb").querySelector(".gnb-say textarea");
    field?.focus({ preventScroll: true });
  });

  // The hint that Enter sends is shown only where this script runs.
  window.gnbWatch(".gnb .gnb-say", (field) => {
    const { classList } = field.closest(".gnb");
    if (!classList.contains("gnb-keyed")) classList.add("gnb-keyed");
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
})();
