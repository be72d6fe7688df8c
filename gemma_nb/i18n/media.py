"""Sentences of images and sound."""

TEXT = {
    "media_missing": (
        "The message has a part of type {kind} without any data: put a path, bytes, a PIL image or an "
        "array under {kind!r}.",
        "メッセージの {kind} にデータがありません。{kind!r} にパス、バイト列、PIL 画像、配列のいずれかを"
        "入れてください。",
    ),
    "media_type": (
        "A {type} is no {kind}: give a path, bytes, a PIL image or an array.",
        "{type} は {kind} として読めません。パス、バイト列、PIL 画像、配列のいずれかを渡してください。",
    ),
    "media_no_file": (
        "There is no file {path!r} to read the {kind} from ({why}): check the path.",
        "{kind} のファイル {path!r} がありません（{why}）。パスを確認してください。",
    ),
    "media_url": (
        "{url!r} is on the network, and gemma_nb fetches no {kind} by itself: download it and give the "
        "file.",
        "{url!r} はネットワーク上にあります。gemma_nb は {kind} を取得しません。ダウンロードしてファイルを"
        "渡してください。",
    ),
    "media_data_url": (
        "The {kind} is neither a file nor sound base64 data: give a path or bytes.",
        "{kind} がファイルでも正しい base64 でもありません。パスかバイト列を渡してください。",
    ),
    "media_not_an_image": (
        "These bytes are no image that can be read: give a PNG, JPEG, WebP or GIF.",
        "画像として読めないデータです。PNG、JPEG、WebP、GIF のいずれかを渡してください。",
    ),
    "media_unreadable": (
        "The {kind} cannot be read: {why}. Check the file, or save it anew.",
        "{kind} を読み込めません: {why}。ファイルを確認するか、保存し直してください。",
    ),
    "media_image_shape": (
        "An array of shape {shape} is no image: give (height, width, 3).",
        "形が {shape} の配列は画像ではありません。(高さ, 幅, 3) の配列を渡してください。",
    ),
    "media_image_range": (
        "The image's numbers are out of range: give whole numbers 0 to 255, or floats 0 to 1.",
        "画像の値が範囲外です。0〜255 の整数か、0〜1 の小数を渡してください。",
    ),
    "media_audio_shape": (
        "An array of shape {shape} and type {dtype} is no clip: give (samples,) or (samples, channels), "
        "floats from -1 to 1 or 16-bit whole numbers.",
        "形 {shape}、型 {dtype} の配列は音声ではありません。(サンプル数,) か (サンプル数, チャンネル数) で、"
        "-1〜1 の小数か 16 ビット整数を渡してください。",
    ),
    "media_audio_rate": (
        "sampling_rate is {value!r}: give a whole number of samples a second.",
        "sampling_rate が {value!r} です。1 秒あたりのサンプル数を整数で指定してください。",
    ),
    "media_not_wav": (
        "This sound is no WAV in plain PCM: save it as WAV, or install the package soundfile, which reads "
        "FLAC, OGG and MP3.",
        "PCM の WAV ではない音声です。WAV で保存し直すか、FLAC・OGG・MP3 を読める soundfile パッケージを"
        "インストールしてください。",
    ),
    "media_audio_long": (
        "The clip is {seconds} s long, and {name} takes {most} s: cut it.",
        "音声が {seconds} 秒あります。{name} が受け取れるのは {most} 秒までです。短くしてください。",
    ),
    "media_audio_short": (
        "The clip is too short to hear anything in: give at least {least} s.",
        "音声が短すぎます。{least} 秒以上のものを渡してください。",
    ),
    "media_no_encoder": (
        "This model was loaded without what {kind}s are read with: its backbone has no encoder for them, "
        "or its files no converter. Load a variant that takes {kind}s, or leave them out.",
        "このモデルには {kind} を読むためのエンコーダーか変換の設定がありません。{kind} に対応したモデルを"
        "読み込むか、{kind} を外してください。",
    ),
    "media_no_video": (
        "Videos are not read yet: give single frames as images.",
        "動画にはまだ対応していません。フレームを画像として渡してください。",
    ),
}
