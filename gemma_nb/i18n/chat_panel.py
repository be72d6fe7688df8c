"""Sentences of the chat panel."""

TEXT = {
    "chat_title": ("Chat with {variant}", "{variant} と話す"),
    "chat_no_model": (
        "A chat needs a loaded model, not {kind}: gnb.ChatPanel(gnb.load()), or ChatPanel(picker.model) "
        "once the picker has loaded one.",
        "チャットには読み込み済みのモデルが必要です({kind} は使えません)。gnb.ChatPanel(gnb.load()) とするか、"
        "Picker で読み込んだ後に ChatPanel(picker.model) としてください。",
    ),
    "chat_you": ("You", "あなた"),
    "chat_tool_answered": ("Tool {name}", "ツール {name}"),
    "chat_empty": (
        "Nothing was said yet. Ask something, for example: {question}",
        "まだ会話はありません。たとえばこう聞いてみてください: {question}",
    ),
    "chat_transcript": ("Conversation", "会話"),
    "chat_message": ("Your message", "メッセージ"),
    "chat_message_edit": ("Your last message, to be changed", "最後のメッセージ(編集中)"),
    "chat_message_tool": (
        "What {name} answers (JSON or text): the model called it and waits",
        "{name} の応答(JSON かテキスト): モデルが呼び出して待っています",
    ),
    "chat_keys": (
        "Enter sends, Shift+Enter makes a new line.",
        "Enter で送信、Shift+Enter で改行します。",
    ),
    "chat_send": ("Send", "送信"),
    "chat_send_edit": ("Send the changed message", "編集して送信"),
    "chat_stop": ("Stop", "停止"),
    "chat_again": ("Answer again", "もう一度答える"),
    "chat_edit": ("Edit my last message", "最後のメッセージを編集"),
    "chat_keep": ("Leave it as it was", "編集をやめる"),
    "chat_new": ("New conversation", "新しい会話"),
    "chat_attach_image": ("Add an image", "画像を加える"),
    "chat_attach_audio": ("Add a sound", "音声を加える"),
    "chat_attach_both": ("Add an image or a sound", "画像か音声を加える"),
    "chat_nothing": ("Write a message first.", "先にメッセージを書いてください。"),
    "chat_busy": (
        "{variant} is answering. Stop, or the kernel's own stop button, ends it.",
        "{variant} が回答中です。「停止」かカーネルの停止ボタンで止められます。",
    ),
    "chat_begins": ("…", "…"),
    "chat_thinking": ("Thinking … ({count} characters)", "思考中 …({count} 文字)"),
    "chat_thoughts": ("Thoughts ({count} characters)", "思考({count} 文字)"),
    "chat_calls": ("Calls the tool", "ツールを呼び出し"),
    "chat_box": ("Box", "領域"),
    "chat_code": ("Code", "コード"),
    "chat_stopped": ("stopped", "停止しました"),
    "chat_stopped_early": (
        "Stopped before the first word; the conversation is as it was, and your message is in the field.",
        "最初の文字の前に停止しました。会話は元のままで、メッセージは入力欄に戻しました。",
    ),
    "chat_failed": ("That did not work.", "うまくいきませんでした。"),
    "chat_unexpected": ("{kind}: {why}", "{kind}: {why}"),
    "chat_none": ("{variant} said nothing.", "{variant} は何も答えませんでした。"),
    "chat_answered": ("{variant} answered: {answer}", "{variant} の回答: {answer}"),
    "chat_stats": (
        "{tokens} tokens, {speed} tokens/s, the first after {first} s",
        "{tokens} トークン、{speed} トークン/秒、最初のトークンまで {first} 秒",
    ),
    "chat_stats_one": (
        "{tokens} tokens, the first after {first} s",
        "{tokens} トークン、最初のトークンまで {first} 秒",
    ),
    "chat_left": (
        "Context: {left} of {all} tokens left.",
        "コンテキスト: {all} トークン中、残り {left} トークン。",
    ),
    "chat_dropped": (
        "The oldest {count} messages are not sent any more.",
        "古いメッセージ {count} 件はもう送られません。",
    ),
    "chat_tabs": ("More", "詳細"),
    "chat_tab_settings": ("Settings", "設定"),
    "chat_tab_prompt": ("What the model was sent", "モデルに送られた内容"),
    "chat_tab_json": ("As JSON", "JSON"),
    "chat_tab_code": ("As code", "コード"),
    "chat_system": (
        "System text: holds for the whole conversation, from the next message on",
        "システムテキスト: 次のメッセージから会話全体に効きます",
    ),
    "chat_think": ("Let the model think first", "先に思考させる"),
    "chat_temperature": ("Temperature", "temperature(温度)"),
    "chat_temperature_means": (
        "0 always takes the likeliest token, so the answer is the same each time. Higher is more varied; "
        "above 1 it soon loses the thread.",
        "0 なら常に最も確率の高いトークンを選び、回答は毎回同じになります。大きいほど多様になり、1 を超えると"
        "話が乱れやすくなります。",
    ),
    "chat_top_k": ("Top-k", "top-k"),
    "chat_top_k_means": (
        "Only the k likeliest tokens may be drawn; 0 allows all.",
        "確率の高い k 個のトークンだけから選びます。0 なら制限しません。",
    ),
    "chat_top_p": ("Top-p", "top-p"),
    "chat_top_p_means": (
        "Of those, the fewest whose probabilities add up to p; 1 allows all.",
        "その中から、確率の合計が p に達するまでの上位だけを使います。1 なら制限しません。",
    ),
    "chat_length": ("Longest answer (tokens)", "回答の最大長(トークン)"),
    "chat_length_means": (
        "The answer is cut there, wherever it is. About three quarters of a word each in English.",
        "そこで回答を打ち切ります。英語では 1 トークンがおよそ 4 分の 3 語です。",
    ),
    "chat_seed": ("Seed (empty: another each time)", "シード(空欄なら毎回変わる)"),
    "chat_seed_means": (
        "The same number gives the same answer again, on the same machine.",
        "同じ数なら、同じマシンで同じ回答になります。",
    ),
    "chat_bad_seed": (
        "The seed is a whole number from 0 to 4294967295, or empty, not {value!r}.",
        "シードは 0 から 4294967295 までの整数か空欄にしてください({value!r} は使えません)。",
    ),
    "chat_turn": ("Turn", "ターン"),
    "chat_turn_name": ("{number}: {words}", "{number}: {words}"),
    "chat_no_turn": ("Nothing was sent yet.", "まだ何も送っていません。"),
    "chat_save": ("Save as a file", "ファイルに保存"),
    "chat_saved": (
        "Saved as {path}. gnb.Chat.load({path!r}, model) goes on with it.",
        "{path} に保存しました。gnb.Chat.load({path!r}, model) で続きから再開できます。",
    ),
    "chat_not_saved": (
        "{path} could not be written: {why}",
        "{path} に書き込めません: {why}",
    ),
    "chat_shortened": (
        "Images and sounds are shortened here; the saved file holds them whole.",
        "画像と音声はここでは省略しています。保存したファイルには全体が入ります。",
    ),
    "chat_code_label": ("The conversation in Python", "この会話の Python コード"),
    "chat_code_media": (
        "put your own file here",
        "自分のファイルを指定してください",
    ),
}
