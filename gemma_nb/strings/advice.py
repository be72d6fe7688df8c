"""Sentences of the advice: verdicts, changes, recommendations."""

TEXT = {
    "resource_device": ("device memory", "デバイスのメモリ"),
    "resource_host": ("host memory", "ホストのメモリ"),
    "resource_disk": ("disk", "ディスク"),
    "verdict_fits": (
        "{variant} in {precision} fits on {runtime}: it takes {needed} of {available} {resource}.",
        "{variant}({precision})は {runtime} に収まります。{resource} {available} のうち {needed} を"
        "使います。",
    ),
    "verdict_tight": (
        "{variant} in {precision} is tight on {runtime}: it takes {needed} of {available} "
        "{resource}, so anything else may push it out.",
        "{variant}({precision})は {runtime} にぎりぎり収まります。{resource} {available} のうち "
        "{needed} を使うため、ほかの処理があると足りなくなるおそれがあります。",
    ),
    "verdict_no": (
        "{variant} in {precision} does not fit on {runtime}: it takes {needed}, and there are "
        "{available} of {resource}.",
        "{variant}({precision})は {runtime} に収まりません。{needed} 必要ですが、{resource}は "
        "{available} しかありません。",
    ),
    "unknown_task": (
        "There is no task {task!r}. The nearest: {near}.",
        "用途 {task!r} はありません。近いもの: {near}。",
    ),
    "recommend_newest": (
        "{variant} is the newest core instruction-tuned Gemma with the fewest parameters. {fit}",
        "{variant} は、最新のコア Gemma の指示チューニング版のうちパラメータが最も少ないものです。{fit}",
    ),
    "recommend_older": (
        "No newer core Gemma fits in 16 bit here; {variant} is the newest core instruction-tuned "
        "one that does, with the fewest parameters. {fit}",
        "これより新しいコア Gemma は 16 ビットではここに収まりません。収まる中で最も新しい世代の"
        "指示チューニング版のうち、パラメータが最も少ないのが {variant} です。{fit}",
    ),
    "recommend_demo": (
        "No released Gemma fits here; the demo model runs anywhere. {fit}",
        "ここに収まる公開済みの Gemma はありません。デモモデルならどこでも動きます。{fit}",
    ),
    "recommend_largest": (
        "The largest of its generation that fits comfortably. {fit}",
        "同じ世代で余裕をもって収まる最大のものです。{fit}",
    ),
}
