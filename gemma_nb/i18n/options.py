"""Sentences of what can be chosen together, of the memory's parts, of Google's own figures."""

TEXT = {
    "option_not_together": (
        "There is no {family} {size} as {tuning}. {wanted} goes with: {there}; it is {now} now.",
        "{family} {size} の {tuning} はありません。{wanted} と組み合わせられるのは {there} で、"
        "{now} に変えました。",
    ),
    "option_shorter_context": (
        "{variant} was trained for {context} tokens, so the length is {context} now.",
        "{variant} の学習時の長さは {context} トークンまでなので、長さを {context} に変えました。",
    ),
    "part_weights": ("Weights", "重み"),
    "part_towers": ("Image and audio towers", "画像・音声タワー"),
    "part_kv_cache": ("KV cache", "KV キャッシュ"),
    "part_workspace": ("Workspace", "作業領域"),
    "part_host": ("Python and packages", "Python とパッケージ"),
    "part_loading": ("Only while loading", "読み込み時のみ"),
    "part_free": ("Free", "空き"),
    "part_missing": ("Missing", "不足"),
    "published": (
        "Google gives {gb} GB in {form} (weights with 20 % overhead, page of {table})",
        "Google の公表値は {form} で {gb} GB(重みに 20 % の余裕を含む、{table} のページ)",
    ),
    "published_archived": (
        "Google gave {gb} GB in {form} (weights only, an archived page without a date)",
        "Google の公表値は {form} で {gb} GB(重みのみ、日付のないアーカイブ済みページ)",
    ),
}
