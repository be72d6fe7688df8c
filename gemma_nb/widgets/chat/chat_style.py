"""The look of the chat panel beside the shared one, and what only the page itself can do."""

from __future__ import annotations

import re

from gemma_nb.widgets.base import style
from gemma_nb.widgets.base.html import Html

STYLE = Html(
    "<style>"
    # reversed, so that it stays scrolled to its end while text arrives
    ".gnb.gnb-chat .gnb-transcript{display:flex;flex-flow:column-reverse;max-height:560px;overflow:auto!important;"
    "border:1px solid var(--g-faint);border-radius:10px;padding:10px 12px;width:auto;background:var(--g-bg)}"
    ".gnb.gnb-chat .gnb-transcript>*{flex:0 0 auto;width:100%}"
    ".gnb.gnb-chat .gnb-turn{gap:6px}.gnb.gnb-chat .gnb-turns{gap:14px}"
    ".gnb.gnb-chat .gnb-asked,.gnb.gnb-chat .gnb-reply{border-radius:10px;padding:8px 12px;width:fit-content;max-width:100%;"
    "box-sizing:border-box}"
    ".gnb.gnb-chat .gnb-asked{background:var(--g-tint);margin-left:auto;border:1px solid var(--g-faint)}"
    ".gnb.gnb-chat .gnb-reply{background:var(--g-soft);border:1px solid var(--g-faint);border-left:4px solid var(--g-accent)}"
    ".gnb.gnb-chat .gnb-asked>strong,.gnb.gnb-chat .gnb-reply>strong{display:block;font-size:12px;color:var(--g-muted);font-weight:600}"
    ".gnb.gnb-chat .gnb-said{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".gnb.gnb-chat .gnb-reply p:last-child{margin-bottom:0}"
    ".gnb.gnb-chat .gnb-reply h5,.gnb.gnb-chat .gnb-reply h6,.gnb.gnb-chat .gnb-reply h4{font-size:14.5px;font-weight:650;margin:8px 0 4px}"
    ".gnb.gnb-chat .gnb-reply blockquote{border-left:3px solid var(--g-line);margin:4px 0;padding:0 0 0 10px;color:inherit;font-size:inherit}"
    ".gnb.gnb-chat .gnb-reply :not(pre)>code{background:var(--g-bg);border:1px solid var(--g-faint);border-radius:4px;padding:0 4px}"
    ".gnb.gnb-chat .gnb-thought{color:var(--g-muted);border-left:3px solid var(--g-faint);padding:0 0 0 10px;font-size:13px}"
    ".gnb.gnb-chat .gnb-thumb{display:block;max-width:min(240px,100%);height:auto;border-radius:8px;margin:4px 0}"
    ".gnb.gnb-chat .gnb-arriving>:last-child::after{content:'▍';color:var(--g-accent)}"
    ".gnb.gnb-chat .gnb-stop:enabled{border-color:var(--g-no);color:var(--g-no);font-weight:600}"
    ".gnb.gnb-chat .gnb-keys-hint{display:none}.gnb.gnb-chat.gnb-keyed .gnb-keys-hint{display:inline}"
    ".gnb.gnb-chat .gnb-settings{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(240px,100%),1fr));gap:10px 18px;width:100%}"
    ".gnb.gnb-chat .gnb-setting{gap:2px}.gnb.gnb-chat .gnb-setting .gnb-field{flex:0 0 auto}"
    ".gnb.gnb-chat .gnb-slider{display:grid;grid-template-columns:1fr auto;width:auto;height:auto;margin:0;max-width:100%;align-items:center}"
    ".gnb.gnb-chat .gnb-slider .widget-label{grid-column:1/-1}"
    ".gnb.gnb-chat .gnb-slider .slider-container,.gnb.gnb-chat .gnb-slider .slider{min-width:0}"
    ".gnb.gnb-chat .gnb-slider .widget-readout{color:var(--g-fg);background:var(--g-bg);border:1px solid var(--g-line);border-radius:6px;"
    "min-width:52px;margin:0 0 0 14px;padding:3px 6px;height:auto;line-height:1.4;text-align:center;overflow:visible}"
    "</style>"
)

#: Enter sends (but not the one that ends a Japanese word's conversion), the field keeps the
#: keyboard when a button that was pressed is switched off, and the sliders get their names.
_SCRIPT = """<script>
if (!window.gnbChat) {
  const field = e => e.target.closest && e.target.closest('.gnb-say') && e.target;
  document.addEventListener('keydown', e => {
    const say = field(e);
    if (!say || e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
    e.preventDefault();
    e.stopPropagation();
    const send = say.closest('.gnb').querySelector('button.gnb-send');
    if (!send || send.disabled) return;
    say.dispatchEvent(new Event('change', {bubbles: true}));
    send.click();
  }, true);
  document.addEventListener('click', e => {
    const pressed = e.target.closest && e.target.closest('.gnb-send, .gnb-refocus');
    const say = pressed && pressed.closest('.gnb').querySelector('.gnb-say textarea');
    if (say) say.focus({preventScroll: true});
  });
  window.gnbChat = setInterval(() => {
    for (const e of document.querySelectorAll('.gnb .gnb-say')) e.closest('.gnb').classList.add('gnb-keyed');
    for (const e of document.querySelectorAll('.gnb .gnb-slider')) {
      const name = e.querySelector('label, .widget-label');
      const read = e.querySelector('.widget-readout');
      const grip = e.querySelector('.noUi-handle, .ui-slider-handle');
      if (!name || !grip) continue;
      grip.setAttribute('aria-label', name.textContent);
      if (read) read.setAttribute('aria-label', name.textContent);
      if (read) read.setAttribute('role', 'textbox');
      if (grip.classList.contains('ui-slider-handle') && read) {
        grip.setAttribute('role', 'slider');
        grip.setAttribute('aria-valuenow', read.textContent);
      }
    }
  }, 400);
}
</script>"""
#: With what every widget has.
SCRIPT = Html(f"{style.SCRIPT}{_SCRIPT}")

_NAME = re.compile(r"[^\w.\- ]")


def plain(name: str) -> str:
    """A name that a model wrote, as it may stand in a label: ipywidgets 7 takes those for HTML."""
    return _NAME.sub("", name)[:60]
