"""Sentences of the other ways to run a variant."""

TEXT = {
    "framework_yes": (
        "{framework} ({format}): {command}",
        "{framework}({format}): {command}",
    ),
    "framework_nameless": (
        "{framework} ({format}): runs it; the model's name there is not known here.",
        "{framework}({format}): 動きますが、そこでのモデル名はここでは把握していません。",
    ),
    "framework_no": (
        "{framework} ({format}): does not have it (as of {date}).",
        "{framework}({format}): ありません({date} 時点)。",
    ),
    "framework_unknown": (
        "{framework} ({format}): unknown; no source read by {date} names it.",
        "{framework}({format}): 不明です。{date} までに確認した資料には載っていません。",
    ),
    "framework_note_keras_apple": (
        "on the processor only",
        "CPU だけで動きます",
    ),
    "framework_note_jax": (
        "Gemma 4's code is there; its checkpoints on Kaggle were not listed when read. int4 "
        "checkpoints exist for Gemma 3.",
        "Gemma 4 のコードはありますが、確認時点で Kaggle のチェックポイントは載っていませんでした。"
        "Gemma 3 には int4 のチェックポイントがあります。",
    ),
    "framework_note_unsloth": ("made for tuning first", "主にチューニング用です"),
    "framework_note_vllm": (
        "KerasHub has a path into vLLM on TPU too",
        "KerasHub から TPU 上の vLLM につなぐ方法もあります",
    ),
    "framework_note_app": ("a desktop application", "デスクトップアプリです"),
    "framework_note_sbs": (
        "the .sbs weights lie on Kaggle under the model's Gemma C++ tab",
        ".sbs の重みは Kaggle のモデルページの「Gemma C++」タブにあります",
    ),
    "framework_note_mediapipe": (
        "an application SDK; LiteRT-LM follows it",
        "アプリ用 SDK です。後継は LiteRT-LM です",
    ),
    "framework_note_vertex": (
        "Model Garden, in the console or by SDK; renamed Gemini Enterprise Agent Platform in 2026",
        "Model Garden からコンソールまたは SDK で使います。2026 年に Gemini Enterprise Agent Platform "
        "に改称されました",
    ),
    "framework_note_container": (
        "any model that the container inside it serves (vLLM or Ollama)",
        "中で動かすコンテナ(vLLM や Ollama)が対応するモデルなら動きます",
    ),
}
