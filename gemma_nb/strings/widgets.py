"""Sentences that the widgets share."""

TEXT = {
    "widget_static_note": (
        "Interactive while the notebook runs; as it stood last:",
        "ノートブックの実行中は操作できます。最後の状態:",
    ),
}
