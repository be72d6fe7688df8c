"""Sentences of runtimes: facts, places, prices, notes."""

TEXT = {
    # facts
    "fact_place": ("Place", "実行場所"),
    "fact_accelerator": ("Accelerator", "アクセラレーター"),
    "fact_system": ("System", "システム"),
    "fact_other_gpus": ("Other GPUs", "ほかの GPU"),
    "fact_unified_memory": ("Memory shared with the host", "ホストと共有のメモリ"),
    "fact_device_memory": ("Free device memory", "デバイスの空きメモリ"),
    "fact_device_total_memory": ("Device memory in all", "デバイスの総メモリ"),
    "fact_jax_support": ("JAX's plugin for it", "JAX の対応プラグイン"),
    "fact_jax_share": ("Share that JAX may use", "JAX が使える割合"),
    "fact_bandwidth": ("Memory bandwidth", "メモリ帯域幅"),
    "fact_compute_capability": ("Compute capability", "Compute Capability"),
    "fact_native_dtypes": ("Native number formats", "ハードウェアが直接扱う数値形式"),
    "fact_processor": ("Processor", "CPU"),
    "fact_processors": ("Processors", "CPU の数"),
    "fact_host_ram": ("Free host memory", "ホストの空きメモリ"),
    "fact_host_total_ram": ("Host memory in all", "ホストの総メモリ"),
    "fact_disk": ("Free disk for downloads", "ダウンロード先の空きディスク"),
    "fact_python": ("Python", "Python"),
    "fact_package_keras": ("keras", "keras"),
    "fact_package_keras_hub": ("keras-hub", "keras-hub"),
    "fact_package_jax": ("jax", "jax"),
    "fact_package_kagglehub": ("kagglehub", "kagglehub"),
    "fact_package_ipywidgets": ("ipywidgets", "ipywidgets"),
    "fact_unknown": ("unknown", "不明"),
    "fact_missing": ("not installed", "インストールされていません"),
    "fact_yes": ("yes", "はい"),
    "fact_no": ("no", "いいえ"),
    # why there is no accelerator
    "accelerator_none": ("none found", "見つかりません"),
    "accelerator_not_used": ("not used, because of {setting}", "{setting} のため使いません"),
    "accelerator_hidden": (
        "{name} is hidden by {setting}",
        "{name} は {setting} により隠されています",
    ),
    "accelerator_no_slice": (
        "unknown: {name} is partitioned (MIG), and no slice can be seen; set CUDA_VISIBLE_DEVICES "
        "to a slice's UUID (nvidia-smi -L)",
        "不明: {name} は MIG で分割されていますが、使えるスライスが見えません。CUDA_VISIBLE_DEVICES に"
        "スライスの UUID(nvidia-smi -L)を設定してください",
    ),
    "accelerator_no_answer": (
        "unknown: {source} did not answer within {seconds} s; if this machine has an NVIDIA GPU, "
        "run nvidia-smi and try again",
        "不明: {source} が {seconds} 秒以内に応答しませんでした。NVIDIA GPU がある場合は nvidia-smi を"
        "実行してから、もう一度試してください",
    ),
    "accelerator_failed": (
        "unknown: {source} failed ({why}); if this machine has an NVIDIA GPU, check its driver",
        "不明: {source} が失敗しました({why})。NVIDIA GPU がある場合はドライバーを確認してください",
    ),
    "accelerator_no_memory": (
        "unknown: {source} does not report the memory of {name} ({why}); check its driver",
        "不明: {source} が {name} のメモリを報告しません({why})。ドライバーを確認してください",
    ),
    "accelerator_no_driver": (
        "unknown: an NVIDIA GPU is on the PCI bus, and no driver answers; install NVIDIA's driver",
        "不明: PCI バスに NVIDIA GPU がありますが、ドライバーが応答しません。NVIDIA のドライバーを"
        "インストールしてください",
    ),
    "accelerator_other_vendor": (
        "none that JAX uses here: graphics of {vendor} on the PCI bus (JAX's CUDA and TPU packages "
        "do not use it)",
        "JAX が使えるものはありません。PCI バスに {vendor} のグラフィックスがありますが、JAX の CUDA・"
        "TPU 版では使えません",
    ),
    # places
    "place_colab": ("Colab", "Colab"),
    "place_kaggle": ("Kaggle", "Kaggle"),
    "place_binder": ("Binder", "Binder"),
    "place_jupyterlab": ("JupyterLab", "JupyterLab"),
    "place_terminal": ("terminal", "ターミナル"),
    # prices
    "price_free": ("free", "無料"),
    "price_free_or_units": (
        "free, or {units} compute units an hour",
        "無料、または 1 時間あたり {units} コンピューティング ユニット",
    ),
    "price_units": (
        "{units} compute units an hour",
        "1 時間あたり {units} コンピューティング ユニット",
    ),
    "price_free_hours": ("free, about {hours} hours a week", "無料(週に約 {hours} 時間)"),
    "price_free_month": ("free, about {hours} hours a month", "無料(月に約 {hours} 時間)"),
    "price_paid": ("paid", "有料"),
    "price_unknown": ("price unknown", "価格不明"),
    # notes
    "note_high_ram": ("with Colab's High-RAM setting", "Colab の「ハイメモリ」設定が必要"),
    "note_g4_bandwidth": (
        "sources give its bandwidth as 1500 to 1792 GB/s",
        "帯域幅は資料により 1500〜1792 GB/s",
    ),
    "note_scarce": ("often unavailable", "割り当てられないことが多い"),
    "note_binder": (
        "450 MB guaranteed and 2 GB at most, 1 CPU, ends after 10 idle minutes",
        "保証されるのは 450 MB、上限 2 GB、CPU 1 個、10 分間操作がないと終了",
    ),
    "note_example": ("for example {device}", "例: {device}"),
    "note_apple": (
        "unified memory; KerasHub on JAX uses only the CPU here, MLX and llama.cpp use the GPU",
        "ユニファイドメモリ。KerasHub(JAX)は CPU だけで動きます。MLX や llama.cpp なら GPU を使えます",
    ),
    "note_other_gpu": (
        "this package runs on the processor here; llama.cpp and Ollama use such a GPU",
        "このパッケージはここでは CPU で動きます。llama.cpp や Ollama ならこの GPU を使えます",
    ),
    "note_outdated": (
        "These numbers are from {date}, more than half a year ago: hosts and prices may have changed.",
        "この数値は {date} 時点のもので、半年以上前です。環境や価格が変わっている可能性があります。",
    ),
    "note_phone": (
        "KerasHub does not run here; LiteRT-LM does",
        "KerasHub は使えません。LiteRT-LM を使います",
    ),
    # errors
    "no_home": (
        "This user has no home directory (no HOME, and no entry in the user database), so there is "
        "no folder for downloads. Set HOME, or {variable}, to a folder that you can write to.",
        "このユーザーにはホームディレクトリがなく(HOME も、ユーザーデータベースの登録もありません)、"
        "ダウンロード先がありません。HOME か {variable} に、書き込めるフォルダーを設定してください。",
    ),
    "not_a_text": (
        "{name} must be a string, not {kind}.",
        "{name} は文字列で渡してください({kind} は使えません)。",
    ),
    "not_a_flag": (
        "{name} must be True or False, not {kind}.",
        "{name} は True か False で渡してください({kind} は使えません)。",
    ),
    "no_home_in_path": (
        "The home directory in {path} is unknown (no HOME, and no such user): write the whole path.",
        "{path} のホームディレクトリが分かりません(HOME がないか、そのユーザーがいません)。パス全体を書いて"
        "ください。",
    ),
    "path_type": (
        "A path must be a string or a pathlib.Path, not {kind}.",
        "パスは文字列か pathlib.Path です({kind} ではありません)。",
    ),
    "path_unusable": (
        "Nothing can be written to {path}: {why}. Give another path.",
        "{path} には書き込めません: {why}。別のパスを指定してください。",
    ),
    "unknown_runtime": (
        "There is no runtime called {name!r}. The nearest names: {near}. gemma_nb.runtimes() "
        "lists them all, gemma_nb.Runtime(...) describes another.",
        "{name!r} という実行環境はありません。近い名前: {near}。gemma_nb.runtimes() で一覧でき、"
        "gemma_nb.Runtime(...) でほかの環境を記述できます。",
    ),
    "unknown_host": (
        "No known runtime is hosted by {host!r}. Use one of: {all}.",
        "{host!r} にある実行環境は登録されていません。指定できるのは {all} です。",
    ),
    "runtime_kind": (
        "A runtime's kind cannot be {kind!r}: use one of {all}.",
        "実行環境の kind に {kind!r} は使えません。{all} のいずれかを指定してください。",
    ),
    "runtime_facts": (
        "A runtime's facts cannot be {value!r}: they are what detect_runtime() found.",
        "実行環境の facts に {value!r} は使えません。detect_runtime() が調べた値です。",
    ),
    "runtime_dtypes": (
        'A runtime\'s native_dtypes cannot be {value!r}: give Keras dtype names, such as ("float32",).',
        '実行環境の native_dtypes に {value!r} は使えません。("float32",) のように Keras の dtype 名を'
        "並べてください。",
    ),
    "runtime_number": (
        "A runtime's {name} cannot be {value!r}: it must be a positive whole number (memory_fraction: above "
        "0, at most 1; rates: above 0).",
        "実行環境の {name} に {value!r} は使えません。正の整数を指定してください(memory_fraction は 0 より"
        "大きく 1 以下、速度は 0 より大きい数)。",
    ),
}
