"""Sentences of what fits: precisions, memory, verdicts, guards, changes."""

TEXT = {
    "resource_device": ("device memory", "デバイスのメモリ"),
    "resource_host": ("host memory", "ホストのメモリ"),
    "resource_disk": ("free disk", "空きディスク"),
    # verdicts
    "verdict_fits": (
        "{variant} in {precision} fits on {runtime}: it takes {needed} of {available} {resource}.",
        "{variant}({precision})は {runtime} に収まります。{resource} {available} のうち {needed} を"
        "使います。",
    ),
    "verdict_tight": (
        "{variant} in {precision} is tight on {runtime}: it takes {needed} of {available} "
        "{resource}, so little is left for anything else.",
        "{variant}({precision})は {runtime} にぎりぎり収まります。{resource} {available} のうち "
        "{needed} を使うため、ほかの処理があると足りなくなるおそれがあります。",
    ),
    "verdict_no": (
        "{variant} in {precision} does not fit on {runtime}: it takes {needed}, and there are "
        "{available} of {resource}.",
        "{variant}({precision})は {runtime} に収まりません。{needed} 必要ですが、{resource}は "
        "{available} しかありません。",
    ),
    # the same on a processor that copies 16-bit weights
    "verdict_fits_copies": (
        "{variant} in {precision} fits on {runtime}: it takes {needed} of {available} {resource}, "
        "{copies} of it for a float32 copy of its largest 16-bit weights, which a processor makes.",
        "{variant}({precision})は {runtime} に収まります。{resource} {available} のうち {needed} を"
        "使います(うち {copies} は、CPU が作る 16 ビットの最も大きい重みの float32 の複製)。",
    ),
    "verdict_tight_copies": (
        "{variant} in {precision} is tight on {runtime}: it takes {needed} of {available} "
        "{resource}, {copies} of it for a float32 copy of its largest 16-bit weights, which a "
        "processor makes, so little is left for anything else.",
        "{variant}({precision})は {runtime} にぎりぎり収まります。{resource} {available} のうち "
        "{needed}(うち {copies} は、CPU が作る 16 ビットの最も大きい重みの float32 の複製)を使うため、"
        "ほかの処理があると足りなくなるおそれがあります。",
    ),
    "verdict_no_copies": (
        "{variant} in {precision} does not fit on {runtime}: it takes {needed}, {copies} of it for "
        "a float32 copy of its largest 16-bit weights, which a processor makes, and there are "
        "{available} of {resource}.",
        "{variant}({precision})は {runtime} に収まりません。{needed}(うち {copies} は、CPU が作る "
        "16 ビットの最も大きい重みの float32 の複製)必要ですが、{resource}は {available} しかありません。",
    ),
    "devices_not_there": (
        "{devices!r} devices were asked for, and {runtime} has {there}: give a whole number from 1 "
        "to {there}.",
        "デバイス数 {devices!r} は指定できません。{runtime} にあるのは {there} 個なので、1 から "
        "{there} の整数を指定してください。",
    ),
    # guards
    "guard_not_loadable": (
        "KerasHub cannot load {variant}. What can: {others}; gemma_nb.frameworks_for({variant!r}) "
        "says how.",
        "KerasHub では {variant} を読み込めません。動かせるのは {others} です。方法は "
        "gemma_nb.frameworks_for({variant!r}) で確認できます。",
    ),
    "guard_not_run": (
        "KerasHub loads {variant}, and gemma_nb does not run it: its prompts and its pooling differ "
        "from EmbeddingGemma's. Use it through keras_hub.models, or choose an EmbeddingGemma.",
        "{variant} は KerasHub で読み込めますが、プロンプトとプーリングが EmbeddingGemma と異なるため "
        "gemma_nb では動かせません。keras_hub.models から使うか、EmbeddingGemma を選んでください。",
    ),
    "guard_no_keras": (
        "KerasHub does not run on {runtime}. LiteRT-LM does: see "
        "gemma_nb.frameworks_for({variant!r}, {runtime!r}).",
        "{runtime} では KerasHub は動きません。LiteRT-LM なら動きます。"
        "gemma_nb.frameworks_for({variant!r}, {runtime!r}) を参照してください。",
    ),
    "guard_no_keras_hub": (
        "{runtime} comes without keras-hub: install keras-hub {version} or newer first (the "
        "notebooks' first cell does).",
        "{runtime} には keras-hub が入っていません。先に keras-hub {version} 以降をインストール"
        "してください(ノートブックの最初のセルが行います)。",
    ),
    "guard_old_keras_hub": (
        "{runtime} has keras-hub {installed}, which does not know {variant}: it takes {version} or "
        "newer. Upgrade keras-hub (the notebooks' first cell does).",
        "{runtime} の keras-hub {installed} は {variant} に対応していません。{version} 以降が必要です。"
        "keras-hub を更新してください(ノートブックの最初のセルが行います)。",
    ),
    "guard_jax_support": (
        "JAX cannot use {runtime} yet and would run {variant} on the processor: install "
        "jax[{extra}] first.",
        "JAX はまだ {runtime} を使えず、{variant} は CPU で動くことになります。先に jax[{extra}] を"
        "インストールしてください。",
    ),
    "guard_jax_share": (
        "JAX may use only {share} of the GPU here: by default it reserves 75 % of it at once. Set "
        "XLA_PYTHON_CLIENT_PREALLOCATE=false and XLA_CLIENT_MEM_FRACTION before keras or jax is "
        "imported (gemma_nb does, to {ours}, where it comes first).",
        "ここでは JAX は GPU メモリの {share} しか使えません。JAX は既定で 75 % を最初に確保します。"
        "keras や jax を import する前に XLA_PYTHON_CLIENT_PREALLOCATE=false と "
        "XLA_CLIENT_MEM_FRACTION を設定してください(先に import すれば gemma_nb が {ours} に設定"
        "します)。",
    ),
    "guard_apple": (
        "On Apple silicon KerasHub with JAX runs on the processor only; MLX and llama.cpp use the "
        "GPU. See gemma_nb.frameworks_for({variant!r}, {runtime!r}).",
        "Apple シリコンでは KerasHub(JAX)は CPU だけで動きます。MLX や llama.cpp は GPU を使います。"
        "gemma_nb.frameworks_for({variant!r}, {runtime!r}) を参照してください。",
    ),
    "guard_terms": (
        "{variant} can be downloaded only once its terms ({licence}) have been accepted on Kaggle "
        "or Hugging Face with your account.",
        "{variant} をダウンロードするには、先に Kaggle または Hugging Face の自分のアカウントで"
        "利用規約({licence})に同意しておく必要があります。",
    ),
    "guard_float16_overflows": (
        "{variant} does not work in float16: its activations leave float16's range (65,504), and it answers "
        "nonsense. Take bfloat16, which has float32's range. (Reported by others, not measured here.)",
        "{variant} に float16 は使えません。活性値が float16 の範囲(65,504)を超え、意味のない出力になります。"
        "float32 と同じ範囲をもつ bfloat16 を使ってください。(他者の報告であり、ここでは測定していません。)",
    ),
    "guard_float16_clipped": (
        "{variant} in float16: KerasHub clips the activations that leave float16's range (65,504). "
        "Measured on Gemma 3 270M, that costs 4.2 % perplexity (int8 costs less than 1 %); larger "
        "ones were not measured here. bfloat16 costs nothing.",
        "{variant} の float16: float16 の範囲(65,504)を超える活性値は KerasHub が切り詰めます。Gemma 3 270M "
        "での測定では、パープレキシティが 4.2 % 上がりました(int8 は 1 % 未満)。より大きいモデルはここでは"
        "測定していません。bfloat16 なら損失はありません。",
    ),
    "guard_float16_unmeasured": (
        "{variant} in float16: others found its activations far below float16's range (about 2080 of "
        "65,504) and the same answers as in bfloat16 (unslothai/unsloth 4875). Not measured here: if "
        "it answers nonsense, take float32 or bfloat16.",
        "{variant} の float16: 活性値は float16 の範囲より十分小さく(65,504 に対し約 2080)、回答も "
        "bfloat16 と同じだったとの報告があります(unslothai/unsloth 4875)。ここでは測定していません。意味の"
        "ない出力になる場合は float32 か bfloat16 を使ってください。",
    ),
    "guard_old_gpu": (
        "{runtime} has compute capability {capability}: JAX's wheels for CUDA 13 take 7.5 or newer. "
        "Install jax[cuda12], which takes 5.2 or newer, or use llama.cpp (docs.jax.dev, "
        '"Installation").',
        "{runtime} の Compute Capability は {capability} です。CUDA 13 用の JAX には 7.5 以降が必要です。"
        "5.2 以降に対応する jax[cuda12] を入れるか、llama.cpp を使ってください(docs.jax.dev の "
        "Installation)。",
    ),
    "guard_float32": (
        "float32 is KerasHub's default. It takes twice the memory of bfloat16, in which "
        "{variant} was published, and improves no answer.",
        "float32 は KerasHub の既定値ですが、{variant} が公開されている bfloat16 の 2 倍のメモリを"
        "使い、回答がよくなるわけではありません。",
    ),
    "guard_emulated_bfloat16": (
        "{runtime} (compute capability {capability}) has no bfloat16 of its own: it computes "
        "bfloat16 at about float32's speed. The memory is still half. {instead} (Not measured here.)",
        "{runtime}(Compute Capability {capability})は bfloat16 を直接計算できず、float32 とほぼ同じ"
        "速度になります。それでもメモリは半分で済みます。{instead}(ここでは測定していません。)",
    ),
    "float16_instead": (
        'It computes float16 itself, which precision="auto" takes for this model.',
        'float16 は直接計算できるので、このモデルでは precision="auto" が float16 を選びます。',
    ),
    "float16_no_way_out": (
        "It computes float16 itself, but that does not help this model: it would cost exactness, or "
        "nobody has tried it.",
        "float16 は直接計算できますが、このモデルでは正確さが落ちるか、試された例がないため、代わりに"
        "なりません。",
    ),
    "float16_not_faster": (
        "float16 is no faster there.",
        "float16 にしても速くはなりません。",
    ),
    "guard_int8_float16": (
        "int8 goes with bfloat16 here too, though {runtime} would compute float16 faster: Keras "
        "refuses int8 with float16.",
        "{runtime} では float16 のほうが速いものの、int8 は bfloat16 と組み合わせます。Keras は int8 "
        "と float16 の組み合わせを受け付けません。",
    ),
    "guard_experts_stay": (
        "Keras quantises everything in {variant} but its experts, and those are most of it: "
        "{precision} hardly saves memory.",
        "Keras は {variant} のエキスパート以外を量子化しますが、重みの大半はエキスパートです。"
        "{precision} にしてもメモリはほとんど減りません。",
    ),
    "guard_int4_speed": (
        "int4 saves memory, not time: Keras unpacks each matrix whole whenever it is used.",
        "int4 で減るのはメモリで、時間は短くなりません。Keras は使うたびに行列全体を展開します。",
    ),
    "guard_int4_small": (
        "A small model gets much worse in 4 bit: on a page of text, the perplexity of Gemma 3 270M rises by "
        "30 % in int4 and by less than 1 % in int8. Take int8 for {variant} where it fits.",
        "小さいモデルを 4 ビットにすると、性能が大きく落ちます。Gemma 3 270M のパープレキシティは、ある文章"
        "では int4 で 30 %、int8 では 1 % 未満の上昇でした。{variant} は、収まるなら int8 にしてください。",
    ),
    "guard_drafter": (
        "{variant} is a drafter: it proposes tokens for its large model and cannot answer alone. "
        "Choose the instruction-tuned variant that it belongs to.",
        "{variant} はドラフターです。大きなモデルにトークンを提案するもので、単独では回答できません。"
        "対応する指示チューニング版を選んでください。",
    ),
    "guard_embedder": (
        "{variant} turns text into vectors and writes none: use it with model.embed, and choose an "
        "instruction-tuned variant for answers.",
        "{variant} はテキストをベクトルに変えるモデルで、文章は生成しません。model.embed で使い、回答が"
        "必要なら指示チューニング版を選んでください。",
    ),
    "guard_classifier": (
        "{variant} judges texts against a safety policy with Yes or No; for answers choose an "
        "instruction-tuned core variant.",
        "{variant} は安全ポリシーに照らして Yes / No で判定するモデルです。回答が必要ならコア Gemma の"
        "指示チューニング版を選んでください。",
    ),
    "guard_pretrained": (
        "{variant} is pretrained only: it continues a text and follows no instructions. Where an "
        "answer is wanted, choose its instruction-tuned (IT) sibling.",
        "{variant} は事前学習のみのモデルで、文章の続きを書きますが指示には従いません。回答が必要なら"
        "同じモデルの指示チューニング版(IT)を選んでください。",
    ),
    "guard_rough_estimate": (
        "The architecture of {variant} is not published in full, so its memory is a rough "
        "estimate from its parameters.",
        "{variant} のアーキテクチャは完全には公開されていないため、メモリ量はパラメータ数からの概算です。",
    ),
    # changes
    "fix_float32_to_bfloat16": (
        "Load it in bfloat16: half the memory of float32, and what it was published in.",
        "bfloat16 で読み込む: メモリは float32 の半分で、公開時の形式でもあります。",
    ),
    "fix_float32_to_float16": (
        "Load it in float16: half the memory of float32, and what this GPU computes itself.",
        "float16 で読み込む: メモリは float32 の半分で、この GPU が直接計算できる形式です。",
    ),
    "fix_float16_to_bfloat16": (
        "Load it in bfloat16: the same memory, and the range of float32.",
        "bfloat16 で読み込む: メモリは同じで、float32 と同じ範囲を扱えます。",
    ),
    "fix_float16_to_float32": (
        "Load it in float32, in which a processor computes anyway.",
        "float32 で読み込む: CPU はもともと float32 で計算します。",
    ),
    "fix_bfloat16_on_a_processor": (
        "Load it in bfloat16: half the memory of float32. (Its time on a processor was not measured.)",
        "bfloat16 で読み込む: メモリは float32 の半分です(CPU での速さは測定していません)。",
    ),
    "fix_text_only": (
        "Take {variant}, the same without images.",
        "画像を扱わない同じモデル {variant} を使う。",
    ),
    "fix_shorter": (
        "Shorten max_length to {max_length} tokens, prompt and reply together.",
        "max_length を {max_length} トークン(プロンプトと回答の合計)に短くする。",
    ),
    "fix_batch": ("Take one conversation at a time.", "会話を 1 つずつ処理する。"),
    "fix_int8": (
        "Quantise to int8: half of 16 bit, with slightly different answers.",
        "int8 に量子化する: 16 ビットの半分になり、回答はわずかに変わります。",
    ),
    "fix_int4": (
        "Quantise to int4: about a third of 16 bit, slower than int8, with answers that differ "
        "more.",
        "int4 に量子化する: 16 ビットの約 3 分の 1 になりますが、int8 より遅く、回答の違いも大きく"
        "なります。",
    ),
    "fix_devices": (
        "Spread it over {devices} devices of {runtime}.",
        "{runtime} のデバイス {devices} 個に分けて載せる。",
    ),
    "fix_smaller": ("Take the smaller {variant}.", "より小さい {variant} を使う。"),
    "fix_runtime": (
        "Run it on {host}'s {runtime}: {price} (as of {date}).",
        "実行環境を変える: {host} の {runtime}、{price}({date} 時点)。",
    ),
    "devices_of_runtime": (
        "{runtime} ({devices} devices)",
        "{runtime}(デバイス {devices} 個)",
    ),
    # --- precision, length and speed
    "unknown_precision": (
        "There is no precision {name!r}. The nearest: {near}. All precisions: {all}.",
        "精度 {name!r} はありません。近い名前: {near}。指定できるのは {all} です。",
    ),
    "int8_refuses_float16": (
        'Keras refuses int8 with float16 ("doesn\'t work well", keras 3.15.1): ask for int8, which keeps '
        "bfloat16 around the quantised matrices.",
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
        "about {low} to {high} tokens a second (an estimate from the bytes read for each token; "
        "{basis})",
        "毎秒およそ {low}〜{high} トークン(1 トークンごとに読むバイト数からの推定。{basis})",
    ),
    "speed_basis_h200": (
        "it rests on this package's measurements on an H200",
        "このパッケージの H200 での測定に基づきます",
    ),
    "speed_basis_t4": (
        "it rests on what llama.cpp reached on a T4",
        "T4 での llama.cpp の公表値に基づきます",
    ),
    "speed_basis_t4_float16": (
        "in float16, which this GPU computes itself; it rests on what llama.cpp reached on a T4",
        "この GPU が直接計算できる float16 での値。T4 での llama.cpp の公表値に基づきます",
    ),
    "speed_basis_l4": (
        "it rests on what Transformers reached on an L4",
        "L4 での Transformers の公表値に基づきます",
    ),
    "speed_basis_tpu": ("not measured on a TPU", "TPU では測定していません"),
    "speed_basis_processor": (
        "not measured on this kind of processor",
        "この種の CPU では測定していません",
    ),
    # --- options, the memory's parts, Google's own figures
    "option_not_together": (
        "{family} {size} does not exist as {tuning}. {wanted} goes with: {there}; it was changed to {now}.",
        "{family} {size} の {tuning} はありません。{wanted} と組み合わせられるのは {there} で、"
        "{now} に変えました。",
    ),
    "option_shorter_context": (
        "{variant} was trained for {context} tokens, so the length was changed to {context}.",
        "{variant} の学習時の長さは {context} トークンまでなので、長さを {context} に変えました。",
    ),
    "part_weights": ("Weights", "重み"),
    "part_encoders": ("Image and audio encoders", "画像・音声エンコーダー"),
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
