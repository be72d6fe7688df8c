"""The look: one style sheet for dark and light pages, for JupyterLab, Notebook 6 and Colab.

Colours are the project's own, since the pages' variables differ between hosts, and each pair keeps
a contrast of 4.5 for text and 3 for borders (WCAG 2.2 AA). What is chosen or wrong is never told by
colour alone.
"""

from __future__ import annotations

from gemma_nb.widgets.base.html import Html

_LIGHT = """
color-scheme:light;--g-bg:#fff;--g-soft:#f3f5f9;--g-fg:#1c1d21;--g-muted:#545963;--g-line:#7a808c;
--g-faint:#d6dae2;--g-accent:#0b57d0;--g-on-accent:#fff;--g-tint:#e8f0fe;--g-fits:#14692c;
--g-tight:#7a4b00;--g-no:#b3261e;--g-fits-bg:#e6f4ea;--g-tight-bg:#fef3d9;--g-no-bg:#fce8e6;
--g-p1:#2b62c4;--g-p2:#8a3fa8;--g-p3:#0f7b6c;--g-p4:#a85700;--g-p5:#5f6572;--g-p6:#b3261e
"""
_DARK = """
color-scheme:dark;--g-bg:#1a1b1e;--g-soft:#25272c;--g-fg:#e7e8ec;--g-muted:#b3b8c2;--g-line:#8b919d;
--g-faint:#40444c;--g-accent:#a8c7fa;--g-on-accent:#0a2a5e;--g-tint:#23304a;--g-fits:#81d99b;
--g-tight:#f3c46b;--g-no:#ffa198;--g-fits-bg:#183422;--g-tight-bg:#382c12;--g-no-bg:#41201d;
--g-p1:#7aa7f5;--g-p2:#cf94e6;--g-p3:#5cc9b8;--g-p4:#eda75a;--g-p5:#9aa1ae;--g-p6:#ffa198
"""

#: How a dark page shows itself: JupyterLab, Colab, VS Code.
_DARK_PAGES = ('[data-jp-theme-light="false"]', 'html[theme="dark"]', ".vscode-dark")

_RULES = """
.gnb{container-type:inline-size;background:var(--g-bg);color:var(--g-fg);border:1px solid var(--g-faint);
border-radius:12px;padding:12px;box-sizing:border-box;max-width:1080px;width:100%;min-width:0;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK JP",sans-serif;font-size:14px;
line-height:1.5;overflow:visible}
.gnb .widget-box,.gnb .widget-vbox,.gnb .widget-hbox{overflow:visible;min-width:0;max-width:100%}
.gnb .widget-html,.gnb .widget-html-content{height:auto;width:auto;max-width:100%;min-width:0;margin:0;
color:var(--g-fg);font-size:inherit;line-height:inherit;overflow-wrap:anywhere;white-space:normal}
.gnb .widget-html{display:block}.gnb .widget-html:has(>.widget-html-content:empty){display:none}
.gnb.widget-vbox,.gnb .widget-vbox{gap:8px}.gnb .widget-vbox:empty{display:none}
.gnb .gnb-look{display:none}
.gnb p{margin:0 0 6px}.gnb ul{margin:4px 0;padding-left:20px}
.gnb h3,.gnb h4{margin:0 0 4px;font-weight:650;line-height:1.3;color:var(--g-fg)}
.gnb h3{font-size:17px}.gnb h4{font-size:14px}
.gnb a{color:var(--g-accent);text-decoration:underline}
.gnb small,.gnb .gnb-muted{color:var(--g-muted);font-size:12.5px}
.gnb code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.93em;
background:none;color:inherit;padding:0}
.gnb .gnb-row{display:flex;flex-flow:row wrap;gap:8px 12px;align-items:flex-end;width:100%}
.gnb .gnb-card{border:1px solid var(--g-faint);border-radius:10px;padding:10px 12px;margin:0;
background:var(--g-bg)}
.gnb .gnb-soft{background:var(--g-soft)}
.gnb .gnb-field{display:flex;flex-flow:column;align-items:stretch;width:auto;height:auto;margin:0;
flex:1 1 150px;min-width:0;max-width:100%}
.gnb .gnb-wide{flex:3 1 260px}
.gnb .widget-label,.gnb .gnb-field>label{width:auto!important;max-width:100%;height:auto;line-height:1.4;margin:0 0 2px;
padding:0;text-align:left;color:var(--g-muted);font-size:12.5px;white-space:normal;overflow:visible}
.gnb .gnb-field>select,.gnb .gnb-field>input,.gnb .gnb-field>textarea{width:100%;max-width:100%;min-width:0;
flex:0 0 auto;box-sizing:border-box;min-height:34px;height:auto;padding:5px 8px;margin:0;color:var(--g-fg);background-color:var(--g-bg);
border:1px solid var(--g-line);border-radius:6px;font:inherit;line-height:1.4;opacity:1;box-shadow:none}
.gnb .gnb-field>select{appearance:auto;-webkit-appearance:auto;background-image:none;text-overflow:ellipsis}
.gnb .gnb-field option{color:var(--g-fg);background:var(--g-bg)}
.gnb .gnb-field>:disabled{background-color:var(--g-soft);color:var(--g-muted);border-style:dashed;opacity:1}
.gnb .gnb-field>::placeholder{color:var(--g-muted);opacity:1}
.gnb .gnb-button,.gnb .gnb-choices button{height:auto;min-height:34px;width:auto;max-width:100%;margin:0;padding:5px 14px;
border:1px solid var(--g-line);border-radius:8px;background:var(--g-bg);color:var(--g-fg);font:inherit;line-height:1.4;
white-space:normal;overflow:visible;overflow-wrap:anywhere;text-align:center;cursor:pointer;box-shadow:none}
.gnb .gnb-button:hover:enabled,.gnb .gnb-choices button:hover:enabled{background:var(--g-tint)}
.gnb .gnb-primary{background:var(--g-accent);color:var(--g-on-accent);border-color:var(--g-accent);font-weight:600}
.gnb .gnb-primary:hover:enabled{background:var(--g-accent);text-decoration:underline}
.gnb .gnb-button:disabled,.gnb .gnb-choices button:disabled{background:var(--g-soft);color:var(--g-muted);
border:1px dashed var(--g-line);opacity:1;cursor:not-allowed;font-weight:400}
.gnb .gnb-fixes{gap:6px}
.gnb .gnb-fix{text-align:left;width:100%;border-left:4px solid var(--g-accent)}
.gnb .gnb-choices{width:auto;height:auto;margin:0;display:flex;flex-flow:column;align-items:stretch}
.gnb .gnb-choices .widget-toggle-buttons,.gnb .gnb-choices>div{display:flex;flex-flow:row wrap;gap:6px;height:auto;margin:0}
.gnb .gnb-choices button.mod-active{background:var(--g-tint);border-color:var(--g-accent);color:var(--g-fg);font-weight:650;
box-shadow:inset 0 -3px 0 var(--g-accent)}
.gnb button:focus-visible,.gnb select:focus-visible,.gnb input:focus-visible,.gnb textarea:focus-visible,
.gnb a:focus-visible,.gnb summary:focus-visible,.gnb [tabindex]:focus-visible{outline:3px solid var(--g-accent);
outline-offset:1px}
.gnb .gnb-verdict{border-radius:10px;padding:10px 12px;border:1px solid;border-left-width:6px}
.gnb .gnb-verdict strong{font-size:16px}
.gnb .gnb-fits{color:var(--g-fits)}.gnb .gnb-tight{color:var(--g-tight)}.gnb .gnb-no{color:var(--g-no)}
.gnb .gnb-verdict.gnb-fits{background:var(--g-fits-bg)}.gnb .gnb-verdict.gnb-tight{background:var(--g-tight-bg)}
.gnb .gnb-verdict.gnb-no{background:var(--g-no-bg)}
.gnb .gnb-verdict p{color:var(--g-fg);margin:4px 0 0}
.gnb .gnb-error{color:var(--g-fg);background:var(--g-no-bg);border:1px solid var(--g-no);border-left-width:6px;
border-radius:10px;padding:10px 12px;margin:6px 0;white-space:pre-wrap}
.gnb .gnb-note{color:var(--g-fg);background:var(--g-tint);border-radius:8px;padding:8px 12px;margin:6px 0}
.gnb .gnb-code{background:var(--g-soft);color:var(--g-fg);border:1px solid var(--g-faint);border-radius:8px;padding:10px 12px;
margin:4px 0 10px;overflow:auto;white-space:pre;line-height:1.45;font-size:13px}
.gnb .gnb-scroll{overflow:auto;max-height:440px;border:1px solid var(--g-faint);border-radius:8px;margin:4px 0}
.gnb table{border-collapse:collapse;border:0;width:100%;margin:0;font-size:13px;color:var(--g-fg);table-layout:auto;overflow-wrap:normal}
.gnb td code,.gnb td small{overflow-wrap:anywhere}
.gnb table tr,.gnb table tbody tr:nth-child(even),.gnb table tbody tr:hover{background:none}
.gnb table th,.gnb table td{padding:4px 10px;text-align:left;vertical-align:top;border:0;border-bottom:1px solid var(--g-faint);
white-space:normal;max-width:none;color:var(--g-fg)}
.gnb table th{font-weight:600}.gnb table th[scope=row]{font-weight:500}
.gnb table thead th{position:sticky;top:0;background:var(--g-soft);color:var(--g-fg)}
.gnb table tr.gnb-now th,.gnb table tr.gnb-now td{background:var(--g-tint)}
.gnb .gnb-bar{display:flex;height:26px;border:1px solid var(--g-line);border-radius:6px;overflow:hidden;background:var(--g-bg)}
.gnb .gnb-bar>span{display:block;height:100%;border-right:1px solid var(--g-bg);box-sizing:border-box}
.gnb .gnb-keys{display:flex;flex-flow:row wrap;gap:2px 16px;list-style:none;padding:0;margin:6px 0;font-size:13px}
.gnb .gnb-keys i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px;
border:1px solid var(--g-line);box-sizing:border-box}
.gnb .gnb-p1{background:var(--g-p1)}.gnb .gnb-p2{background:var(--g-p2)}.gnb .gnb-p3{background:var(--g-p3)}
.gnb .gnb-p4{background:var(--g-p4)}.gnb .gnb-p5{background:var(--g-p5)}
.gnb .gnb-p6{background:repeating-linear-gradient(45deg,var(--g-p6) 0 4px,var(--g-bg) 4px 8px)}
.gnb .gnb-p7{background:radial-gradient(var(--g-p5) 40%,var(--g-bg) 45%) 0 0/5px 5px}
.gnb .gnb-p0{background:var(--g-bg)}
.gnb dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0;font-size:13.5px}
.gnb dl dt,.gnb dl dd{float:none;width:auto;margin:0;padding:0;line-height:1.5}
.gnb dl dt{color:var(--g-muted);font-weight:400;overflow-wrap:normal}
.gnb summary{display:list-item;cursor:pointer;color:var(--g-accent)}
.gnb .gnb-unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
@container (max-width:420px){.gnb .gnb-card{padding:8px;border-radius:8px}.gnb .gnb-button,.gnb .gnb-choices button{padding:5px 8px}
.gnb dl{grid-template-columns:1fr}.gnb dd{margin-bottom:4px}.gnb .gnb-field{flex-basis:100%}}
@media (max-width:480px){.gnb{padding:8px}}
@media (prefers-reduced-motion:no-preference){.gnb .gnb-bar>span{transition:width .15s}}
@media (forced-colors:active){.gnb .gnb-choices button.mod-active{outline:2px solid}}
"""

#: Two things that Python cannot reach, for every widget on the page; without it all else works.
#: A screen reader says what changes in an element that was a live region before: the one that
#: ipywidgets keeps. And where a pressed button goes away, the keyboard stays in the widget.
_SCRIPT = """
if (!window.gnbPage) {
  let last = null;
  document.addEventListener('focusin', e => {last = e.target.closest('.gnb') && e.target});
  window.gnbPage = setInterval(() => {
    for (const e of document.querySelectorAll('.gnb-live:not([aria-live])')) {
      e.setAttribute('role', 'status');
      e.setAttribute('aria-live', 'polite');
    }
    if (last && last.isConnected && !last.offsetParent && document.activeElement === document.body) {
      const near = [...last.closest('.gnb').querySelectorAll('.gnb-verdict, h3')];
      const seen = near.reverse().find(e => e.offsetParent);
      if (seen) {seen.tabIndex = -1; seen.focus({preventScroll: true})}
      last = null;
    }
  }, 300);
}
"""
SCRIPT = Html(f"<script>{_SCRIPT}</script>")


def copy_class(name: str) -> str:
    """The class of a widget's static copies.

    Args:
        name: the widget's own name, ``Panel.name``.
    """
    return f"{name}-copy"


def style(name: str) -> Html:
    """The style sheet, which also hides the static copies of the widget that brings it.

    Args:
        name: the widget's own name, ``Panel.name``.
    """
    dark = ",".join(f"{page} .gnb" for page in _DARK_PAGES)
    copy = copy_class(name)
    hidden = f".{copy},.jp-OutputArea-child:has(.{copy}),.output_area:has(.{copy}){{display:none}}"
    # apart: a page that does not know :has drops the whole rule
    hidden = f".{copy}{{display:none}}{hidden}"
    sheet = f".gnb{{{_LIGHT}}}{dark}{{{_DARK}}}{_RULES}{hidden}"
    return Html(f"<style>{sheet.replace(chr(10), '')}</style>")
