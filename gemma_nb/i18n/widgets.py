"""Sentences that the widgets share."""

TEXT = {
    "widget_static_note": (
        "Interactive in a notebook: run this cell (again). As it stood last:",
        "ノートブックでこのセルを(もう一度)実行すると操作できます。最後の状態:",
    ),
}
