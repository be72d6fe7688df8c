"""Sentences of precision and memory."""

TEXT = {
    "unknown_precision": (
        "There is no precision {name!r}. The nearest: {near}. There are: {all}.",
        "精度 {name!r} はありません。近い名前: {near}。指定できるのは {all} です。",
    ),
    "int8_refuses_float16": (
        'Keras refuses int8 with float16 ("doesn\'t work well", keras 3.15.1): ask for int8, '
        "which keeps bfloat16 round the quantised matrices.",
        "Keras は int8 と float16 の組み合わせを受け付けません(keras 3.15.1)。"
        "int8 を指定してください。量子化した行列の周りは bfloat16 になります。",
    ),
    "number_not_whole": (
        "{name} cannot be {value!r}: it counts, so give a whole number such as 2048.",
        "{name} に {value!r} は使えません。個数なので、2048 のような整数を指定してください。",
    ),
    "number_not_positive": (
        "{name} cannot be {value}: give 1 or more.",
        "{name} に {value} は使えません。1 以上を指定してください。",
    ),
    "beyond_context": (
        "max_length {max_length} is beyond {variant}, which was trained for {context} tokens: "
        "give {context} or less.",
        "max_length {max_length} は {variant} の上限を超えています。このモデルは {context} トークンまで"
        "学習されているので、{context} 以下を指定してください。",
    ),
    "speed": (
        "about {low} to {high} tokens a second (an estimate from the bytes read for each token)",
        "毎秒およそ {low}〜{high} トークン(1 トークンごとに読むバイト数からの推定)",
    ),
}
