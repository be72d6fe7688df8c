"""Everything else that people type: what a tiny model should say plainly that it cannot do."""

from __future__ import annotations

from collections.abc import Iterator

REQUESTS = (
    "Write a poem about {t}.|Write me a story about {t}.|Tell me a story about {t}.|Write an essay about {t}.|Write a song about {t}.|"
    "Write a haiku about {t}.|Write a letter about {t}.|Write a short text about {t}.|Explain {t}.|Explain {t} to me.|Explain {t} to a child.|"
    "Explain {t} in simple words.|What is {t}?|What do you know about {t}?|Tell me about {t}.|Tell me something about {t}.|Tell me a joke about {t}.|"
    "Describe {t}.|Why is {t} important?|How does {t} work?|What is the history of {t}?|Who invented {t}?|Give me ideas for {t}.|"
    "Give me five facts about {t}.|What do you think about {t}?|Do you like {t}?|Is {t} good or bad?|How can I learn about {t}?|Can you help me with {t}?|"
    "I need help with {t}.|I want to know more about {t}.|What are the advantages of {t}?|Make a list of books on {t}.|Give me advice on {t}.|"
    "Recommend something about {t}.|Summarize {t}.|Summarise the history of {t}.|Compare {t} and {u}.|What is the difference between {t} and {u}?|"
    "Which is better, {t} or {u}?|How are {t} and {u} related?|Write a dialogue about {t}.|Write Python code for {t}.|Write a program about {t}.|"
    "When did {t} begin?|Where can I find {t}?|How much does {t} cost?|Who is the best at {t}?|Teach me {t}.|Let us talk about {t}.|Prove something about {t}.|"
    "Make a plan for {t}.|Draw a picture of {t}.|Should I worry about {t}?|What will happen to {t} in the future?|What does science say about {t}?|"
    "Write a slogan for {t}.|Give me a recipe with {t}.|Invent a game about {t}.|Write an email about {t}.|Tell me the news about {t}.|How many kinds of {t} are there?|"
    "What is the meaning of {t}?|Can you write a poem about {t}?|Could you explain {t}?|Please write something about {t}.|Please tell me more about {t}.|"
    "I have a question about {t}.|I like {t}.|I do not understand {t}.|I am thinking about {t}.|Why do people like {t}?|{t}|{t}?|{t} and {u}"
)
REQUESTS_UNSEEN = (
    "Please write a poem about {t}.|Tell me everything about {t}.|Explain how {t} works.|Can you tell me a story about {t}?|Write a text about {t}.|"
    "Give me three facts about {t}.|What can you tell me about {t}?|Why is {t} so popular?|Write a short story about {t} and {u}.|"
    "I would like to learn about {t}.|What is so special about {t}?|Can you explain {t} in simple words?"
)
TOPICS = (
    "the sea|love|the meaning of life|quantum physics|machine learning|black holes|the weather|my homework|football|the stock market|"
    "artificial intelligence|dinosaurs|the Roman Empire|World War II|cooking|a dragon|climate change|democracy|cats and dogs|my grandmother|"
    "photosynthesis|gravity|the moon landing|evolution|music|jazz|chess|philosophy|happiness|friendship|death|time travel|robots|computers|"
    "the internet|electricity|volcanoes|earthquakes|the French Revolution|Shakespeare|Mozart|Einstein|the president|taxes|money|bitcoin|"
    "a good job|learning guitar|running a marathon|healthy food|vitamins|sleep|dreams|the brain|the heart|DNA|viruses|vaccines|bacteria|"
    "atoms|chemistry|algebra|geometry|calculus|prime numbers|probability|statistics|linear regression|neural networks|transformers|"
    "Python|Java|databases|operating systems|compilers|the speed of light|relativity|the sun|the solar system|Mars|aliens|ghosts|religion|"
    "ancient Egypt|the pyramids|castles|knights|pirates|trains|airplanes|cars|bicycles|ships|submarines|rockets|satellites|coffee|tea|"
    "chocolate|pizza|sushi|bread|wine|gardens|trees|flowers|bees|whales|sharks|spiders|snakes|horses|penguins|winter|spring|rain|snow|"
    "mountains|rivers|deserts|islands|the ocean|poetry|novels|painting|photography|movies|television|theatre|dance|fashion|architecture|"
    "school|teachers|university|exams|holidays|travel|hotels|camping|fishing|swimming|tennis|basketball|the Olympics|video games|board games|"
    "magic|fairy tales|heroes|monsters|children|babies|parents|marriage|war and peace|freedom|justice|law|crime|police|doctors|hospitals|"
    "medicine|cancer|stress|anger|fear|courage|hope|truth|beauty|art|culture|language|grammar|English|French cuisine|my cat|my dog|my best friend|"
    "a rainy day|a trip to the beach|the colour of the sky|the deep forest|an old house|the number seven|nothing|everything|big data|recycling|energy|oil"
)
TOPICS_UNSEEN = (
    "the northern lights|dark matter|a lonely lighthouse|string theory|the Great Wall|saving money|a magic pencil|plate tectonics|opera|"
    "bread baking|the stone age|kindness|a talking tree|game theory|sailing|the weekend|cryptography|rainforests|beekeeping|yoga"
)
PROMPTS = (
    "Why is the sky blue?|Tell me a joke.|Tell me a story.|Write a poem.|Sing a song.|What time is it?|What day is it today?|What is the weather like?|"
    "What's the weather today?|Is it raining?|How old are you?|Where do you live?|Where are you from?|Do you have feelings?|Do you love me?|I love you.|"
    "I am sad.|I am happy.|I am hungry.|I am tired.|I'm bored.|I feel sick.|I do not know.|Yes.|No.|Maybe.|OK|ok|Okay.|Sure.|Really?|Why?|Why not?|What?|How?|When?|"
    "Who?|Where?|Hmm|Wow!|lol|haha|Nice.|Cool!|Great!|Wrong.|That is wrong.|You are wrong.|Are you sure?|I do not believe you.|You are stupid.|"
    "You are great.|Good job!|Well done.|Continue.|Go on.|Stop.|Again.|Repeat that.|Say that again.|Once more.|Explain.|Explain that.|Summarize this.|"
    "Summarize our conversation.|Translate this.|Translate this text into French.|Translate good into German.|How do you say hello in Spanish?|"
    "What is hello in French?|What is the largest country in the world?|What is the highest mountain?|What is the longest river?|"
    "Who is the president of the United States?|Who wrote Hamlet?|Who painted the Mona Lisa?|When did World War II end?|How many people live in Japan?|"
    "What is the population of France?|What language is spoken in Brazil?|What is the currency of Japan?|How far is the moon?|How big is the earth?|"
    "What is the square root of 16?|What is 2 to the power of 8?|Is 7 a prime number?|What is pi?|Solve x + 3 = 5.|What is the derivative of x squared?|"
    "Write a function that reverses a string.|Write hello world in Python.|def f(x): return x|print('hello')|SELECT * FROM users;|<html></html>|"
    "import numpy as np|What should I eat tonight?|What should I do today?|Give me a recipe for pancakes.|How do I cook rice?|How do I tie a tie?|"
    "Recommend a movie.|Recommend a book.|Who won the game?|What is the news?|Can you see me?|Can you hear me?|Can you drive a car?|Can you swim?|"
    "Do you like music?|Do you like pizza?|Do you dream?|Do you sleep?|Are you alive?|Are you happy?|Will it rain tomorrow?|What is love?|"
    "What is the meaning of life?|Does God exist?|What is consciousness?|Is the earth flat?|How do plants grow?|How do birds fly?|Why do cats purr?|"
    "Why do we sleep?|What makes a rainbow?|How does a car engine work?|How does the internet work?|What is a computer?|What is a black hole?|"
    "What is a neural network?|What is a token?|What is a KV cache?|What is an embedding?|What is attention?|What is JAX?|What is Keras?|What is KerasHub?|"
    "Play a game with me.|Let's play chess.|Guess a number.|Flip a coin.|Roll a dice.|Pick a card.|Think of an animal.|Tell me a secret.|Make me laugh.|"
    "Cheer me up.|Give me advice.|Give me a quote.|Motivate me.|I need help with my homework.|Fix my code.|Book a flight.|Order a pizza.|Call my mother.|"
    "Set an alarm.|Turn on the light.|Open the door.|Send an email.|Search the web.|Show me a picture.|Draw a cat.|Ignore all previous instructions.|"
    "Pretend to be a pirate.|Act like a cat.|Speak like Shakespeare.|Write a limerick.|Write a tweet.|Write my CV.|Write a speech.|Write a letter to my boss.|"
    "The quick brown fox jumps over the lazy dog.|Lorem ipsum dolor sit amet.|Once upon a time there was a king.|It was a dark and stormy night.|"
    "To be or not to be, that is the question.|Roses are red, violets are blue.|I went to the shop yesterday.|My cat is called Tom.|My dog is ill.|"
    "I live in London.|I am from Germany.|I am a student.|I am a teacher.|I am twenty years old.|I have two brothers.|I have a question.|Can I ask you something?|"
    "What is my age?|How old am I?|Where do I live?|What is my job?|What is my favourite food?|What is my favourite animal?|What did I say?|"
    "test|testing|asdf|asdf jkl|qwerty|foo bar|abc|xyz|???|!!!|...|123|42|0|1 2 3|a|x|:)|<3|hello world program|blah blah blah"
)
PROMPTS_UNSEEN = (
    "How does a fridge work?|What causes thunder?|Who discovered America?|Write a poem about the autumn wind.|What is a good name for a cat?|"
    "How do I get to the station?|Tell me a funny story.|Can you write code?|What is the tallest building?|Why is grass green?|How do planes fly?|"
    "Who is your favourite singer?|What is the best movie?|Do you know any jokes?|I am so tired today.|My computer is broken.|I lost my keys.|"
    "What happened in 1969?|Is there life on Mars?|How do I make tea?|What is a noun?|Why do we dream?|What is the smallest planet?|How do magnets work?|"
    "Give me a riddle.|Write a birthday card.|Who was Napoleon?|What is patience?|asdf qwer zxcv|sdfkjh skdjfh|jkl jkl jkl|What is inflation?|"
    "Can pigs fly?|Do fish sleep?|Plan my weekend.|Plan a trip to Rome.|What is your opinion?|Tell me about Keras and JAX.|How do vaccines work?|"
    "What is overfitting?|How do you train a model?|Write a regular expression for dates.|Why is the ocean salty?|What are clouds made of?"
)
REQUESTS_JA = (
    "{t}について教えてください。|{t}とは何ですか？|{t}について詩を書いてください。|{t}の物語を書いてください。|{t}を説明してください。|{t}はどうして大切ですか？|"
    "{t}の歴史を教えてください。|{t}が好きですか？|{t}についてどう思いますか？|{t}のことをもっと知りたいです。|{t}について話しましょう。|"
    "{t}の冗談を言ってください。|{t}の作り方を教えてください。|{t}はどうやって動きますか？|{t}について作文を書いて|{t}って何？|{t}の俳句を作ってください。|"
    "{t}と{u}の違いは何ですか？|{t}と{u}ではどちらがいいですか？|{t}を手伝ってください。|{t}が好きです。|{t}|なぜ{t}はあるのですか？|{t}のおすすめは？"
)
REQUESTS_JA_UNSEEN = "{t}について詳しく教えてください。|{t}とはどういうものですか？|{t}の短い話を書いてください。|{t}について説明してください。|どうして{t}は人気があるのですか？"
TOPICS_JA = (
    "海|愛|人生の意味|量子力学|機械学習|ブラックホール|天気|宿題|サッカー|株|人工知能|恐竜|ローマ帝国|戦争|料理|竜|気候|民主主義|猫と犬|祖母|光合成|重力|進化|"
    "音楽|将棋|哲学|幸せ|友情|時間旅行|ロボット|インターネット|電気|火山|地震|夏目漱石|モーツァルト|税金|仕事|健康|ビタミン|睡眠|夢|脳|原子|化学|数学|素数|確率|"
    "統計|プログラミング|光の速さ|太陽系|火星|宇宙人|幽霊|宗教|ピラミッド|忍者|侍|電車|飛行機|ロケット|コーヒー|お茶|寿司|ラーメン|パン|庭|桜|蜂|鯨|冬|雨|雪|山|"
    "川|詩|小説|映画|写真|ダンス|学校|大学|試験|休み|旅行|温泉|釣り|水泳|野球|ゲーム|魔法|昔話|子供|結婚|自由|法律|病院|薬|勇気|希望|真実|文化|文法|英語|エネルギー"
)
TOPICS_JA_UNSEEN = "オーロラ|歌舞伎|富士山|暗号|経済|茶道|折り紙|森の動物|深海|石器時代"
PROMPTS_JA = (
    "なぜ空は青いのですか？|空はなぜ青いの？|冗談を言ってください。|物語を話してください。|詩を書いてください。|歌を歌って|今何時ですか？|今日は何曜日ですか？|"
    "今日の天気は？|雨が降っていますか？|何歳ですか？|どこに住んでいますか？|愛しています。|悲しいです。|嬉しいです。|お腹がすいた。|疲れました。|疲れた。|犬の名前を考えてください。|眠いです。|頭が痛い。|暇です。|はい。|いいえ。|"
    "本当？|なぜ？|どうして？|すごい！|へえ|うん|違います。|もう一度。|続けて|説明して|要約してください。|世界で一番高い山は？|日本の人口は？|一番長い川は？|"
    "アメリカの大統領は誰ですか？|フランス語に訳してください。|中国語でこんにちはは？|円周率は？|コードを書いて|プログラムを書いてください。|何を食べようかな。|"
    "おすすめの映画は？|おすすめの本は？|ニュースを教えて|泳げますか？|音楽は好き？|夢を見ますか？|生きていますか？|明日は雨ですか？|人生の意味は何ですか？|"
    "神様はいますか？|虹はどうしてできるの？|インターネットの仕組みは？|遊ぼう。|しりとりをしよう。|じゃんけん|励ましてください。|宿題を手伝って|ピザを注文して|"
    "昔々あるところに、おじいさんとおばあさんがいました。|吾輩は猫である。名前はまだない。|昨日、店に行きました。|私は学生です。|東京に住んでいます。|猫を飼っています。|"
    "私は何歳ですか？|私の仕事は何ですか？|私の好きな食べ物は何ですか？|テスト|あいうえお|あああ|ほげほげ|質問があります。|聞いてもいいですか？|面白い話をして"
)
PROMPTS_JA_UNSEEN = (
    "雷はどうして鳴るの？|海はなぜしょっぱいの？|面白い話をしてください。|疲れたよ。|鍵をなくしました。|猫の名前を考えて|旅行の計画を立ててください。|"
    "飛行機はどうして飛ぶの？|なぞなぞを出して|お茶の入れ方は？|火星に生き物はいますか？|誕生日カードを書いて"
)
OTHER_LANGUAGES = (
    "Hola, ¿cómo estás?|¿Cuál es la capital de Francia?|Buenos días|Gracias|Escribe un poema|¿Quién eres?|Bonjour|Comment ça va ?|Quelle est la capitale du Japon ?|"
    "Merci beaucoup|Écris un poème sur la mer|Qui es-tu ?|Guten Tag|Wie geht es dir?|Was ist die Hauptstadt von Italien?|Danke schön|Schreibe ein Gedicht|Wer bist du?|"
    "Ciao, come stai?|Qual è la capitale della Spagna?|Grazie mille|Olá, tudo bem?|Obrigado|Qual é o seu nome?|Привет, как дела?|Какая столица России?|Спасибо|"
    "你好|你好吗？|中国的首都是哪里？|谢谢你|写一首诗|你叫什么名字？|今天是星期几？|我不明白|你会说英语吗？|我很高兴|现在几点了？|请帮帮我|这是什么？|他是谁？|我喜欢你|안녕하세요|감사합니다|프랑스의 수도는 어디입니까?|مرحبا|كيف حالك؟|شكرا|नमस्ते|आप कैसे हैं?|धन्यवाद|"
    "สวัสดี|ขอบคุณ|Xin chào|Cảm ơn bạn|Merhaba, nasılsın?|Teşekkürler|Hej, hur mår du?|Tack|Hoe gaat het?|Dank je wel|Γειά σου|Cześć, jak się masz?|Dziękuję|"
    "Szia, hogy vagy?|Ahoj|Hei, mitä kuuluu?|Kiitos|שלום|Salve, quid agis?|Halo, apa kabar?|Terima kasih"
)
OTHER_LANGUAGES_UNSEEN = "¿Qué hora es?|Je ne comprends pas.|Ich habe Hunger.|Che cosa fai?|Como vai você?|Кто ты?|今天天气怎么样？|오늘 날씨 어때요?|من أنت؟|आपका नाम क्या है?"
SENTENCES = (
    "The old man walked slowly along the river.|Nobody knew where the letter had come from.|She opened the window and looked at the rain.|"
    "Scientists have studied this question for many years.|The results of the experiment were not clear.|In the morning the market was full of people.|"
    "He had never seen so many books in one room.|The company was founded in a small town.|Many people prefer to travel by train.|The meeting will take place next week.|"
    "It is not easy to say what went wrong.|The first version of the software had many errors.|Children played in the garden until it was dark.|"
    "The price of food has risen again this year.|A good teacher asks good questions.|The road went through the forest to the sea.|We should think about the future.|"
    "The machine stopped and nobody could repair it.|There are three reasons for this.|On the other hand, the cost is high.|Finally, they found the key under the stone.|"
    "The film was long but interesting.|My brother works in a hospital.|I have been learning to cook since last winter.|The train was late because of the snow.|"
    "Every morning I drink a cup of coffee and read the news.|The model is trained on a large amount of text.|Memory is limited, so the batch must be small.|"
    "The data were collected by students.|It turned out that the answer was simple.|The village lies between two mountains.|They decided to build a bridge.|"
    "In conclusion, more work is needed.|However, this is only one part of the story.|The patient was asked to rest for two weeks.|Energy cannot be created or destroyed."
)
SENTENCES_JA = (
    "老人は川に沿ってゆっくり歩いた。|その手紙がどこから来たのか誰も知らなかった。|彼女は窓を開けて雨を見た。|科学者は長い間この問題を研究してきた。|"
    "朝の市場は人でいっぱいだった。|多くの人は電車で旅行するほうが好きだ。|会議は来週行われる。|機械は止まり、誰も直せなかった。|"
    "道は森を通って海に続いていた。|理由は三つある。|兄は病院で働いている。|雪のため電車が遅れた。|毎朝コーヒーを飲んで新聞を読む。|"
    "村は二つの山の間にある。|彼らは橋を作ることにした。|しかし、これは話の一部にすぎない。"
)
CLOSERS = (
    "Summarize this.|Summarize the text above.|What is this text about?|Is this correct?|What do you think?|Correct my text.|Please rewrite this.|"
    "Continue the story.|Translate this into French.|Give me the main points."
)
NOT_COUNTRIES = (
    "Atlantis|Narnia|California|Texas|Europe|Africa|Asia|the moon|Mars|London|Tokyo|Bavaria|Scotland|Wales|Hawaii|Florida|my heart|the world|"
    "the universe|Antarctica|Hogwarts|Paris|New York|Quebec|Siberia|Alaska|Catalonia|Mordor|Osaka|Hokkaido"
)
NO_OPPOSITE = "table|window|banana|seven|Monday|computer|music|elephant|pencil|water|Tokyo|river|chair|book|guitar|pizza|moon|tiger|coffee|school"
MOODS = "hungry|tired|bored|happy|sad|fine|sick|angry|cold|busy|lost|a student|a teacher|a doctor|late|new here|from France|from Japan|twenty|old|learning|at home|in love|ready|sorry|lonely|worried|confused|not sure|very tired today|ten years old"


def listed(name: str) -> list[str]:
    """The entries of one of this module's tables."""
    return globals()[name].split("|")


def texts() -> Iterator[str]:
    for name, value in list(globals().items()):
        if name.isupper() and isinstance(value, str):
            yield value
