"""Plots: what they draw, how they look in grey and in Japanese, and which values they reject."""

import base64
import io
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb import plots
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.recommend import what_fits
from gemma_nb.plots import fonts
from gemma_nb.plots.canvas import COLOURS

ROOT = Path(__file__).resolve().parents[1]
GIB = 2**30

PARTS = {"weights": 4 * GIB, "kv_cache": GIB, "workspace": GIB // 2, "overhead": GIB // 8}


def every():
    names = ["one int8", "two bfloat16"]
    return {
        "speed_quality": plots.speed_quality(
            ["one", "two"], ["int8", "bfloat16"], [10.0, 20.0], [0.5, 0.75], "exact"
        ),
        "bits": plots.speed_quality(["one"], ["int8"], [10.0], [0.5], "bits"),
        "memory": plots.memory(names, [PARTS, PARTS], [5 * GIB, None], 8 * GIB),
        "far": plots.memory(names, [{"weights": 2**20}] * 2, [None, None], 80 * GIB),
        "better": plots.better_costs(what_fits("RTX 12 GB")),
        "latency": plots.latency(names, [4.0, None], [0.02, 0.03]),
        "tokens_per_second": plots.tokens_per_second(names, [10.0, 1e4], [(8.0, 12.0), None]),
        "next": plots.next_token_distribution(["▁Tokyo", "京", "$x$"], [0.7, 0.2, 0.1], [1, 0, 0]),
    }


def words(figure):
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_plot_is_drawn_without_a_warning(lang):
    gnb.set_language(lang)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph warns
        for name, figure in every().items():
            picture = figure._repr_png_()
            assert picture.startswith(b"\x89PNG"), name
            assert picture == plots.png(figure)


def seen(figure):
    """The attributes of the image that a notebook shows of a figure."""
    return dict(ParsedHtml(figure._repr_html_()).attributes)


def test_every_plot_says_its_values_in_words():
    alternatives = {name: seen(figure)["alt"] for name, figure in every().items()}
    assert alternatives["next"] == (
        "What may come next. ␣Tokyo: 70.0% → 100.0%; 京: 20.0% → 0.0%; $x$: 10.0% → 0.0%"
    )
    assert "one int8: 10 tokens per second" in alternatives["speed_quality"]
    assert "one int8: 5.6 GiB, measured peak 5.0 GiB" in alternatives["memory"]
    assert "two bfloat16: 1 MiB" in alternatives["far"]
    assert "4.0 s" in alternatives["latency"]
    assert "20 ms" in alternatives["latency"]
    assert "two bfloat16: 1e+04" in alternatives["tokens_per_second"]
    for choice in what_fits("RTX 12 GB"):
        assert f"{choice.variant.name} {choice.precision}: " in alternatives["better"]
    hostile = plots.latency(['"><script>'], [1.0], [1.0])
    assert ParsedHtml(hostile._repr_html_()).tags == ["style", "img"]


def test_the_memory_of_an_older_comparison_is_drawn_whole():
    old, new = {"weights": GIB, "towers": GIB}, {"weights": GIB, "encoders": GIB}
    assert plots.png(plots.memory(["a"], [old], [None])) == plots.png(
        plots.memory(["a"], [new], [None])
    )


def test_a_plot_is_transparent_in_a_notebook_and_white_as_a_file():
    from PIL import Image

    figure = every()["next"]
    data = base64.b64decode(seen(figure)["src"].partition(",")[2])
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    assert picture.getpixel((2, 2))[3] == 0
    right, top = figure.axes[0].get_window_extent().max
    inside = picture.getpixel((int(right) - 4, picture.height - int(top) + 4))
    assert inside[3] == 0  # the ground of the axes too
    written = Image.open(io.BytesIO(figure._repr_png_())).convert("RGBA")
    assert written.getpixel((2, 2)) == (255, 255, 255, 255)


def test_a_plot_is_readable_on_dark_pages_and_without_its_style_sheet():
    html = every()["next"]._repr_html_()
    for dark in ('[data-jp-theme-light="false"]', 'html[theme="dark"]', ".vscode-dark"):
        assert f"{dark} img.gnb-plot" in html
    assert "invert(1) hue-rotate(180deg)" in html
    assert seen(every()["next"])["style"] == "background:#fff"


def test_what_better_costs_shows_all_that_fits():
    choices = what_fits("RTX 12 GB")
    assert [(c.variant.size, c.precision) for c in choices] == [
        ("E2B", "int4"),
        ("E2B", "int8"),
        ("E4B", "int4"),
        ("E4B", "int8"),
    ]
    shown = " ".join(words(plots.better_costs(choices)))
    for choice in choices:
        assert f"{choice.variant.name} {choice.precision}" in shown
        assert choice.speed.range_text in shown
    with pytest.raises(InvalidInput):
        plots.better_costs(what_fits("binder"))
    # what several devices share has their number instead of a speed
    several = words(plots.better_costs(what_fits("T4 x2")))
    assert several.count("on each of 2 devices") == 2
    assert not any("?" in word for word in several)


def test_axes_have_units():
    labels = {name: " ".join(words(figure)) for name, figure in every().items()}
    assert "tokens per second" in labels["speed_quality"]
    assert "tokens per second" in labels["tokens_per_second"]
    assert "(GiB)" in labels["memory"]
    assert "(MiB)" in labels["far"]
    assert "milliseconds" in labels["latency"]
    assert "better upwards" in labels["bits"]
    assert "probability" in labels["next"]


def test_memory_is_stacked_beside_the_limit_of_the_device():
    figure = plots.memory(["a"], [PARTS], [5 * GIB], 8 * GIB)
    axes = figure.axes[0]
    bars = [b for b in axes.patches if b.get_width() > 0]
    assert [b.get_x() for b in bars] == [0, 4, 5, 5.5]
    assert sum(b.get_width() for b in bars) == sum(PARTS.values()) / GIB
    assert [line.get_xdata()[0] for line in axes.lines] == [8]
    assert axes.collections[0].get_offsets()[0][0] == 5
    assert "measured peak" in words(figure)
    far = plots.memory(["a"], [{"weights": GIB}], [None], 80 * GIB)
    assert "measured peak" not in words(far)
    assert not far.axes[0].lines
    assert any("80.0 GiB" in word for word in words(far))


def test_series_differ_without_colour():
    from matplotlib.colors import to_rgb

    bars = plots.memory(["a"], [PARTS], [None]).axes[0].patches
    assert len({b.get_hatch() for b in bars}) == 4
    points = plots.speed_quality(
        [f"v{i}" for i in range(8)], ["int8"] * 8, [1.0] * 8, [0.5] * 8, "exact"
    )
    paths = {p.get_paths()[0].to_polygons()[0].tobytes() for p in points.axes[0].collections}
    assert len(paths) == 8
    assert len({to_rgb(c) for c in COLOURS}) == 8


def test_less_is_better_points_upwards():
    assert plots.speed_quality(["a"], ["int8"], [1.0], [0.5], "bits").axes[0].yaxis_inverted()
    assert not plots.speed_quality(["a"], ["int8"], [1.0], [0.5], "exact").axes[0].yaxis_inverted()


def test_the_spread_is_drawn():
    figure = plots.tokens_per_second(["a"], [10.0], [(8.0, 13.0)])
    (segment,) = figure.axes[0].collections[0].get_segments()
    assert sorted(segment[:, 0]) == [8.0, 13.0]


def test_japanese_is_drawn_in_a_font_that_has_it():
    gnb.set_language("ja")
    from matplotlib.text import Text

    if fonts._japanese_font() is None:
        pytest.skip("no font with Japanese is installed here")
    figure = every()["next"]
    assert "確率" in words(figure)
    assert "京" in words(figure)
    drawn = [t for t in figure.findobj(Text) if t.get_text()]
    families = {tuple(t.get_fontfamily()) for t in drawn}
    assert families == {fonts.choose_fonts().families}


def test_without_a_japanese_font_labels_are_english_with_a_note(monkeypatch):
    gnb.set_language("ja")
    monkeypatch.setattr(fonts, "_japanese_font", lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.next_token_distribution(["京", "a"], [0.6, 0.4])
        figure._repr_png_()
    labels = words(figure)
    assert "probability" in labels
    assert "[U+4EAC]" in labels
    assert any("No Japanese font" in word for word in labels)
    gnb.set_language("en")
    assert not fonts.choose_fonts().note


def test_visible_pieces_differ():
    assert [plots.visible(t) for t in ("▁a", "\n", "", "\t", "a b")] == ["␣a", "⏎", "∅", "⇥", "a␣b"]


def test_dollar_signs_do_not_start_a_formula():
    figure = plots.latency(["$\\frac{", "a_b$c$"], [1.0, 1.0], [1.0, 1.0])
    assert figure._repr_png_()


@pytest.mark.parametrize(
    "call",
    [
        lambda: plots.latency([], [], []),
        lambda: plots.latency(["a"], [1.0, 2.0], [1.0]),
        lambda: plots.memory(["a"], [], [None]),
        lambda: plots.tokens_per_second(["a", "b"], [1.0]),
        lambda: plots.speed_quality(["a"], ["b"], [1.0], [], "exact"),
        lambda: plots.next_token_distribution(["a"], [0.5, 0.5]),
        lambda: plots.next_token_distribution(["a"], [1.5]),
        lambda: plots.next_token_distribution(["a"], [float("nan")]),
    ],
)
def test_values_that_do_not_match_are_refused(call):
    with pytest.raises(InvalidInput):
        call()


def test_nothing_measured_is_no_crash():
    assert plots.latency(["a"], [None], [None])._repr_png_()
    assert plots.tokens_per_second(["a"], [0.0])._repr_png_()
    assert plots.speed_quality(["a"], ["int8"], [0.0], [0.0], "exact")._repr_png_()


def test_matplotlib_is_imported_when_a_plot_is_made_and_pyplot_never():
    code = (
        "import sys; from gemma_nb import plots; a = 'matplotlib' in sys.modules\n"
        "plots.latency(['a'], [1.0], [1.0])._repr_png_()\n"
        "print(a, 'matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert output.stdout == "False True False\n", output.stderr


def test_the_same_values_give_the_same_picture():
    first, second = (plots.latency(["a"], [1.0], [0.5])._repr_png_() for _ in range(2))
    assert first == second
    assert len(io.BytesIO(first).getvalue()) < 60_000
