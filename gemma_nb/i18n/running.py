"""Sentences of loading and generation."""

TEXT = {
    "bad_overflow": (
        "overflow says what happens when a conversation gets too long, one of {known}; not {value!r}.",
        "overflow は会話が長くなりすぎたときの動作で、{known} のどれかです。{value!r} は使えません。",
    ),
    "chat_nothing_asked": (
        "Nothing was asked yet: send a message first.",
        "まだ何も質問していません。先にメッセージを送ってください。",
    ),
    "chat_not_json": (
        "The conversation cannot be written as JSON ({why}): give images and sound as paths, and "
        "tools as JSON schemas.",
        "会話を JSON に書き出せません（{why}）。画像と音声はパスで、ツールは JSON スキーマで"
        "指定してください。",
    ),
    "chat_not_read": (
        "{path} is no conversation that Chat.save wrote: {why}.",
        "{path} は Chat.save が書き出した会話ではありません: {why}。",
    ),
    "bad_batch_size": (
        "batch_size is how many conversations are computed side by side: a whole number from 1 on, "
        "not {value!r}.",
        "batch_size は同時に計算する会話の数で、1 以上の整数です。{value!r} は使えません。",
    ),
    "next_tokens_count": (
        "count is how many tokens are told: a whole number from 1 on, not {value!r}.",
        "count は表示するトークンの数で、1 以上の整数です。{value!r} は使えません。",
    ),
    "next_tokens_no_decoder": (
        "{name} reads its prompt with an encoder: next_tokens knows decoders only. "
        "Its generate answers.",
        "{name} はプロンプトをエンコーダーで読みます。next_tokens が使えるのはデコーダーだけの"
        "モデルです。返答には generate を使ってください。",
    ),
    "next_tokens_text_only": (
        "next_tokens takes text only: leave the images and clips out.",
        "next_tokens が受け取れるのはテキストだけです。画像と音声は除いてください。",
    ),
    "backend_fixed": (
        "Keras was imported before gemma_nb and runs on {backend}; gemma_nb needs it on JAX. "
        "Restart the kernel and import gemma_nb first (or set KERAS_BACKEND=jax).",
        "gemma_nb より先に Keras が読み込まれ、バックエンドが {backend} になっています。gemma_nb には "
        "JAX が必要です。カーネルを再起動し、gemma_nb を先に import するか、KERAS_BACKEND=jax を"
        "設定してください。",
    ),
    "undecodable_class": (
        "gemma_nb cannot generate with {name} yet: it knows {known}.",
        "gemma_nb はまだ {name} で生成できません。使えるのは {known} です。",
    ),
    "assistant_mismatch": (
        "This {kind} is no assistant of this {target}: an assistant is a Gemma4AssistantCausalLM "
        "that was trained for the very model. Leave it out, or load the two that belong together.",
        "この {kind} は、この {target} のアシスタントではありません。アシスタントは、そのモデル用に"
        "学習された Gemma4AssistantCausalLM です。外すか、対になる 2 つを読み込んでください。",
    ),
    "assistant_unknown": (
        "No assistant was published for {name}: {known} have one. Leave assistant=True out, or name "
        "the assistant's own preset, handle or directory.",
        "{name} 用のアシスタントは公開されていません。あるのは {known} です。assistant=True を外すか、"
        "アシスタントのプリセット、ハンドル、ディレクトリーを指定してください。",
    ),
    "assistant_none": (
        "{name} is no assistant: it keeps a cache of its own. Load it by itself, or name one of the "
        "drafters that gnb.variants() lists with the role 'draft'.",
        "{name} はアシスタントではありません(自分のキャッシュを持っています)。単独で読み込むか、"
        "gnb.variants() で role が 'draft' のものを指定してください。",
    ),
    "assistant_no_room": (
        "The model would fit, but not with {name} beside it, which takes {needed} more. Leave the "
        "assistant out, take a smaller precision or max_length, or pass force=True.",
        "モデルだけなら入りますが、{name} (あと {needed} 必要) は並べて置けません。アシスタントを外すか、"
        "precision や max_length を小さくするか、force=True を指定してください。",
    ),
    "not_loadable": (
        "KerasHub cannot load {name}; see gemma_nb.frameworks_for({name!r}) for what can.",
        "{name} は KerasHub では読み込めません。使えるフレームワークは "
        "gemma_nb.frameworks_for({name!r}) で確認できます。",
    ),
    "does_not_fit": (
        "{name} was not loaded. {reason} Pass force=True to try all the same.",
        "{name} は読み込みませんでした。{reason} それでも試すには force=True を指定してください。",
    ),
    "load_saved_precision": (
        "This preset was saved in {saved} and cannot be had in {asked}: pass precision={saved!r} or "
        "'auto', or load the preset that it was made from.",
        "このプリセットは {saved} で保存されていて、{asked} では読み込めません。precision={saved!r} か "
        "'auto' を指定するか、元のプリセットを読み込んでください。",
    ),
    "load_wants_safetensors": (
        "This checkpoint is in Hugging Face's format, which KerasHub converts with the package "
        "safetensors: pip install safetensors, restart, and load it again.",
        "このチェックポイントは Hugging Face 形式です。KerasHub が変換に使う safetensors パッケージが"
        "ありません。pip install safetensors のあと再起動し、もう一度読み込んでください。",
    ),
    "load_out_of_memory": (
        "{name} in {precision} ran out of memory on the {where} while it was loaded. Nothing of it stays "
        "there. {fixes}",
        "{name}（{precision}）の読み込み中に{where}のメモリが足りなくなりました。途中まで読み込んだ分は"
        "解放しました。{fixes}",
    ),
    "load_where_device": ("device", "デバイス"),
    "load_where_host": ("host", "ホスト"),
    "load_fixes": ("What would help: {fixes}", "次の方法があります: {fixes}"),
    "load_no_fixes": (
        "Unload other models, close other programs that use the memory, or take a smaller precision "
        "or variant.",
        "ほかのモデルを解放する、メモリを使っているほかのプログラムを閉じる、より小さい精度やモデルを選ぶ、の"
        "いずれかを試してください。",
    ),
    "load_no_room_beside": (
        "{name} was not loaded: there is no room beside {loaded}. {reason} Call unload() on what you no "
        "longer need, or pass replace=True to have all of it unloaded first.",
        "{name} は読み込みませんでした。{loaded} が読み込まれていて空きが足りません。{reason} 使わない"
        "モデルの unload() を呼ぶか、replace=True を指定して先にすべて解放してください。",
    ),
    "load_cache_unusable": (
        "The compilation cache {folder} cannot be used: {why}. Name another directory, or 'off', in "
        "GEMMA_NB_COMPILE_CACHE.",
        "コンパイルキャッシュ {folder} を使えません: {why}。GEMMA_NB_COMPILE_CACHE に別のディレクトリか "
        "'off' を指定してください。",
    ),
    "load_cache_not_private": (
        "Others can write to {folder}, and what is in a compilation cache runs as your own code. Take the "
        "right to write away from them (chmod go-w), or name another directory.",
        "{folder} にはほかの利用者も書き込めます。コンパイルキャッシュの中身は自分のコードとして実行される"
        "ため使いません。chmod go-w で書き込みを禁じるか、別のディレクトリを指定してください。",
    ),
    "load_save_not_empty": (
        "{folder} is there already and is not an empty directory: give a new one.",
        "{folder} はすでに存在し、空のディレクトリではありません。新しい場所を指定してください。",
    ),
    "load_save_no_room": (
        "Saving to {folder} takes {needed}, and {free} are free there: make room, or save elsewhere.",
        "{folder} への保存には {needed} 必要ですが、空きは {free} です。空きを増やすか、別の場所に保存して"
        "ください。",
    ),
    "load_save_failed": (
        "Saving to {folder} failed: {why}. Nothing is left there; check the place and try again.",
        "{folder} に保存できませんでした: {why}。途中のファイルは残っていません。保存先を確認して、もう一度"
        "試してください。",
    ),
    "load_no_tokenizer": (
        "This {kind} has no preprocessor, so its tokenizer is not known: pass tokenizer=…, a KerasHub "
        "tokenizer.",
        "この {kind} にはプリプロセッサがなく、トークナイザがわかりません。tokenizer=… に KerasHub の"
        "トークナイザを渡してください。",
    ),
    "load_other_class": (
        "{name} is a {wanted}, but this model's backbone is a {kind}: give the variant that it is.",
        "{name} は {wanted} ですが、このモデルのバックボーンは {kind} です。正しいモデル名を指定してください。",
    ),
    "load_unknown_shape": (
        "No variant in the catalog has the shape of this {kind}: pass variant=…, the name of the one it "
        "was made from (it decides the prompt format and where a reply ends).",
        "この {kind} と同じ形のモデルはカタログにありません。元にしたモデルの名前を variant=… に指定して"
        "ください（プロンプト形式と返答の終わりがそれで決まります）。",
    ),
    "load_which_variant": (
        "This model has the shape of several variants, and its files do not tell which prompts it was "
        "trained on: pass variant=…, one of {names}.",
        "このモデルと同じ形のものが複数あり、どのプロンプト形式で学習されたかはファイルからわかりません。"
        "variant=… に次のいずれかを指定してください: {names}",
    ),
    "load_failed": (
        "{name} could not be loaded: {why} Nothing of it stays in memory.",
        "{name} を読み込めませんでした: {why} メモリには何も残っていません。",
    ),
    "bad_max_length": (
        "max_length is {value!r}: give a whole number of tokens, 2 or more.",
        "max_length が {value!r} です。2 以上の整数（トークン数）を指定してください。",
    ),
    "bad_temperature": (
        "temperature is {value!r}: give 0 (greedy) or a positive number.",
        "temperature が {value!r} です。0（貪欲法）または正の数を指定してください。",
    ),
    "bad_top_k": (
        "top_k is {value!r}: give a whole number, 0 to keep every token.",
        "top_k が {value!r} です。0（すべて残す）以上の整数を指定してください。",
    ),
    "bad_top_p": (
        "top_p is {value!r}: give a number above 0 and up to 1.",
        "top_p が {value!r} です。0 より大きく 1 以下の数を指定してください。",
    ),
    "bad_seed": (
        "seed is {value!r}: give a whole number from 0 to 4294967295, or None.",
        "seed が {value!r} です。0 から 4294967295 までの整数か None を指定してください。",
    ),
    "bad_stop": (
        "stop is {value!r}: give strings that are not empty.",
        "stop が {value!r} です。空でない文字列を指定してください。",
    ),
    "bad_max_new_tokens": (
        "max_new_tokens is {value!r}: give a whole number, 1 or more.",
        "max_new_tokens が {value!r} です。1 以上の整数を指定してください。",
    ),
    "raw_wants_text": (
        "raw=True sends a string as it stands, but this is a {kind}: give a string, or leave raw out.",
        "raw=True は文字列をそのまま送りますが、渡されたのは {kind} です。文字列を渡すか、raw を"
        "外してください。",
    ),
    "no_room_for_reply": (
        "The prompt has {tokens} tokens and leaves no room for a reply within max_length={max_length}: "
        "it is {over} too long. Shorten it, or load the model with a larger max_length.",
        "プロンプトは {tokens} トークンで、max_length={max_length} の中に返答の余地がありません"
        "（{over} トークン超過）。短くするか、max_length を大きくして読み込み直してください。",
    ),
    "not_a_number": (
        "The model's output stopped being numbers in {precision}. Load it again with "
        "precision='bfloat16' or 'float32'.",
        "{precision} での計算結果が数値でなくなりました。precision='bfloat16' または 'float32' で"
        "読み込み直してください。",
    ),
    "score_wants_a_judge": (
        "{name} judges nothing: score() is for ShieldGemma, see gemma_nb.variants('ShieldGemma').",
        "{name} は判定モデルではありません。score() は ShieldGemma 用です。"
        "gemma_nb.variants('ShieldGemma') を見てください。",
    ),
    "unloaded": (
        "{name} was unloaded: load it again to go on.",
        "{name} はメモリから解放されています。続けるにはもう一度読み込んでください。",
    ),
    "system_wants_text": (
        "system is {value!r}: give a string, or None.",
        "system が {value!r} です。文字列か None を指定してください。",
    ),
}
