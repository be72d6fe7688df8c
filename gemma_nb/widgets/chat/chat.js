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

  // The field grows with what is written in it.
  const grow = (field) => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 320)}px`;
  };
  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".gnb-say")) grow(event.target);
  });

  // After Send, the conversation jumps to its end, and a kernel that is busy is named: until it is
  // free, it cannot say so itself.
  document.addEventListener("click", (event) => {
    const chat = event.target.closest?.(".gnb-send")?.closest(".gnb");
    const turns = chat?.querySelector(".gnb-turns");
    if (!turns) return;
    chat.querySelector(".gnb-transcript").scrollTop = 0;
    // whatever the kernel changes in the chat is its answer: a turn, a note, or a message refused
    const answered = new MutationObserver(() => {
      clearTimeout(late);
      chat.classList.remove("gnb-waiting");
      answered.disconnect();
    });
    answered.observe(chat, { subtree: true, childList: true, characterData: true });
    const late = setTimeout(() => {
      const written = chat.querySelector(".gnb-say textarea")?.value.trim();
      if (written) chat.classList.add("gnb-waiting");
      else answered.disconnect();
    }, 400);
  });

  // The kernel empties the field when it has taken the message.
  window.gnbWatch(".gnb .gnb-turns", (turns) => {
    const field = turns.closest(".gnb").querySelector(".gnb-say textarea");
    if (field && !field.value) field.style.height = "";
  });

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

  // The words of a reply are one stop of the Tab key; the arrow keys move from word to word.
  window.gnbWatch(".gnb-chat ol.gnb-words", (list) => {
    if (list.querySelector(":scope > [tabindex='-1']")) return;
    [...list.children].slice(1).forEach((word) => {
      word.tabIndex = -1;
    });
  });
  document.addEventListener(
    "keydown",
    (event) => {
      const word = event.target.closest?.(".gnb-chat ol.gnb-words > li");
      const { parentElement: list } = word ?? {};
      const next = {
        ArrowRight: word?.nextElementSibling,
        ArrowLeft: word?.previousElementSibling,
        Home: list?.firstElementChild,
        End: list?.lastElementChild,
      };
      if (!word || !(event.key in next)) return;
      // the notebook programs move to another cell with these keys
      event.preventDefault();
      event.stopPropagation();
      const target = next[event.key] ?? word;
      word.tabIndex = -1;
      target.tabIndex = 0;
      target.focus();
    },
    true,
  );
})();
