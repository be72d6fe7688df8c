"""Sentences of loading a model, its assistant and saving it."""

TEXT = {
    "backend_fixed": (
        "Keras was imported before gemma_nb and runs on {backend}; gemma_nb needs it on JAX. "
        "Restart the kernel and import gemma_nb first (or set KERAS_BACKEND=jax).",
        "gemma_nb より先に Keras が import され、バックエンドが {backend} になっています。gemma_nb には JAX "
        "が必要です。カーネルを再起動し、gemma_nb を先に import するか、KERAS_BACKEND=jax を設定してくださ"
        "い。",
    ),
    "bad_devices": (
        "devices={value!r} cannot be used. Give a number of devices, 'all', or a list of indices of "
        "jax.devices().",
        "devices={value!r} は使えません。デバイス数、'all'、または jax.devices() の番号のリストを指定"
        "してください。",
    ),
    "bad_parallel": (
        "parallel={value!r} is unknown: use one of {all}. 'model' divides the weights over the devices, "
        "'data' the rows of a batch.",
        "parallel={value!r} は使えません。{all} のどちらかを指定してください。'model' は重みを、'data' は"
        "バッチの行をデバイスに分けます。",
    ),
    "devices_unknown": (
        "devices={value!r} was asked for, and JAX finds these: {there}. Ask for fewer, or name each only "
        "once.",
        "devices={value!r} が指定されましたが、JAX にあるのは {there} です。減らすか、重複をなくして"
        "ください。",
    ),
    "devices_layout": (
        "Divided over {count} devices.",
        "{count} 個のデバイスに分けて載せます。",
    ),
    "devices_copies": (
        "Whole on each of {count} devices; the rows of a batch are divided.",
        "{count} 個のデバイスにそれぞれ丸ごと載せ、バッチの行を分けます。",
    ),
    "devices_uneven": (
        "These layers do not divide evenly over {count} devices, so each device holds them whole: {layers}",
        "次の層は {count} 個のデバイスに均等に分けられないため、各デバイスが丸ごと持ちます: {layers}",
    ),
    "assistant_mismatch": (
        "This {kind} is not an assistant of this {target}: an assistant is a Gemma4AssistantCausalLM that "
        "was trained for exactly that model. Leave it out, or load two that belong together.",
        "この {kind} は、この {target} のアシスタントではありません。アシスタントは、そのモデル用に"
        "学習された Gemma4AssistantCausalLM です。外すか、対になる 2 つを読み込んでください。",
    ),
    "assistant_unknown": (
        "No assistant was published for {name}: {known} have one. Leave assistant=True out, or name "
        "the assistant's own preset, handle or directory.",
        "{name} 用のアシスタントは公開されていません。あるのは {known} です。assistant=True を外すか、アシ"
        "スタントのプリセット、ハンドル、ディレクトリを指定してください。",
    ),
    "assistant_none": (
        "{name} is not an assistant: it keeps a cache of its own. Load it by itself, or name one of the "
        "drafters that gnb.variants() lists with the role 'draft'.",
        "{name} はアシスタントではありません(自分のキャッシュを持っています)。単独で読み込むか、"
        "gnb.variants() で role が 'draft' のものを指定してください。",
    ),
    "assistant_no_room": (
        "The model would fit, but not together with {name}, which takes {needed} more. Leave the assistant "
        "out, use a smaller precision or max_length, or pass force=True.",
        "モデルだけなら収まりますが、さらに {needed} 必要な {name} と一緒には収まりません。アシスタントを外"
        "すか、precision や max_length を小さくするか、force=True を指定してください。",
    ),
    "assistant_on_processor": (
        "On a processor, an assistant makes replies slower. In a measurement it paid only if {low} to "
        "{high} of its proposals were accepted (benchmarks/assistants.md), so load the model without it.",
        "CPU ではアシスタントを使うと回答が遅くなります。測定では、提案の {low}〜{high} が採用されて初めて"
        "元が取れるため(benchmarks/assistants.md)、アシスタントなしで読み込んでください。",
    ),
    "not_loadable": (
        "KerasHub cannot load {name}; see gemma_nb.frameworks_for({name!r}) for what can.",
        "{name} は KerasHub では読み込めません。使えるフレームワークは "
        "gemma_nb.frameworks_for({name!r}) で確認できます。",
    ),
    "does_not_fit": (
        "{name} was not loaded. {reason} Pass force=True to try anyway.",
        "{name} は読み込みませんでした。{reason} それでも試すには force=True を指定してください。",
    ),
    "load_saved_precision": (
        "This preset was saved in {saved} and cannot be loaded in {asked}: pass "
        "precision={saved!r} or 'auto', or load the preset that it was made from.",
        "このプリセットは {saved} で保存されていて、{asked} では読み込めません。precision={saved!r} か "
        "'auto' を指定するか、元のプリセットを読み込んでください。",
    ),
    "load_wants_safetensors": (
        "This checkpoint is in Hugging Face's format. KerasHub needs the safetensors package to convert it: "
        "run pip install safetensors, restart, and load it again.",
        "このチェックポイントは Hugging Face 形式です。KerasHub が変換に使う safetensors パッケージが"
        "ありません。pip install safetensors のあと再起動し、もう一度読み込んでください。",
    ),
    "load_out_of_memory": (
        "{name} in {precision} ran out of {where} memory while it was loading. What was loaded has been "
        "freed. {fixes}",
        "{name}({precision})の読み込み中に{where}のメモリが足りなくなりました。途中まで読み込んだ分は"
        "解放しました。{fixes}",
    ),
    "load_where_device": ("device", "デバイス"),
    "load_where_host": ("host", "ホスト"),
    "load_fixes": ("What would help: {fixes}", "次の方法があります: {fixes}"),
    "load_no_fixes": (
        "Unload other models, close other programs that use the memory, or choose a smaller precision or "
        "variant.",
        "ほかのモデルを解放する、メモリを使っているほかのプログラムを閉じる、より小さい精度やモデルを選ぶ、の"
        "いずれかを試してください。",
    ),
    "load_no_room_beside": (
        "{name} was not loaded: there is not enough room beside {loaded}. {reason} Call unload() on what "
        "you no longer need, or pass replace=True to unload all of it first.",
        "{name} は読み込みませんでした。{loaded} が読み込まれていて空きが足りません。{reason} 使わない"
        "モデルの unload() を呼ぶか、replace=True を指定して先にすべて解放してください。",
    ),
    "load_cache_unusable": (
        "The compilation cache {folder} cannot be used: {why}. Name another directory, or 'off', in "
        "GEMMA_NB_COMPILE_CACHE.",
        "コンパイルキャッシュ {folder} を使えません: {why}。GEMMA_NB_COMPILE_CACHE に別のディレクトリか "
        "'off' を指定してください。",
    ),
    "load_cache_kept": (
        "JAX was told to keep compiled programs in {used}, so {folder} is not used.",
        "JAX はコンパイル済みプログラムの保存先として {used} を指定されているため、{folder} は使いません。",
    ),
    "load_cache_not_private": (
        "Others can write to {folder}, and what is in a compilation cache runs as your own code, so it is "
        "not used. Take away their permission to write (chmod go-w), or name another directory.",
        "{folder} にはほかのユーザーも書き込めます。コンパイルキャッシュの中身は自分のコードとして実行される"
        "ため使いません。chmod go-w で書き込みを禁じるか、別のディレクトリを指定してください。",
    ),
    "load_save_not_empty": (
        "{folder} already exists and is not an empty directory: give a new one.",
        "{folder} はすでに存在し、空のディレクトリではありません。新しい場所を指定してください。",
    ),
    "load_save_no_room": (
        "Saving to {folder} takes {needed}, and only {free} are free there: make room, or save elsewhere.",
        "{folder} への保存には {needed} 必要ですが、空きは {free} です。空きを増やすか、別の場所に保存して"
        "ください。",
    ),
    "load_save_failed": (
        "Saving to {folder} failed: {why}. Nothing is left there; check the folder and try again.",
        "{folder} に保存できませんでした: {why}。途中のファイルは残っていません。保存先を確認して、もう一度"
        "試してください。",
    ),
    "stop_token_unknown": (
        "{field} is {value!r}, which is not an id of a vocabulary of {size} tokens. Correct the field, or "
        "download the model again.",
        "{field} の {value!r} は、{size} トークンの語彙の ID ではありません。項目を直すか、モデルをもう一度"
        "ダウンロードしてください。",
    ),
    "load_no_tokenizer": (
        "This {kind} has no preprocessor, so its tokenizer is not known: pass a KerasHub tokenizer as "
        "tokenizer=….",
        "この {kind} にはプリプロセッサがなく、トークナイザーが分かりません。tokenizer=… に KerasHub のトー"
        "クナイザーを渡してください。",
    ),
    "load_other_class": (
        "{name} is a {wanted}, but this model's backbone is a {kind}: give the right variant.",
        "{name} は {wanted} ですが、このモデルのバックボーンは {kind} です。正しいバリアントを指定してくだ"
        "さい。",
    ),
    "load_which_variant": (
        "Several variants have the shape of this model, and its files do not say which prompts it was "
        "trained on: pass variant=…, one of {names}.",
        "このモデルと同じ形のバリアントが複数あり、どのプロンプトの書式で学習されたかはファイルから分かりま"
        "せん。variant=… に次のいずれかを指定してください: {names}",
    ),
    "load_failed": (
        "{name} could not be loaded: {why} Nothing of it is left in memory.",
        "{name} を読み込めませんでした: {why} メモリには何も残っていません。",
    ),
}
