"""Sentences of GGUF files and of exporting."""

TEXT = {
    "gguf_reads_as": (
        "{file} stores its weights as {types}. They are loaded in {precision}, as those of a 16-bit "
        "checkpoint are.",
        "{file} の重みは {types} です。16 ビットのチェックポイントと同じく {precision} として読み込みます。",
    ),
    "gguf_unread": (
        "Not loaded: {files}, the image or audio encoder. The model takes text only.",
        "{files}(画像・音声エンコーダー)は読み込みません。モデルが受け取るのはテキストだけです。",
    ),
    "gguf_type": (
        "{where} holds tensors of the type {kind}, which the gguf package cannot unpack: use a file of "
        "another type.",
        "{where} のテンソルの型 {kind} は gguf パッケージでは展開できません。別の型のファイルを使ってください。",
    ),
    "no_such_gguf": (
        "There is no file {path!r}. For a GGUF file on Hugging Face, write 'hf://org/name:FILE.gguf'.",
        "ファイル {path!r} がありません。Hugging Face にある GGUF ファイルは "
        "'hf://org/name:FILE.gguf' と書いてください。",
    ),
    "gguf_not_in_repository": (
        "{where} has no file {file!r}: copy its name from the repository's list of files.",
        "{where} にファイル {file!r} はありません。リポジトリのファイル一覧から名前をコピーしてください。",
    ),
    "gguf_package_missing": (
        "Reading and writing GGUF files takes the gguf package, which is not installed: run pip install "
        "gguf, and try again.",
        "GGUF ファイルの読み書きには gguf パッケージが必要です。pip install gguf でインストールしてから、"
        "もう一度試してください。",
    ),
    "gguf_broken": (
        "{where} cannot be read as a GGUF file: {why}. Download it again, or ask its publisher.",
        "{where} を GGUF ファイルとして読めません: {why}。ダウンロードし直すか、入手元に確認してください。",
    ),
    "gguf_file_missing": (
        "{where} is split into several files, and {file} is missing: put all of them into one directory.",
        "{where} は複数のファイルに分かれていますが、{file} がありません。すべて 1 つのディレクトリに置いて"
        "ください。",
    ),
    "gguf_field_missing": (
        "{where} cannot be read: its metadata has no usable {field}. Convert the model again with a "
        "current llama.cpp.",
        "{where} を読めません。メタデータに使える {field} がありません。新しい llama.cpp で変換し直して"
        "ください。",
    ),
    "gguf_tensor_missing": (
        "{where} cannot be read: it has no tensor {name}. Convert the whole model again.",
        "{where} を読めません。テンソル {name} がありません。モデル全体を変換し直してください。",
    ),
    "gguf_field": (
        "{where} says {field} = {value}, and KerasHub's class has no argument for that, so it would answer "
        "wrongly. Run the file with llama.cpp.",
        "{where} の {field} = {value} に当たる引数が KerasHub のクラスにないため、正しく動きません。この"
        "ファイルは llama.cpp で実行してください。",
    ),
    "gguf_tensor": (
        "{where} holds the tensor {name}, which KerasHub would not use, so the model would answer wrongly. "
        "Run the file with llama.cpp.",
        "{where} のテンソル {name} は KerasHub では使われないため、正しく動きません。このファイルは "
        "llama.cpp で実行してください。",
    ),
    "gguf_architecture": (
        "{where} holds a model of the architecture {name}, which gemma_nb cannot read. It reads: {known}. "
        "Run the file with llama.cpp.",
        "{where} は {name} というアーキテクチャのモデルで、gemma_nb では読めません。読めるのは {known} です。"
        "このファイルは llama.cpp で実行してください。",
    ),
    "gguf_is_mmproj": (
        "{where} is the image or audio encoder of a model (an mmproj file), not a model: give the file of "
        "the model itself.",
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
    "gguf_why_text": ("a string in it is not UTF-8", "UTF-8 でない文字列があります"),
    "gguf_why_value": ("it holds a value of type {kind}", "型 {kind} の値があります"),
    "gguf_why_twice": ("it has {name!r} twice", "{name!r} が 2 つあります"),
    "gguf_why_alignment": ("its alignment is {alignment!r}", "アラインメントが {alignment!r} です"),
    "gguf_why_shape": ("the shape of {name!r} is not valid", "{name!r} の形が正しくありません"),
    "gguf_why_type": (
        "{name!r} is of type {kind}, which the gguf package does not know",
        "{name!r} の型 {kind} は gguf パッケージにありません",
    ),
    "gguf_why_offset": (
        "{name!r} overlaps another tensor, or is not aligned",
        "{name!r} の位置がほかのテンソルと重なるか、アラインメントに合っていません",
    ),
    "gguf_why_outside": (
        "{name!r} extends past the end of the file",
        "{name!r} がファイルの終わりを越えています",
    ),
    "gguf_why_split": (
        "it says that there are {count} files, and its name says another number",
        "ファイル数が {count} と書かれていて、名前と合いません",
    ),
    "gguf_why_tensors": (
        "it says that it has {stated} tensors, and has {present}",
        "テンソル数が {stated} と書かれていますが、{present} 個あります",
    ),
    "export_format": (
        "There is no format {format!r}. {near}The formats are: {all}.",
        "{format!r} という形式はありません。{near}使えるのは {all} です。",
    ),
    "export_precision": (
        "This format cannot be written in {precision!r}. Pass precision=… with one of: {all}.",
        "この形式は {precision!r} では書き出せません。precision=… に次のいずれかを指定してください: {all}。",
    ),
    "export_class": (
        "A {kind} cannot be exported; these can: {known}. save() writes any model as a KerasHub preset.",
        "{kind} は書き出せません。書き出せるのは {known} です。KerasHub のプリセットとしてなら、save() で"
        "どのモデルも保存できます。",
    ),
    "export_gguf_class": (
        "llama.cpp has no architecture for a {kind}; these can be written: {known}. Pass "
        "format='safetensors' instead.",
        "llama.cpp に {kind} のアーキテクチャはありません。書き出せるのは {known} です。代わりに "
        "format='safetensors' を指定してください。",
    ),
    "export_field": (
        "This {kind} cannot be exported: the file format has no place for {field} = {value}. save() writes "
        "it as a KerasHub preset.",
        "この {kind} は書き出せません。{field} = {value} に当たるものがファイル形式にありません。KerasHub の"
        "プリセットとしてなら save() で保存できます。",
    ),
    "export_gemma3n": (
        "A {kind} cannot be exported as safetensors, because KerasHub could not read it back without its "
        "encoders. Pass format='gguf', or save() it as a KerasHub preset.",
        "{kind} は、エンコーダーなしでは KerasHub で読み戻せないため safetensors では書き出しません。"
        "format='gguf' を指定するか、save() で KerasHub のプリセットとして保存してください。",
    ),
    "export_text_only": (
        "{path} holds the part of the model that reads and writes text, without {encoders}.",
        "{path} に書き出したのはテキストを扱う部分です({encoders} は含みません)。",
    ),
    "export_gguf_path": (
        "GGUF needs a path that ends in .gguf and where no file exists yet, not {path}.",
        "GGUF の書き出し先には、まだ存在しない .gguf で終わるファイルを指定してください({path} は使えません)。",
    ),
}
