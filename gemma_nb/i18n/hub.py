"""Sentences of logins, downloads, progress and the cache on disk."""

TEXT = {
    "credentials_bad": (
        "credentials is a {kind} without a login: give a token, or a dict with {names}.",
        "credentials({kind})からログイン情報を読み取れません。トークン、または {names} をキーとする dict を"
        "指定してください。",
    ),
    "credentials_empty": (
        "The field is empty: paste the token into it.",
        "欄が空です。トークンを貼り付けてください。",
    ),
    "credentials_not_hf": (
        "That is not a Hugging Face token: those begin with {prefix}. It was not kept.",
        "Hugging Face のトークンではありません({prefix} で始まります)。保持していません。",
    ),
    "credentials_not_kaggle": (
        "That is a Hugging Face token (it begins with {prefix}), not a Kaggle token. It was not kept.",
        "これは Kaggle ではなく Hugging Face のトークンです({prefix} で始まります)。保持していません。",
    ),
    "credentials_bad_shape": (
        "A {service} token is {prefix} followed by letters and digits, without spaces. This one is cut off "
        "or has other characters: copy it again from {page}. It was not kept.",
        "{service} のトークンは、{prefix} の後に英数字が続く空白のない文字列です。途中で切れているか、ほか"
        "の文字が含まれています。{page} からコピーし直してください。保持していません。",
    ),
    "credentials_kaggle_shape": (
        "A Kaggle token begins with {prefix}. An older login is the whole text of kaggle.json, with "
        "username and key; the key alone is not enough. Create a token at {page}. It was not kept.",
        "Kaggle のトークンは {prefix} で始まります。以前の形式では、username と key を含む kaggle.json の全文が"
        "必要で、key だけでは足りません。{page} でトークンを作成してください。保持していません。",
    ),
    "credentials_not_json": (
        "That looks like kaggle.json, but its username and key cannot be read. Paste the whole file, or the "
        "token alone. It was not kept.",
        "kaggle.json のようですが、username と key を読み取れません。ファイル全体か、トークンだけを貼り付けて"
        "ください。保持していません。",
    ),
    "credentials_characters": (
        "The login found in {place} has characters that no login contains (a quotation mark, a letter of "
        "another script, an ellipsis). Copy it again from {page} and put it there.",
        "{place} にあるログイン情報に、使われないはずの文字(引用符、全角文字、省略記号など)が含まれています。"
        "{page} からコピーし直して、置き換えてください。",
    ),
    "credentials_found": ("{service}: found in {place}", "{service}: {place} にありました"),
    "credentials_not_found": ("{service}: not in {place}", "{service}: {place} にはありません"),
    "access_login": (
        "{service} accepts the login found in {place}.",
        "{place} のログイン情報は {service} で有効です。",
    ),
    "access_variant": (
        "{service} accepts the login found in {place}, and lets it download {variant}.",
        "{place} のログイン情報は {service} で有効で、{variant} をダウンロードできます。",
    ),
    "fetch_keras_hub": (
        "{name} was not downloaded: it needs keras-hub {version} or newer, and {installed} is installed. "
        "Run pip install -U 'keras-hub>={version}' and restart the kernel, or pass force=True.",
        "{name} はダウンロードしませんでした。keras-hub {version} 以降が必要ですが、インストールされている"
        "のは {installed} です。pip install -U 'keras-hub>={version}' を実行してカーネルを再起動するか、"
        "force=True を指定してください。",
    ),
    "fetch_bad_handle": (
        "{handle!r} is not a handle: write kaggle://owner/model/framework/variation (then /version, if you "
        "want a particular one) or hf://owner/model (then @revision).",
        "{handle!r} はハンドルとして読めません。kaggle://所有者/モデル/フレームワーク/バリエーション(/バージョン)"
        "または hf://所有者/モデル(@リビジョン)の形で書いてください。",
    ),
    "fetch_no_directory": (
        "There is no directory {folder}. Check the path; on Colab, mount Google Drive first.",
        "ディレクトリ {folder} がありません。パスを確認してください。Colab では先に Google ドライブをマウン"
        "トします。",
    ),
    "fetch_bad_preset": (
        "{folder} cannot be loaded: {file} {why}. Save the preset again, or download it again.",
        "{folder} は読み込めません: {file} {why}。プリセットを保存し直すか、ダウンロードし直してください。",
    ),
    "fetch_no_credentials": (
        "{name} needs a login at {hub}, and none was found (looked in {places}). Get a token at "
        "{login_page}, put it in one of these places or pass it as credentials=…, and accept the terms at "
        "{page}.",
        "{name} には {hub} へのログインが必要ですが、見つかりませんでした(探した場所: {places})。{login_page} で"
        "トークンを取得して、このいずれかに設定するか credentials=… で渡し、{page} で利用規約に同意してください。",
    ),
    "fetch_wrong_credentials": (
        "{hub} does not accept the login found in {place}: it is wrong, expired or revoked. Create a new "
        "token at {login_page} and put it there.",
        "{place} にあるログイン情報を {hub} が受け付けませんでした。誤っているか、失効しています。"
        "{login_page} で新しいトークンを作り、置き換えてください。",
    ),
    "fetch_no_consent": (
        "{hub} accepts the login found in {place}, but this account has no access to {name} yet. Open "
        "{page} with the same account, accept the terms, and try again. (A fine-grained token also needs "
        "the right to read gated models.)",
        "{place} のログイン情報は {hub} で有効ですが、このアカウントはまだ {name} を利用できません。同じア"
        "カウントで {page} を開いて利用規約に同意し、もう一度試してください(権限を絞ったトークンには、要同"
        "意モデルの読み取り権限も必要です)。",
    ),
    "fetch_unknown": (
        "{hub} has no {handle} that this login can see. Check the name at {page}; gnb.variants() lists the "
        "variants that gemma_nb knows.",
        "{hub} に {handle} が見つかりません(このログインで見える範囲)。{page} で名前を確認してください。"
        "gnb.variants() で既知のバリアントを一覧できます。",
    ),
    "fetch_version_gone": (
        "{hub} no longer has version {version} of {name}; the newest is {newest}. Load {handle!r} instead.",
        "{hub} に {name} のバージョン {version} はもうありません。最新は {newest} です。{handle!r} を読み込んで"
        "ください。",
    ),
    "fetch_no_network": (
        "{hub} cannot be reached, and {name} is not on disk. Check the network (on Kaggle, turn on Internet "
        "in the notebook's settings) and try again; the demo models need no network.{proxy}",
        "{hub} に接続できず、{name} はディスク上にもありません。ネットワークを確認して(Kaggle ではノートブックの"
        "設定で Internet を有効にして)もう一度試してください。デモモデルなら接続は不要です。{proxy}",
    ),
    "fetch_through_proxy": (
        " Requests go through the proxy that {names} names: check it too.",
        " 通信は {names} で指定されたプロキシを経由します。こちらも確認してください。",
    ),
    "fetch_certificate": (
        "The server that answered for {hub} has a certificate that is not trusted here, and {name} is not "
        "on disk. A proxy that replaces the hub's certificate with its own causes this. Save the proxy's "
        "root certificate as a .pem file, set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to its path before "
        "Python starts, and try again.",
        "{hub} として応答したサーバーの証明書がここでは信頼されておらず、{name} はディスク上にもありません。プロキシが独自の"
        "証明書に差し替えている可能性があります。プロキシのルート証明書を .pem で保存し、Python の起動前に SSL_CERT_FILE と "
        "REQUESTS_CA_BUNDLE をそのパスに設定して、もう一度試してください。",
    ),
    "fetch_offline": (
        "HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set, so {hub} is not contacted, and {name} is not "
        "complete on disk. Remove the variable, restart and try again; the demo models need no network.",
        "HF_HUB_OFFLINE(または TRANSFORMERS_OFFLINE)が設定されているため {hub} に接続せず、{name} のファ"
        "イルはディスク上に揃っていません。変数を外して再起動し、もう一度試してください。デモモデルなら接続"
        "は不要です。",
    ),
    "fetch_no_answer": (
        "Something else answered for {hub}: a web page came instead of data. A proxy, or a network that "
        "asks for a login in the browser, causes this. Fix it and try again.",
        "{hub} の代わりに別のものが応答しました(データではなくページが届きました)。ブラウザでのログインを求める"
        "ネットワークやプロキシで起こります。解決してからもう一度試してください。",
    ),
    "fetch_hub_busy": (
        "{hub} could not serve {name} (status {status}). What was downloaded is kept; try again {when}.",
        "{hub} が {name} を提供できませんでした(ステータス {status})。ダウンロード済みの分は残してありま"
        "す。{when}もう一度試してください。",
    ),
    "fetch_in_minutes": ("in a few minutes", "数分後に"),
    "fetch_in_seconds": ("in {seconds} seconds", "{seconds} 秒後に"),
    "fetch_read_only": (
        "{name} is not complete on disk, and {folder} cannot be written to ({why}). Set {variable} to a "
        "folder that you can write to, restart and try again.",
        "{name} のファイルがディスク上に揃っておらず、{folder} に書き込めません({why})。{variable} に書き"
        "込めるフォルダーを指定して再起動し、もう一度試してください。",
    ),
    "fetch_hub_refused": (
        "{hub} refused {name} with status {status}. Look at {page}; if the model opens there, update "
        "kagglehub and huggingface_hub.",
        "{hub} が {name} をステータス {status} で拒否しました。{page} を確認し、そこで開けるなら kagglehub と "
        "huggingface_hub を更新してください。",
    ),
    "fetch_storage_refused": (
        "The storage of {hub} refused {file} of {name} with status {status}: the download link expired, or "
        "a proxy interfered. What was downloaded is kept; try again.",
        "{hub} のストレージが {name} の {file} をステータス {status} で拒否しました。ダウンロードリンクの期"
        "限切れか、プロキシの影響です。ダウンロード済みの分は残してあります。もう一度試してください。",
    ),
    "fetch_not_attached": (
        "{name} could not be attached to this notebook ({why}). Add it under Input in the notebook's "
        "panel, or accept its terms at {page}, and try again.",
        "{name} をこのノートブックに追加できませんでした({why})。ノートブックの Input パネルから追加するか、"
        "{page} で利用規約に同意して、もう一度試してください。",
    ),
    "fetch_cut": (
        "The connection broke while {file} of {name} was downloading. {kept} are kept: try again, and the "
        "download resumes there.",
        "{name} の {file} のダウンロード中に接続が切れました。{kept} までは残してあり、もう一度試すと続きか"
        "ら再開します。",
    ),
    "fetch_page": (
        "A web page came instead of {file} of {name}, from a proxy or from a network that asks for a login "
        "in the browser. It was deleted; fix the cause and try again.",
        "{name} の {file} の代わりにウェブページが届きました。プロキシか、ブラウザでのログインを求めるネッ"
        "トワークが原因です。届いたものは削除しました。解決してからもう一度試してください。",
    ),
    "fetch_wrong_size": (
        "{file} of {name} should have {size} bytes, but {got} arrived. It was deleted; try again.",
        "{name} の {file} は {size} バイトのはずが {got} バイトでした。削除しました。もう一度試してください。",
    ),
    "fetch_hash": (
        "{file} of {name} arrived damaged: its hash is not the one that {hub} gives. It was deleted, and "
        "the other files are kept; try again.",
        "{name} の {file} は壊れて届きました(ハッシュが {hub} の値と一致しません)。このファイルは削除し、"
        "ほかのファイルは残してあります。もう一度試してください。",
    ),
    "fetch_bad_file": (
        "{file} of {name} {why}. It was deleted; try again. If it arrives like this again, the copy at "
        "{page} is at fault: choose another version.",
        "{name} の {file} {why}。削除しました。もう一度試しても同じなら、{page} にある元のファイルに問題が"
        "あります。別のバージョンを選んでください。",
    ),
    "fetch_shard_missing": (
        "{name} has no {file} at {hub}, so its weights are incomplete there. Choose another version, or "
        "tell its owner at {page}.",
        "{hub} の {name} には {file} がなく、重みが揃っていません。別のバージョンを選ぶか、{page} で所有者に知らせて"
        "ください。",
    ),
    "fetch_no_preset": (
        "{name} is at {hub}, but has no config.json, so KerasHub cannot load it. On Kaggle, the framework "
        "in the handle has to be keras.",
        "{name} は {hub} にありますが、config.json がなく、KerasHub で読み込めるモデルではありません。Kaggle では"
        "ハンドルのフレームワークが keras である必要があります。",
    ),
    "fetch_no_room": (
        "{name} needs {needed} on disk, and {folder} has {free} left. Delete models that you do not need "
        "(gnb.cached() lists them), or set {variable} to a folder on a larger disk and restart.",
        "{name} にはディスクに {needed} が必要ですが、{folder} の空きは {free} です。不要なモデルを削除する"
        "か(gnb.cached() で一覧)、{variable} に大きなディスクのフォルダーを指定して再起動してください。",
    ),
    "fetch_full": (
        "The disk filled up while {file} of {name} was downloading ({why}). What was downloaded is kept in "
        "{folder}: make room (gnb.cached() lists the models on disk) and try again, and the download "
        "resumes there.",
        "{name} の {file} のダウンロード中にディスクがいっぱいになりました({why})。ダウンロード済みの分は "
        "{folder} に残してあります。空きを作って(gnb.cached() で一覧)もう一度試すと、続きから再開します。",
    ),
    "fetch_write": (
        "{file} of {name} could not be written to {folder}: {why}. Check the disk and the permissions of "
        "that folder, and try again.",
        "{name} の {file} を {folder} に書き込めませんでした: {why}。ディスクとフォルダーの権限を確認して、もう一度試して"
        "ください。",
    ),
    "fetch_disk": (
        "{name} was not downloaded: {why} ({file}). Check the disk and the permissions there, and try "
        "again.",
        "{name} をダウンロードできませんでした: {why}({file})。ディスクと権限を確認して、もう一度試してく"
        "ださい。",
    ),
    "fetch_unexpected": (
        "{name} was not downloaded: {why} at {where}, which gemma_nb did not expect. What was downloaded is "
        "kept; try again, and if it happens again, report this line.",
        "{name} をダウンロードできませんでした: {where} で {why}(gemma_nb の想定外)。ダウンロード済みの分"
        "は残してあります。もう一度試し、続くようならこの行を報告してください。",
    ),
    "fetch_busy": (
        "{name} is being downloaded by another process: wait for it, or stop it, and try again.",
        "{name} は別のプロセスがダウンロード中です。終わるのを待つか停止してから、もう一度試してください。",
    ),
    "fetch_why_missing": ("is missing", "がありません"),
    "fetch_why_empty": ("is empty", "が空です"),
    "fetch_why_truncated": ("ends too early", "が途中で切れています"),
    "fetch_why_corrupt": ("is damaged", "が壊れています"),
    "fetch_why_not_hdf5": ("is not an HDF5 file", "が HDF5 ファイルではありません"),
    "fetch_outside_cache": (
        "{path} leads through a link to a place outside the cache {cache}, so nothing is written or deleted "
        "there. Remove the link, or move the whole cache (HF_HOME, KAGGLEHUB_CACHE) to the other disk.",
        "{path} はリンクによってキャッシュ {cache} の外を指しているため、書き込みも削除もしません。リンクを"
        "消すか、キャッシュ全体を別のディスクに移してください(HF_HOME、KAGGLEHUB_CACHE)。",
    ),
    "fetch_why_outside": (
        "refers to data outside itself ({link}), which no preset needs",
        "がファイルの外を参照しています({link})。プリセットには不要なものです",
    ),
    "fetch_why_not_json": ("is not JSON", "が JSON ではありません"),
    "fetch_why_not_config": (
        "names neither a KerasHub class nor a model type",
        "に KerasHub のクラスもモデルの種類も書かれていません",
    ),
    "fetch_why_unknown_class": (
        "names {name}, which is not a Gemma class of the installed keras-hub {version} (a newer one may "
        "have it)",
        "に書かれた {name} は、インストールされている keras-hub {version} の Gemma のクラスではありません("
        "新しい keras-hub にはあるかもしれません)",
    ),
    "progress_download": ("Downloading {label}", "{label} をダウンロード中"),
    "progress_download_done": (
        "Downloaded {label} in {seconds} s",
        "{label} をダウンロードしました({seconds} 秒)",
    ),
    "progress_import": ("Importing {label}", "{label} をインポート中"),
    "progress_import_done": (
        "Imported {label} in {seconds} s",
        "{label} をインポートしました({seconds} 秒)",
    ),
    "progress_build": ("Building {label}", "{label} を組み立て中"),
    "progress_build_done": (
        "Built {label} in {seconds} s",
        "{label} を組み立てました({seconds} 秒)",
    ),
    "progress_weights": ("Reading the weights of {label}", "{label} の重みを読み込み中"),
    "progress_weights_done": (
        "Read the weights of {label} in {seconds} s",
        "{label} の重みを読み込みました({seconds} 秒)",
    ),
    "progress_compile": (
        "Compiling {label} for its first answer",
        "{label} を最初の回答のためにコンパイル中",
    ),
    "progress_compile_done": (
        "Compiled {label} in {seconds} s",
        "{label} をコンパイルしました({seconds} 秒)",
    ),
    "progress_bytes": ("{what}: {shown}, {rate}", "{what}: {shown}、{rate}"),
    "progress_waiting": (
        "Another process is downloading {name}: waiting for it.",
        "別のプロセスが {name} をダウンロード中です。終わるのを待っています。",
    ),
    "cached_head": ("Models on disk: {count}, {total}", "ディスク上のモデル: {count} 個、{total}"),
    "cached_none": (
        "No models on disk ({places}).",
        "ディスク上にモデルはありません({places})。",
    ),
    "cached_part": ("incomplete", "未完了"),
}
