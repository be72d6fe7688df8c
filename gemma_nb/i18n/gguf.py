"""Sentences of GGUF files and of exporting."""

TEXT = {
    "gguf_reads_as": (
        "{file} holds {types}: it is read as {precision}, as a 16-bit checkpoint would be.",
        "{file} の重みは {types} です。16 ビットのチェックポイントと同じく {precision} として読み込みます。",
    ),
    "gguf_unread": (
        "Not read: {files}, the image or audio encoder. The model takes text alone.",
        "{files}(画像・音声エンコーダー)は読み込みません。モデルが受け取るのはテキストだけです。",
    ),
    "gguf_type": (
        "{where} holds tensors of the type {kind}, which the package gguf cannot unpack: take a file of "
        "another type.",
        "{where} のテンソルの型 {kind} は gguf パッケージでは展開できません。別の型のファイルを使ってください。",
    ),
    "no_such_gguf": (
        "There is no file {path!r}. A GGUF file on Hugging Face is 'hf://org/name:FILE.gguf'.",
        "ファイル {path!r} がありません。Hugging Face にある GGUF ファイルは "
        "'hf://org/name:FILE.gguf' と書いてください。",
    ),
    "gguf_not_in_repository": (
        "{where} has no file {file!r}: copy its name from the repository's list of files.",
        "{where} にファイル {file!r} はありません。リポジトリのファイル一覧から名前を写してください。",
    ),
    "gguf_package_missing": (
        "GGUF files are read and written with the package gguf, which is not installed: "
        "pip install gguf, and try again.",
        "GGUF ファイルの読み書きには gguf パッケージが必要です。pip install gguf でインストールしてから、"
        "もう一度試してください。",
    ),
    "gguf_broken": (
        "{where} cannot be read as a GGUF file: {why}. Download it again, or ask where it comes from.",
        "{where} を GGUF ファイルとして読めません: {why}。ダウンロードし直すか、入手元に確認してください。",
    ),
    "gguf_file_missing": (
        "{where} is split over several files, and {file} is not beside it: put all of them into one "
        "directory.",
        "{where} は複数のファイルに分かれていますが、{file} が同じ場所にありません。すべて 1 つの"
        "ディレクトリに置いてください。",
    ),
    "gguf_field_missing": (
        "{where} cannot be read: its metadata has no usable {field}. Convert the model again with a "
        "current llama.cpp.",
        "{where} を読めません。メタデータに使える {field} がありません。新しい llama.cpp で変換し直して"
        "ください。",
    ),
    "gguf_tensor_missing": (
        "{where} cannot be read: it has no tensor {name}. Convert the model again, whole.",
        "{where} を読めません。テンソル {name} がありません。モデル全体を変換し直してください。",
    ),
    "gguf_field": (
        "{where} states {field} = {value}, which KerasHub's class has no argument for: it would answer "
        "wrongly. Run the file with llama.cpp.",
        "{where} の {field} = {value} に当たる引数が KerasHub のクラスにないため、正しく動きません。この"
        "ファイルは llama.cpp で実行してください。",
    ),
    "gguf_tensor": (
        "{where} holds the tensor {name}, which nothing here would read: the model would answer "
        "wrongly. Run the file with llama.cpp.",
        "{where} のテンソル {name} は読み込まれないため、正しく動きません。このファイルは llama.cpp で"
        "実行してください。",
    ),
    "gguf_architecture": (
        "{where} holds a model of the architecture {name}. These are read: {known}. Run the file with "
        "llama.cpp.",
        "{where} は {name} というアーキテクチャのモデルです。読み込めるのは {known} です。このファイルは "
        "llama.cpp で実行してください。",
    ),
    "gguf_is_mmproj": (
        "{where} is the image or audio encoder that belongs to a model (an mmproj file), not a model: "
        "name the model's own file.",
        "{where} はモデルではなく、モデルに付属する画像・音声エンコーダー(mmproj ファイル)です。モデル"
        "本体のファイルを指定してください。",
    ),
    "gguf_why_magic": ("it does not begin with GGUF", "GGUF で始まっていません"),
    "gguf_why_version": (
        "its version is {version}; little-endian files of version 2 and 3 are read",
        "バージョンが {version} です(読めるのはリトルエンディアンの 2 と 3)",
    ),
    "gguf_why_truncated": ("it ends within its header", "ヘッダーの途中で終わっています"),
    "gguf_why_huge": (
        "its header would be larger than {limit} MiB",
        "ヘッダーが {limit} MiB を超えます",
    ),
    "gguf_why_count": ("it declares {count} entries", "{count} 個の項目を宣言しています"),
    "gguf_why_length": (
        "it declares a name of {length} bytes",
        "{length} バイトの名前を宣言しています",
    ),
    "gguf_why_text": ("a text in it is not UTF-8", "UTF-8 でない文字列があります"),
    "gguf_why_value": ("it holds a value of type {kind}", "型 {kind} の値があります"),
    "gguf_why_twice": ("{name!r} is in it twice", "{name!r} が 2 つあります"),
    "gguf_why_alignment": ("its alignment is {alignment!r}", "アラインメントが {alignment!r} です"),
    "gguf_why_shape": ("the shape of {name!r} is not valid", "{name!r} の形が正しくありません"),
    "gguf_why_type": (
        "{name!r} is of type {kind}, which the package gguf does not know",
        "{name!r} の型 {kind} は gguf パッケージにありません",
    ),
    "gguf_why_offset": (
        "{name!r} lies over another tensor, or off the alignment",
        "{name!r} の位置がほかのテンソルと重なるか、アラインメントに合っていません",
    ),
    "gguf_why_outside": (
        "{name!r} ends after the end of the file",
        "{name!r} がファイルの終わりを越えています",
    ),
    "gguf_why_split": (
        "it states {count} files, and its name another number",
        "ファイル数が {count} と書かれていて、名前と合いません",
    ),
    "gguf_why_tensors": (
        "it states {stated} tensors and holds {present}",
        "テンソル数が {stated} と書かれていますが、{present} 個あります",
    ),
    "export_format": (
        "There is no format {format!r}. {near}The formats are: {all}.",
        "{format!r} という形式はありません。{near}使えるのは {all} です。",
    ),
    "export_precision": (
        "This format is not written in {precision!r}. Pass precision=… with one of: {all}.",
        "この形式は {precision!r} では書き出せません。precision=… に次のいずれかを指定してください: {all}。",
    ),
    "export_class": (
        "A {kind} cannot be exported: {known} can. save() writes any model as a KerasHub preset.",
        "{kind} は書き出せません。書き出せるのは {known} です。KerasHub のプリセットとしてなら、save() で"
        "どのモデルも保存できます。",
    ),
    "export_gguf_class": (
        "llama.cpp has no architecture for a {kind}; these are written: {known}. Pass "
        "format='safetensors' instead.",
        "llama.cpp に {kind} のアーキテクチャはありません。書き出せるのは {known} です。代わりに "
        "format='safetensors' を指定してください。",
    ),
    "export_field": (
        "This {kind} cannot be exported: nothing in the file's format stands for its {field} = {value}. "
        "save() writes it as a KerasHub preset.",
        "この {kind} は書き出せません。{field} = {value} に当たるものがファイル形式にありません。KerasHub の"
        "プリセットとしてなら save() で保存できます。",
    ),
    "export_gemma3n": (
        "A {kind} is not written as safetensors, because KerasHub could not read it back without its "
        "encoders. Pass format='gguf', or save() it as a KerasHub preset.",
        "{kind} は、エンコーダーなしでは KerasHub で読み戻せないため safetensors では書き出しません。"
        "format='gguf' を指定するか、save() で KerasHub のプリセットとして保存してください。",
    ),
    "export_text_only": (
        "{path} holds the part of the model that reads and writes text: {encoders} is not in it.",
        "{path} に書き出したのはテキストを扱う部分です({encoders} は含みません)。",
    ),
    "export_gguf_path": (
        "GGUF is written to a file that does not exist yet and ends in .gguf, not to {path}.",
        "GGUF の書き出し先には、まだ存在しない .gguf で終わるファイルを指定してください({path} は使えません)。",
    ),
}
