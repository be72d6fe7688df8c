"""Sentences of generation: chats, sampling, embeddings, images and sound."""

TEXT = {
    # --- chats, settings and generation
    "bad_overflow": (
        "overflow says what happens when a conversation gets too long, one of {known}; not {value!r}.",
        "overflow は会話が長くなりすぎたときの動作で、{known} のどれかです。{value!r} は使えません。",
    ),
    "reply_cut": (
        "cut after {count} tokens, the most that one answer may have",
        "1 回の回答の上限 {count} トークンで打ち切りました",
    ),
    "reply_cut_full": (
        "cut, because the context is full",
        "コンテキストがいっぱいになり、打ち切りました",
    ),
    "chat_nothing_asked": (
        "Nothing has been asked yet: send a message first.",
        "まだ何も質問していません。先にメッセージを送ってください。",
    ),
    "chat_not_json": (
        "The conversation cannot be written as JSON ({why}): give images and sound as paths, and "
        "tools as JSON schemas.",
        "会話を JSON に書き出せません({why})。画像と音声はパスで、ツールは JSON スキーマで"
        "指定してください。",
    ),
    "chat_still_answering": (
        "A reply of this conversation is being read: read it to its end or close it, then send the "
        "next turn.",
        "この会話の回答はまだ読み取り中です。最後まで読むか閉じてから、次の発言を送ってください。",
    ),
    "chat_went_on": (
        "The conversation continued after this turn was sent and before its reply was read: send it again.",
        "この発言を送ってから回答を読み始めるまでの間に、会話が先へ進みました。もう一度送ってください。",
    ),
    "chat_not_read": (
        "{path} is not a conversation that Chat.save wrote: {why}.",
        "{path} は Chat.save が書き出した会話ではありません: {why}。",
    ),
    "bad_batch_size": (
        "batch_size is the number of conversations computed at once: a whole number, 1 or more, "
        "not {value!r}.",
        "batch_size は同時に計算する会話の数で、1 以上の整数です。{value!r} は使えません。",
    ),
    "next_tokens_no_model": (
        "next_tokens() takes a model that load() or from_keras() returned, not {kind}.",
        "next_tokens() には load() か from_keras() が返すモデルを渡してください"
        "({kind} は使えません)。",
    ),
    "next_tokens_count": (
        "count is the number of tokens to show: a whole number, 1 or more, not {value!r}.",
        "count は表示するトークンの数で、1 以上の整数です。{value!r} は使えません。",
    ),
    "next_tokens_no_decoder": (
        "{name} reads its prompt with an encoder, and next_tokens works with decoders only. Use generate "
        "for its replies.",
        "{name} はプロンプトをエンコーダーで読みます。next_tokens が使えるのはデコーダーだけの"
        "モデルです。回答には generate を使ってください。",
    ),
    "next_tokens_text_only": (
        "next_tokens takes text only: leave the images and clips out.",
        "next_tokens が受け取れるのはテキストだけです。画像と音声は除いてください。",
    ),
    "undecodable_class": (
        "gemma_nb cannot generate with {name} yet. It can with {known}.",
        "gemma_nb はまだ {name} で生成できません。使えるのは {known} です。",
    ),
    "bad_max_length": (
        "max_length is {value!r}: give a whole number of tokens, 2 or more.",
        "max_length が {value!r} です。2 以上の整数(トークン数)を指定してください。",
    ),
    "bad_temperature": (
        "temperature is {value!r}: give 0 (greedy) or a positive number.",
        "temperature が {value!r} です。0(貪欲法)または正の数を指定してください。",
    ),
    "bad_top_k": (
        "top_k is {value!r}: give a whole number, 0 to keep every token.",
        "top_k が {value!r} です。0(すべて残す)以上の整数を指定してください。",
    ),
    "bad_top_p": (
        "top_p is {value!r}: give a number above 0 and up to 1.",
        "top_p が {value!r} です。0 より大きく 1 以下の数を指定してください。",
    ),
    "bad_option": (
        "There is no option {name!r}. Did you mean {near}?",
        "{name!r} というオプションはありません。{near} のことですか？",
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
        "raw=True sends a string as it is, but this is a {kind}: give a string, or leave raw out.",
        "raw=True は文字列をそのまま送りますが、渡されたのは {kind} です。文字列を渡すか、raw を"
        "外してください。",
    ),
    "no_room_for_reply": (
        "The prompt has {tokens} tokens and leaves no room for a reply within max_length={max_length}: it "
        "is {over} tokens too long. Shorten it, or load the model with a larger max_length.",
        "プロンプトは {tokens} トークンで、max_length={max_length} の中に回答の余地がありません"
        "({over} トークン超過)。短くするか、max_length を大きくして読み込み直してください。",
    ),
    "not_a_number": (
        "In {precision}, the model's output is no longer numbers. {advice}",
        "{precision} での計算結果が数値でなくなりました。{advice}",
    ),
    "not_a_number_load_in": (
        "Load it again with precision={precisions}.",
        "precision={precisions} で読み込み直してください。",
    ),
    "not_a_number_weights": (
        "No precision computes more exactly, so its weights are damaged: download the model again, "
        "or take another one.",
        "これより正確な精度はないため、重みが壊れています。モデルをもう一度ダウンロードするか、別の"
        "モデルを使ってください。",
    ),
    "score_wants_a_judge": (
        "{name} does not judge texts: score() is for ShieldGemma, see gemma_nb.variants('ShieldGemma').",
        "{name} は判定モデルではありません。score() は ShieldGemma 用です。"
        "gemma_nb.variants('ShieldGemma') を見てください。",
    ),
    "unloaded": (
        "{name} was unloaded: load it again to continue.",
        "{name} はメモリから解放されています。続けるにはもう一度読み込んでください。",
    ),
    "system_wants_text": (
        "system is {value!r}: give a string, or None.",
        "system が {value!r} です。文字列か None を指定してください。",
    ),
    # --- embeddings
    "embed_wants_embedder": (
        "{name} does not make embeddings: embed() is for EmbeddingGemma, see "
        "gemma_nb.variants('EmbeddingGemma').",
        "{name} は埋め込みモデルではありません。embed() は EmbeddingGemma 用です。"
        "gemma_nb.variants('EmbeddingGemma') を見てください。",
    ),
    "embed_no_reply": (
        "{name} makes embeddings and does not write text: use embed(), or load a variant that answers.",
        "{name} は埋め込みモデルで、文章は生成できません。embed() を使うか、回答できるモデルを読み込んでく"
        "ださい。",
    ),
    "embed_task": (
        "There is no embedding task {task!r}: use one of {tasks}.",
        "埋め込みのタスクに {task!r} はありません。次のいずれかを指定してください: {tasks}",
    ),
    "embed_texts_type": (
        "texts is a {kind}: give a string, or a list of strings.",
        "texts が {kind} です。文字列、または文字列のリストを渡してください。",
    ),
    "embed_no_texts": (
        "There is no text to embed: give at least one.",
        "埋め込むテキストがありません。1 つ以上渡してください。",
    ),
    "embed_text_type": (
        "Text {index} is a {kind} that cannot be embedded: give a string, or for a document "
        "{{'text': …, 'title': …}}.",
        "{index} 番のテキスト({kind})は埋め込めません。文字列か、文書なら "
        "{{'text': …, 'title': …}} を渡してください。",
    ),
    "embed_empty": (
        "Text {index} is empty: leave it out, or give it some text.",
        "{index} 番のテキストが空です。取り除くか、内容を入れてください。",
    ),
    "embed_title": (
        "Text {index} has a title, which only documents have: pass task={document!r}.",
        "{index} 番のテキストに title がありますが、title は文書だけのものです。task={document!r} を指定して"
        "ください。",
    ),
    "embed_too_long": (
        "Text {index} has {tokens} tokens in its prompt, {over} more than max_length={max_length}: "
        "shorten or split it, or load the model with a larger max_length.",
        "{index} 番のテキストはプロンプトを含めて {tokens} トークンで、max_length={max_length} を {over} "
        "超えています。短くするか分割するか、max_length を大きくして読み込み直してください。",
    ),
    "embed_dimensions": (
        "dimensions is {value!r}: this model's vectors can have {sizes} numbers.",
        "dimensions が {value!r} です。このモデルのベクトルの次元は {sizes} です。",
    ),
    # --- images and sound
    "media_missing": (
        "The message has a part of type {kind} without any data: put a path, bytes, a PIL image or an "
        "array under {kind!r}.",
        "メッセージの {kind} にデータがありません。{kind!r} にパス、バイト列、PIL 画像、配列のいずれかを"
        "入れてください。",
    ),
    "media_type": (
        "A {type} is not {kind} data: give a path, bytes, a PIL image or an array.",
        "{type} は {kind} として読めません。パス、バイト列、PIL 画像、配列のいずれかを渡してください。",
    ),
    "media_no_file": (
        "There is no {kind} file {path!r} ({why}): check the path.",
        "{kind} のファイル {path!r} がありません({why})。パスを確認してください。",
    ),
    "media_url": (
        "{url!r} is on the network, and gemma_nb does not download any {kind}: download it yourself and "
        "give the file.",
        "{url!r} はネットワーク上にあります。gemma_nb は {kind} をダウンロードしません。自分でダウンロード"
        "し、そのファイルを渡してください。",
    ),
    "media_data_url": (
        "The {kind} is neither a file nor valid base64 data: give a path or bytes.",
        "{kind} がファイルでも正しい base64 でもありません。パスかバイト列を渡してください。",
    ),
    "media_not_an_image": (
        "These bytes cannot be read as an image: give a PNG, JPEG, WebP or GIF.",
        "画像として読めないデータです。PNG、JPEG、WebP、GIF のいずれかを渡してください。",
    ),
    "media_unreadable": (
        "The {kind} cannot be read: {why}. Check the file, or save it again.",
        "{kind} を読み込めません: {why}。ファイルを確認するか、保存し直してください。",
    ),
    "media_image_shape": (
        "An array of shape {shape} is not an image: give (height, width, 3).",
        "形が {shape} の配列は画像ではありません。(高さ, 幅, 3) の配列を渡してください。",
    ),
    "media_image_range": (
        "The image's numbers are out of range: give whole numbers 0 to 255, or floats 0 to 1.",
        "画像の値が範囲外です。0〜255 の整数か、0〜1 の小数を渡してください。",
    ),
    "media_audio_shape": (
        "An array of shape {shape} and type {dtype} is not a clip: give (samples,) or (samples, channels), "
        "floats from -1 to 1 or 16-bit integers.",
        "形 {shape}、型 {dtype} の配列は音声ではありません。(サンプル数,) か (サンプル数, チャンネル数) で、"
        "-1〜1 の小数か 16 ビット整数を渡してください。",
    ),
    "media_audio_rate": (
        "sampling_rate is {value!r}: give a whole number of samples per second, from 1000 to 384000.",
        "sampling_rate が {value!r} です。1 秒あたりのサンプル数を 1000〜384000 の整数で指定してください。",
    ),
    "media_too_large": (
        "The {kind} is too large to read: it has {count:,} pixels, samples or bytes, and the limit is "
        "{most:,}. Make it smaller, or cut it.",
        "{kind} が大きすぎます。{count:,} 個(ピクセル、サンプルまたはバイト)ありますが、上限は {most:,} 個です。"
        "縮小するか、短くしてください。",
    ),
    "media_audio_range": (
        "The samples go up to {value}, but floats have to be from -1 to 1: divide them by the largest value "
        "of their format (32768 for 16 bits).",
        "サンプルの最大値が {value} です。小数は -1〜1 の範囲で渡してください。形式の最大値(16 ビットなら 32768)で"
        "割ってください。",
    ),
    "media_not_wav": (
        "This sound is not WAV in plain PCM: save it as WAV, or install the package soundfile, which reads "
        "FLAC, OGG and MP3.",
        "PCM の WAV ではない音声です。WAV で保存し直すか、FLAC・OGG・MP3 を読める soundfile パッケージを"
        "インストールしてください。",
    ),
    "media_audio_long": (
        "The clip is {seconds} s long, and {name} takes at most {most} s: cut it.",
        "音声が {seconds} 秒あります。{name} が受け取れるのは {most} 秒までです。短くしてください。",
    ),
    "media_audio_short": (
        "The clip is too short: give at least {least} s.",
        "音声が短すぎます。{least} 秒以上のものを渡してください。",
    ),
    "media_no_encoder": (
        "This model cannot read {kind}s: its backbone has no encoder for them, or its files have no "
        "converter. Load a variant that takes {kind}s, or leave them out.",
        "このモデルには {kind} を読むためのエンコーダーか変換の設定がありません。{kind} に対応したモデルを"
        "読み込むか、{kind} を外してください。",
    ),
    "media_no_video": (
        "Videos are not supported yet: give single frames as images.",
        "動画にはまだ対応していません。フレームを画像として渡してください。",
    ),
}
