"""Sentences of ``python -m gemma_nb fit``."""

TEXT = {
    "fit_help": (
        "which variants fit a machine, and which to take",
        "どのバリアントがその環境に収まり、どれを選ぶとよいか",
    ),
    "fit_help_runtime": (
        "a known runtime (T4, L4, binder, …); this machine when left out",
        "登録済みの実行環境(T4、L4、binder など)。省略するとこのマシン",
    ),
    "fit_help_task": ("what it is for: {tasks}", "用途: {tasks}"),
    "fit_help_max_length": (
        "tokens of prompt and reply together (default {default})",
        "プロンプトと返答を合わせたトークン数(既定 {default})",
    ),
    "fit_help_precision": (
        "one precision: {precisions}; the highest that fits when left out",
        "精度: {precisions}。省略すると収まる中で最も高いもの",
    ),
    "fit_help_all": (
        "every variant, those that KerasHub cannot load too",
        "KerasHub で読み込めないものも含めた全バリアント",
    ),
    "fit_help_json": ("a JSON list of objects", "オブジェクトの JSON リストで出力"),
    "fit_head": ("{runtime}: {available} for a model", "{runtime}: モデルに使えるのは {available}"),
    "fit_variant": ("Variant", "バリアント"),
    "fit_precision": ("Precision", "精度"),
    "fit_status": ("Fits?", "判定"),
    "fit_needed": ("Needs", "必要量"),
    "fit_available": ("of", "使える量"),
    "fit_fits": ("yes", "可"),
    "fit_tight": ("tight", "余裕なし"),
    "fit_no": ("no", "不可"),
    "fit_take": ("Take {variant} in {precision}.", "おすすめ: {variant}({precision})"),
    "fit_or": ("Or {variant} in {precision}.", "または {variant}({precision})"),
}
