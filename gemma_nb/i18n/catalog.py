"""Sentences of the catalog, and of the other frameworks that run a variant."""

TEXT = {
    "unknown_variant": (
        "There is no Gemma variant called {name!r}. {near}",
        "{name!r} という Gemma のバリアントはありません。{near}",
    ),
    "nearest_variants": (
        "The nearest names: {names}. gemma_nb.variants() lists them all.",
        "近い名前: {names}。gemma_nb.variants() ですべて一覧できます。",
    ),
    "no_near_variant": (
        "gemma_nb.variants() lists them all.",
        "gemma_nb.variants() ですべて一覧できます。",
    ),
    "variant_not_a_name": (
        (
            "A variant is a name (a str), a path or a Variant, not {kind}. "
            "gemma_nb.variants() lists the names."
        ),
        (
            "バリアントには名前(str)、パス、または Variant を渡してください({kind} は使えません)。"
            "名前は gemma_nb.variants() で一覧できます。"
        ),
    ),
    "variant_on_hugging_face": (
        (
            "{asked!r} is a Hugging Face id: here, the same model is called {name!r} and comes from Kaggle. "
            "Write 'hf://{asked}' to load it from Hugging Face."
        ),
        (
            "{asked!r} は Hugging Face の ID です。同じモデルはここでは {name!r}(Kaggle から取得)です。"
            "Hugging Face から読み込むには 'hf://{asked}' と書いてください。"
        ),
    ),
    "no_such_directory": (
        (
            "There is no directory {path!r}. For a model on Hugging Face, write 'hf://org/name'; for one on "
            "Kaggle, 'kaggle://owner/model/framework/variation'."
        ),
        (
            "ディレクトリ {path!r} がありません。Hugging Face のモデルは 'hf://org/name'、"
            "Kaggle のモデルは 'kaggle://owner/model/framework/variation' と書いてください。"
        ),
    ),
    "unknown_filter": (
        "No variant has the {field} {asked!r}. These exist: {names}.",
        "{field} が {asked!r} のバリアントはありません。候補: {names}。",
    ),
    "not_a_demo": (
        "{name} is not one of the models shipped with this package. Those are: {names}.",
        "{name} はこのパッケージに同梱されたモデルではありません。同梱モデル: {names}。",
    ),
    "bad_handle": (
        (
            "{handle!r} is not a handle. For a model on Hugging Face, write 'hf://org/name' (with '@revision' "
            "for a branch, a tag or a commit); for one on Kaggle, 'kaggle://owner/model/framework/variation' "
            "(with '/version' for a particular one)."
        ),
        (
            "{handle!r} はハンドルとして読めません。Hugging Face のモデルは 'hf://org/name'"
            "(ブランチ、タグ、コミットは末尾に '@リビジョン')、"
            "Kaggle のモデルは 'kaggle://owner/model/framework/variation'"
            "(特定の版は末尾に '/版番号')と書いてください。"
        ),
    ),
    "hub_not_found": (
        (
            "There is no model at {handle}, or it is private. Check the spelling; for a private model, set a "
            "token that may read it (HF_TOKEN)."
        ),
        (
            "{handle} にモデルがないか、非公開です。綴りを確認し、非公開の場合は"
            "読み取り権限のあるトークン(HF_TOKEN)を設定してください。"
        ),
    ),
    "hub_refused": (
        (
            "{handle} cannot be read yet: an account has to accept its terms first. Accept them at {url}, set "
            "your token, and try again."
        ),
        (
            "{handle} はまだ読めません。先にアカウントで利用規約に同意する必要があります。{url} で同意し、トー"
            "クンを設定してから、もう一度試してください。"
        ),
    ),
    "hub_unreachable": (
        (
            "{handle} could not be read: {why}. Check the connection and try again; models that are already on "
            "this disk load without it."
        ),
        (
            "{handle} を読めませんでした({why})。接続を確認して、もう一度試してください。すでにこのディスクにあ"
            "るモデルは接続なしで読み込めます。"
        ),
    ),
    "hub_no_revision": (
        (
            "{handle} has no revision {version!r}: there is no such branch, tag or commit. Look at its "
            "page for the names, or write the handle without '@{version}' for the newest."
        ),
        (
            "{handle} にリビジョン {version!r}(ブランチ、タグ、コミット)がありません。ページで名前を"
            "確認するか、'@{version}' を外して最新版を指定してください。"
        ),
    ),
    "hub_certificate": (
        (
            "{handle} could not be read: the server that answered has a certificate that is not trusted here. A "
            "proxy that replaces the hub's certificate with its own causes this. Save the proxy's root "
            "certificate as a .pem file, set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to its path before Python "
            "starts, and try again. ({why})"
        ),
        (
            "{handle} を読めませんでした。応答したサーバーの証明書がここでは信頼されていません。プロキシが独自"
            "の証明書に差し替えている可能性があります。プロキシのルート証明書を .pem で保存し、Python の起動前"
            "に SSL_CERT_FILE と REQUESTS_CA_BUNDLE をそのパスに設定して、もう一度試してください。({why})"
        ),
    ),
    "hub_token_characters": (
        (
            "{handle} could not be read: the Hugging Face token (HF_TOKEN, or the file that the login saved) "
            "has characters that no token contains. Copy it again from https://huggingface.co/settings/tokens."
        ),
        (
            "{handle} を読めませんでした。Hugging Face のトークン(HF_TOKEN またはログインが保存したファイル)に、"
            "トークンにはない文字が含まれています。https://huggingface.co/settings/tokens から"
            "コピーし直してください。"
        ),
    ),
    "file_missing": (
        (
            "{where} has no {file}, so its size is unknown. A KerasHub preset has config.json and "
            "metadata.json, a Hugging Face checkpoint config.json and safetensors files."
        ),
        (
            "{where} に {file} がないため、大きさが分かりません。KerasHub のプリセットには "
            "config.json と metadata.json、Hugging Face のチェックポイントには config.json と "
            "safetensors ファイルが必要です。"
        ),
    ),
    "file_not_json": (
        "{file} of {where} is not valid JSON. Download the model again.",
        "{where} の {file} は正しい JSON ではありません。モデルをもう一度ダウンロードしてください。",
    ),
    "not_safetensors": (
        "{path} is not a complete safetensors file. Download it again.",
        "{path} は完全な safetensors ファイルではありません。もう一度ダウンロードしてください。",
    ),
    "is_adapter": (
        (
            "{where} holds an adapter (adapter_config.json), not a whole model. Load the model that it belongs "
            "to, or merge the two first."
        ),
        (
            "{where} はモデル全体ではなくアダプター(adapter_config.json)です。"
            "元のモデルを読み込むか、先に両者を統合してください。"
        ),
    ),
    "adapter_unsupported": (
        (
            "The adapter of {where} has {field} {value} (adapter_config.json), which gemma_nb cannot merge. "
            "Merge it with PEFT (merge_and_unload, then save_pretrained), and load the result."
        ),
        (
            "{where} のアダプター(adapter_config.json)の {field} は {value} で、gemma_nb では統合できません。"
            "PEFT の merge_and_unload で統合して save_pretrained で保存し、それを読み込んでください。"
        ),
    ),
    "adapter_tensor": (
        (
            "The adapter of {where} (adapter_config.json) has the tensor {tensor!r}, which fits no weight of "
            "its base. Use the base that it was trained on, or merge it with PEFT."
        ),
        (
            "{where} のアダプター(adapter_config.json)のテンソル {tensor!r} に合う重みが元のモデルに"
            "ありません。学習に使った元のモデルを使うか、PEFT で統合してください。"
        ),
    ),
    "adapter_file_missing": (
        (
            "The adapter of {where} has no {file} (gemma_nb reads only adapter_config.json with "
            "adapter_model.safetensors). Save it with PEFT's save_pretrained."
        ),
        (
            "{where} のアダプターに {file} がありません(読み込めるのは adapter_config.json と "
            "adapter_model.safetensors の組だけです)。PEFT の save_pretrained で保存してください。"
        ),
    ),
    "adapter_base_format": (
        (
            "The adapter of {where} (adapter_config.json) is in PEFT's format, and its base {base} is a Keras "
            "preset. Use the base as a Hugging Face checkpoint."
        ),
        (
            "{where} のアダプター(adapter_config.json)は PEFT の形式ですが、元のモデル {base} は "
            "Keras のプリセットです。Hugging Face 形式の元のモデルを使ってください。"
        ),
    ),
    "adapter_base_unreadable": (
        (
            "{where} is an adapter (adapter_config.json) of {base}, and that model could not be "
            "read: {why}"
        ),
        (
            "{where} は {base} 用のアダプター(adapter_config.json)ですが、元のモデルを読めません"
            "でした: {why}"
        ),
    ),
    "is_quantised": (
        (
            "{where} is quantised ({method}), which KerasHub cannot load. Load the unquantised model with "
            "precision 'int8' or 'int4', or run this one with the framework that it was made for."
        ),
        (
            "{where} は量子化済み({method})で、KerasHub では読み込めません。量子化前のモデルを "
            "precision 'int8' または 'int4' で読み込むか、このモデル用のフレームワークを"
            "使ってください。"
        ),
    ),
    "config_field_missing": (
        (
            "The configuration of {where} has no {field!r}, so its memory is unknown. Add the field, or use a "
            "model that has it."
        ),
        (
            "{where} の設定に {field!r} がないため、必要な大きさが分かりません。"
            "その項目を追加するか、項目のあるモデルを使ってください。"
        ),
    ),
    "config_field_unsupported": (
        (
            "The configuration of {where} has {field} {value}, and KerasHub computes only {wanted}: the replies "
            "would be wrong. Use a model with {wanted}, or run this one with Transformers."
        ),
        (
            "{where} の設定では {field} が {value} ですが、KerasHub で計算できるのは {wanted} だけで、回答が誤っ"
            "たものになります。{wanted} のモデルを使うか、Transformers で動かしてください。"
        ),
    ),
    "config_field_impossible": (
        (
            "The configuration of {where} has {field} {value}, which no model can have. Correct the field, or "
            "download the model again."
        ),
        (
            "{where} の設定の {field} が {value} で、モデルとしてあり得ない値です。項目を直すか、"
            "モデルをもう一度ダウンロードしてください。"
        ),
    ),
    "tensor_unread": (
        (
            "{where} has the tensor {tensor!r}, which a model of the type {model!r} does not read: "
            "its replies would not be those of this checkpoint. Load the model that it was made "
            "from, or run this one with the framework that it was made with."
        ),
        (
            "{where} のテンソル {tensor!r} は {model!r} 型のモデルでは読まれず、このチェックポイントの"
            "回答になりません。元のモデルを読み込むか、これを作ったフレームワークで動かしてください。"
        ),
    ),
    "tensor_of_adapter": (
        (
            "{where} has the tensor {tensor!r}: an adapter (LoRA) that was not merged into its "
            "model. Merge it (PEFT: merge_and_unload, then save_pretrained), or save the adapter "
            "by itself (adapter_config.json), which is merged while it is loaded."
        ),
        (
            "{where} のテンソル {tensor!r} は、モデルに統合されていないアダプター(LoRA)です。"
            "PEFT の merge_and_unload で統合して save_pretrained で保存するか、アダプターだけを"
            "保存してください(adapter_config.json があれば読み込み時に統合します)。"
        ),
    ),
    "tensors_of_two_models": (
        (
            "{where} holds two models ({first!r} and {second!r}), and its config describes only one. Keep the "
            "files of one of them."
        ),
        (
            "{where} には 2 つのモデル({first!r} と {second!r})が入っていますが、設定は 1 つ分です。"
            "どちらか一方のファイルだけにしてください。"
        ),
    ),
    "tensor_shape": (
        (
            "The tensor {tensor!r} of {where} has the shape {shape}, and its config.json calls for {wanted}. "
            "The two do not belong together: download the model again."
        ),
        (
            "{where} のテンソル {tensor!r} の形は {shape} ですが、config.json からは {wanted} のはず"
            "です。両者が対応していません。モデルをもう一度ダウンロードしてください。"
        ),
    ),
    "tensor_missing": (
        (
            "{where} lacks the tensor {tensor!r} ({count} in all), which its config.json calls for. "
            "Download the model again."
        ),
        (
            "{where} には config.json に必要なテンソル {tensor!r} など {count} 個がありません。"
            "モデルをもう一度ダウンロードしてください。"
        ),
    ),
    "tensor_untied": (
        (
            "{where} has an output matrix of its own ({tensor!r}, not equal to the embedding), and KerasHub "
            "uses the embedding in its place. The replies would be wrong; run the model with Transformers."
        ),
        (
            "{where} の出力行列 {tensor!r} は埋め込みと異なりますが、KerasHub は埋め込みを両方に使う"
            "ため、回答が誤ったものになります。Transformers で動かしてください。"
        ),
    ),
    "not_gemma": (
        (
            "{where} is not a Gemma model that gemma_nb knows: its config.json has {field} {value!r}. "
            "gemma_nb.variants() lists what it knows."
        ),
        (
            "{where} はここで扱える Gemma のモデルではありません。config.json の {field} は "
            "{value!r} です。扱えるものは gemma_nb.variants() で一覧できます。"
        ),
    ),
    # --- other frameworks
    "framework_yes": (
        "{framework} ({format}): {command}",
        "{framework}({format}): {command}",
    ),
    "framework_nameless": (
        "{framework} ({format}): runs it; what the model is called there is not known here.",
        "{framework}({format}): 動きますが、そこでのモデル名はここでは把握していません。",
    ),
    "framework_no": (
        "{framework} ({format}): does not have it (as of {date}).",
        "{framework}({format}): ありません({date} 時点)。",
    ),
    "framework_unknown": (
        "{framework} ({format}): unknown; no source that was read by {date} names it.",
        "{framework}({format}): 不明です。{date} までに確認した資料には載っていません。",
    ),
    "framework_note_keras_apple": (
        "on the processor only",
        "CPU だけで動きます",
    ),
    "framework_note_jax": (
        "It has the code of Gemma 4, but no checkpoints of it were listed on Kaggle when we looked. int4 "
        "checkpoints exist for Gemma 3.",
        "Gemma 4 のコードはありますが、確認時点で Kaggle のチェックポイントは載っていませんでした。"
        "Gemma 3 には int4 のチェックポイントがあります。",
    ),
    "framework_note_unsloth": (
        "mainly for tuning; its local web interface starts with: unsloth studio -p 8888",
        "主にチューニング用です。ローカルの Web 画面は unsloth studio -p 8888 で起動します",
    ),
    "framework_note_gallery": (
        "Google's app for Android 12, iOS 17 and macOS; it asks for 8 GB of memory for E2B and 12 GB "
        "for E4B",
        "Android 12、iOS 17、macOS 用の Google のアプリです。E2B には 8 GB、E4B には 12 GB のメモリが必要です",
    ),
    "framework_note_cactus": (
        "on a phone through its Swift, Kotlin, Flutter and React Native bindings",
        "スマートフォンでは Swift、Kotlin、Flutter、React Native から使います",
    ),
    "framework_note_vllm": (
        "Gemma 4 needs vLLM 0.19.0 or newer (the 12B 0.23.0); on TPU it also serves KerasHub's own "
        'models: keras_hub.vllm.KerasHubLLM("keras_hub:PRESET")',
        "Gemma 4 には vLLM 0.19.0 以降(12B は 0.23.0 以降)が必要です。TPU では KerasHub のモデルも "
        'keras_hub.vllm.KerasHubLLM("keras_hub:PRESET") で動かせます',
    ),
    "framework_missing": (
        "no: it does not have this variant",
        "いいえ: このバリアントはありません",
    ),
    "framework_format_keras": ("Keras preset", "Keras プリセット"),
    "framework_format_container": ("container", "コンテナ"),
    "framework_on_nvidia": ("NVIDIA GPUs", "NVIDIA の GPU"),
    "framework_on_tpu": ("TPUs", "TPU"),
    "framework_on_x86": ("x86 processors", "x86 の CPU"),
    "framework_on_arm": ("Arm processors", "Arm の CPU"),
    "framework_on_apple": ("Apple silicon", "Apple シリコン"),
    "framework_on_phone": ("phones", "スマートフォン"),
    "framework_on_web": ("web browsers", "ブラウザ"),
    "framework_on_cloud": ("Google Cloud", "Google Cloud"),
    "framework_other_hardware": ("no: it runs on {hardware}", "いいえ(動作環境: {hardware})"),
    "framework_too_large": (
        "no: about {needed} of {available}",
        "いいえ: {available} に対し約 {needed} 必要です",
    ),
    "framework_needs_bfloat16": (
        "no: it does not run this family in float16, and bfloat16 needs compute capability 8.0 "
        "({source})",
        "いいえ: このファミリーは float16 では動かず、bfloat16 には Compute Capability 8.0 が必要です"
        "({source})",
    ),
    "framework_note_llama_processor": (
        "faster than this package on a processor: with Gemma 3 270M, Q8_0 is 1.4 times as fast as int8 "
        "here, and Q4_K_M 1.7 times as fast as int4 here, by processor time (benchmarks/processor.md). To "
        'run a model that is loaded here, export it with model.export("FILE.gguf", "gguf", '
        'precision="Q8_0"); then: llama-cli -m FILE.gguf',
        "CPU ではこのパッケージより高速です。Gemma 3 270M では、Q8_0 はここでの int8 の 1.4 倍、Q4_K_M は"
        "ここでの int4 の 1.7 倍の速さでした(CPU 時間での比較、benchmarks/processor.md)。ここで読み込んだ"
        'モデルは model.export("FILE.gguf", "gguf", precision="Q8_0") でファイルに書き出し、llama-cli -m FILE.gguf で'
        "動かせます",
    ),
    "framework_note_litertlm": (
        "where a repository has several files, the command names one",
        "リポジトリに複数のファイルがある場合は、コマンドでファイル名を指定します",
    ),
    "framework_note_app": ("a desktop application", "デスクトップアプリです"),
    "framework_note_sbs": (
        "the .sbs weights are on Kaggle, under the model's Gemma C++ tab",
        ".sbs の重みは Kaggle のモデルページの「Gemma C++」タブにあります",
    ),
    "framework_note_mediapipe": (
        "an SDK for apps; LiteRT-LM is its successor",
        "アプリ用 SDK です。後継は LiteRT-LM です",
    ),
    "framework_note_vertex": (
        "Model Garden, in the console or by SDK; renamed Gemini Enterprise Agent Platform in 2026",
        "Model Garden からコンソールまたは SDK で使います。2026 年に Gemini Enterprise Agent Platform "
        "に改称されました",
    ),
    "framework_note_container": (
        "any model that the container in it serves (vLLM or Ollama)",
        "中で動かすコンテナ(vLLM や Ollama)が対応するモデルなら動きます",
    ),
}
