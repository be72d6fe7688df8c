"""Words on plots."""

TEXT = {
    "plot_speed_quality_title": ("Speed and quality", "速度と品質"),
    "plot_memory_title": (
        "Memory: predicted parts and measured peak",
        "メモリ: 予測の内訳と実測ピーク",
    ),
    "plot_memory_predicted_title": ("Memory, as predicted", "メモリの予測"),
    "plot_latency_title": ("Time to the first token", "最初のトークンまでの時間"),
    "plot_speed_title": ("Generation speed", "生成速度"),
    "plot_next_token_title": ("What may come next", "次に来るトークンの候補"),
    "plot_tokens_per_second": ("tokens per second", "トークン/秒"),
    "plot_milliseconds": ("milliseconds (logarithmic)", "ミリ秒（対数目盛）"),
    "plot_memory": ("memory", "メモリ"),
    "plot_probability": ("probability", "確率"),
    "plot_quality_exact": ("answers equal to the reference", "参照解答と一致した割合"),
    "plot_quality_contains": ("answers that contain the reference", "参照解答を含む割合"),
    "plot_quality_bits": (
        "bits per byte of the text (better upwards)",
        "テキスト 1 バイトあたりのビット数（上ほど良い）",
    ),
    "plot_quality_same": (
        "same token as the highest precision",
        "最高精度と同じトークンになる割合",
    ),
    "plot_part_weights": ("weights", "重み"),
    "plot_part_towers": ("vision and audio", "画像・音声"),
    "plot_part_kv_cache": ("KV cache", "KV キャッシュ"),
    "plot_part_workspace": ("workspace", "作業領域"),
    "plot_part_overhead": ("overhead", "オーバーヘッド"),
    "plot_part_python": ("Python and packages", "Python とパッケージ"),
    "plot_measured": ("measured peak", "実測ピーク"),
    "plot_available": ("available here", "ここで使える量"),
    "plot_available_far": (
        "Available here: {value}, beyond the right edge.",
        "ここで使える量: {value}（右端の外）",
    ),
    "plot_cold": ("first call", "初回"),
    "plot_warm": ("later calls", "2 回目以降"),
    "plot_before": ("as the model says", "モデルの出力"),
    "plot_after": ("after sampling settings", "サンプリング設定の適用後"),
    "plot_no_japanese_font": (
        "No font with Japanese was found here, so the labels are in English.",
        "日本語フォントが見つからないため、ラベルは英語です。",
    ),
    "plot_lengths": (
        "A plot needs values, as many of each kind; these are {lengths}. Give every list the same length.",
        "グラフには同じ個数の値が必要ですが、個数は {lengths} です。すべてのリストの長さをそろえてください。",
    ),
    "plot_no_probability": (
        "{value} is no probability: give numbers from 0 to 1.",
        "{value} は確率ではありません。0 から 1 の数を指定してください。",
    ),
    "plot_nothing": (
        "There is nothing to draw here: no row has {what}.",
        "描くものがありません。{what}のある行がありません。",
    ),
    "plot_what_speed": ("a measured speed", "速度の測定値"),
    "plot_what_quality": (
        "a score (give references or text, or one variant in several precisions)",
        "品質の値（references か text を指定するか、同じモデルを複数の精度で比べてください）",
    ),
    "plot_what_rows": ("anything", "測定値"),
}
