"""How people ask in English: phrasings of the training, and others kept for the evaluation."""

from __future__ import annotations

from collections.abc import Iterator

ASK = {
    "add": (
        "What is {a} + {b}?|{a} + {b}|{a}+{b}|{a} + {b} =|{a}+{b}=|{a} + {b} = ?|{a}+{b}?|What is {a} plus {b}?|"
        "What's {a} + {b}?|What's {a} plus {b}?|{a} plus {b}|Add {a} and {b}.|Add {b} to {a}.|How much is {a} + {b}?|"
        "How much is {a} plus {b}?|Calculate {a} + {b}.|Compute {a} + {b}.|Can you add {a} and {b}?|"
        "What is the sum of {a} and {b}?|Tell me {a} + {b}.|Work out {a} + {b}.|Solve {a} + {b}.|What do {a} and {b} make?|"
        "What does {a} + {b} equal?|{a} plus {b} is?|Find {a} + {b}|Sum {a} and {b}|what is {a}+{b}|Can you calculate {a} + {b}?|"
        "Give me the sum of {a} and {b}.|Please calculate {a}+{b}."
    ),
    "subtract": (
        "What is {a} - {b}?|{a} - {b}|{a}-{b}|{a} - {b} =|{a}-{b}=|{a} - {b} = ?|{a}-{b}?|What is {a} minus {b}?|"
        "What's {a} - {b}?|What's {a} minus {b}?|{a} minus {b}|Subtract {b} from {a}.|Take {b} away from {a}.|"
        "How much is {a} - {b}?|How much is {a} minus {b}?|Calculate {a} - {b}.|Compute {a} - {b}.|Can you subtract {b} from {a}?|"
        "What is {a} take away {b}?|Tell me {a} - {b}.|Work out {a} - {b}.|Solve {a} - {b}.|What is left when I take {b} from {a}?|"
        "What does {a} - {b} equal?|{a} minus {b} is?|Find {a} - {b}|what is {a}-{b}|Can you calculate {a} - {b}?|{a} − {b}|"
        "What is {a} − {b}?|Please calculate {a}-{b}."
    ),
    "capital": (
        "What is the capital of {x}?|What's the capital of {x}?|Capital of {x}?|The capital of {x}?|Tell me the capital of {x}.|"
        "Which city is the capital of {x}?|What city is the capital of {x}?|Name the capital of {x}.|What is {x}'s capital?|"
        "What is the capital city of {x}?|Do you know the capital of {x}?|Can you tell me the capital of {x}?|"
        "What is the name of the capital of {x}?|I want to know the capital of {x}.|Give me the capital of {x}.|"
        "{x}: what is its capital?|What is the capital of the country {x}?|Please name the capital city of {x}.|"
        "Which city is {x}'s capital?|I forgot the capital of {x}. What is it?|Could you tell me {x}'s capital?|"
        "Where is the government of {x}? Name the capital.|Say the capital of {x}.|In {x}, which city is the capital?|"
        "Quiz: the capital of {x}?|My homework asks for the capital of {x}.|what is the capital of {x} called?|{x} capital?|"
        "What is the capital in {x}?|Let me know the capital of {x}.|Would you tell me which city is the capital of {x}?|"
        "the capital of {x} is|Tell me which city is {x}'s capital.|I want to know what the capital of {x} is.|"
        "I need to know the capital of {x}.|I wonder what the capital of {x} is.|Can you say what the capital of {x} is?|"
        "Say which city is the capital of {x}.|Please give me the name of the capital of {x}.|Sorry, what is the capital of {x}?|"
        "Tell me, please, what the capital of {x} is called.|Any idea what the capital of {x} is?|My question: what is {x}'s capital called?"
    ),
    "opposite": (
        "What is the opposite of {x}?|What's the opposite of {x}?|Opposite of {x}?|The opposite of {x}?|Tell me the opposite of {x}.|"
        "Give me the opposite of {x}.|Which word is the opposite of {x}?|What word means the opposite of {x}?|Name the opposite of {x}.|"
        "Do you know the opposite of {x}?|Can you tell me the opposite of {x}?|What is the antonym of {x}?|Antonym of {x}?|"
        "Give an antonym for {x}.|What is the reverse of {x}?|Say the opposite of {x}.|I need the opposite of {x}.|"
        'What is the opposite of "{x}"?|What is the opposite of the word {x}?|What is the opposite word of {x}?|'
        "Find the opposite of {x}.|What is the contrary of {x}?|If something is not {x}, what is its opposite?|{x}: what is the opposite?|"
        "Please give me a word that is the opposite of {x}.|The opposite of {x} is|Quiz: the opposite of {x}?|opposite word for {x}|"
        "Which word has the opposite meaning of {x}?|Could you tell me the opposite of the word {x}?|"
        "I want to know the opposite of {x}.|I wonder what the opposite of {x} is.|Can you say what the opposite of {x} is?|"
        "Sorry, what is the opposite of {x}?|Any idea what the opposite of {x} is?|Can you find the opposite of {x}?|"
        "What exactly is the opposite of {x}?|Give me the exact opposite of {x}.|Tell me, please, the opposite word of {x}."
    ),
    "count": (
        "Count from {a} to {b}.|Count from {a} to {b}|Count {a} to {b}.|Can you count from {a} to {b}?|Please count from {a} to {b}.|"
        "Could you count from {a} to {b}?|Count the numbers from {a} to {b}.|List the numbers from {a} to {b}.|"
        "Say the numbers from {a} to {b}.|Write the numbers from {a} to {b}.|Give me the numbers from {a} to {b}.|"
        "Tell me the numbers from {a} to {b}.|Start at {a} and count to {b}.|Starting from {a}, count to {b}.|"
        "I want you to count from {a} to {b}.|Show me the numbers from {a} to {b}.|Numbers from {a} to {b}, please.|"
        "count from {a} until {b}|Begin at {a} and count to {b}.|Let's count from {a} to {b}.|Name every number from {a} to {b}.|"
        "Count for me from {a} to {b}.|from {a} to {b}, count|Print the numbers {a} to {b}.|What are the numbers from {a} to {b}?"
    ),
    "count_to": "Count to {b}.|Can you count to {b}?|Please count to {b}|count up to {b}|Could you count to {b} for me?",
    "count_down": (
        "Count down from {a} to {b}.|Count backwards from {a} to {b}.|Can you count down from {a} to {b}?|"
        "Please count down from {a} to {b}|Count back from {a} to {b}."
    ),
    "repeat": (
        "Repeat {x} {n} times.|Repeat the word {x} {n} times.|Say {x} {n} times.|Say the word {x} {n} times.|Write {x} {n} times.|"
        'Repeat "{x}" {n} times.|Say "{x}" {n} times.|Write the word {x} {n} times.|Can you say {x} {n} times?|'
        "Can you repeat {x} {n} times?|Could you repeat the word {x} {n} times?|Please say {x} {n} times.|Please repeat {x} {n} times.|"
        "I want you to say {x} {n} times.|{n} times {x}, please.|Type {x} {n} times.|Print {x} {n} times.|Echo {x} {n} times.|"
        "Give me {x} {n} times.|Tell me {x} {n} times.|Write down {x} {n} times.|Repeat after me {n} times: {x}|Say this {n} times: {x}|"
        "Repeat this word {n} times: {x}|{x}, {n} times|Would you say {x} {n} times?|Say {n} times {x}.|repeat {x} x{n}|Show {x} {n} times."
    ),
    "upper": (
        "Write {x} in capital letters.|Write {x} in upper case.|Write the word {x} in capital letters.|Write {x} in capitals.|"
        "Put {x} in capital letters.|Put {x} in upper case.|Turn {x} into upper case.|Turn {x} into capital letters.|"
        "Convert {x} to upper case.|Convert {x} to uppercase.|Make {x} upper case.|Make {x} uppercase.|Change {x} to capital letters.|"
        'Write "{x}" in capital letters.|What is {x} in capital letters?|What is {x} in upper case?|Spell {x} in capital letters.|'
        "Can you write {x} in capital letters?|Can you make {x} upper case?|Could you put {x} in capitals?|uppercase {x}|Uppercase: {x}|"
        "{x} in capital letters, please.|{x} in upper case|Capitalise every letter of {x}.|Capitalize all letters of {x}.|"
        "Show {x} in capital letters.|Please write {x} in all caps.|{x} in all caps|Give me {x} in capital letters.|Turn the word {x} into upper case."
    ),
    "to_japanese": (
        "Translate {x} into Japanese.|Translate {x} to Japanese.|Translate the word {x} into Japanese.|How do you say {x} in Japanese?|"
        "What is {x} in Japanese?|What's {x} in Japanese?|What is the Japanese word for {x}?|{x} in Japanese?|Say {x} in Japanese.|"
        "How do I say {x} in Japanese?|Can you translate {x} into Japanese?|Could you translate {x} to Japanese?|"
        'Translate "{x}" into Japanese.|Translate to Japanese: {x}|Translate into Japanese: {x}|Give me the Japanese for {x}.|'
        "What is the Japanese for {x}?|Tell me the Japanese word for {x}.|How is {x} called in Japanese?|Write {x} in Japanese.|"
        "Do you know the Japanese word for {x}?|What do Japanese people call a {x}?|I want to say {x} in Japanese.|"
        "{x} in Japanese, please.|English to Japanese: {x}|what is japanese for {x}|What does {x} mean in Japanese?|"
        "Please tell me how to say {x} in Japanese.|What would {x} be in Japanese?|"
        "I want to know {x} in Japanese.|I need {x} in Japanese.|I would like to have {x} in Japanese.|Please translate {x} to Japanese for my friend.|"
        "Translate {x} into Japanese for us.|Can you translate {x} into Japanese for me?|Do you know {x} in Japanese?|Tell me {x} in Japanese.|"
        "What do they call {x} in Japanese?|What is {x} called in Japanese?|Sorry, how do you say {x} in Japanese?|How can I say {x} in Japanese?|"
        "How would I say {x} in Japanese?|Please give me {x} in Japanese.|Which Japanese word means {x}?|Could you say {x} in Japanese?|"
        "Can you tell me {x} in Japanese?|I wonder what {x} is in Japanese.|Please say {x} in Japanese for me.|Put {x} into Japanese."
    ),
    "to_english": (
        "Translate {x} into English.|Translate {x} to English.|What does {x} mean?|What does {x} mean in English?|What is {x} in English?|"
        "What's {x} in English?|How do you say {x} in English?|Translate the word {x} into English.|What is the English word for {x}?|"
        "{x} in English?|Say {x} in English.|Can you translate {x} into English?|Could you translate {x} to English?|"
        'Translate "{x}" into English.|Translate to English: {x}|Translate into English: {x}|Give me the English for {x}.|'
        "What is the meaning of {x}?|Tell me the English word for {x}.|Do you know what {x} means?|Japanese to English: {x}|"
        "{x} in English, please.|What is the English for {x}?|How do I say {x} in English?|What would {x} be in English?|"
        "Write {x} in English.|Please translate {x}|{x} means what?|I do not understand {x}. What is it in English?|"
        "I want to know {x} in English.|I need {x} in English.|I would like to have {x} in English.|Please translate {x} to English for my friend.|"
        "Translate {x} into English for us.|Can you translate {x} into English for me?|Do you know {x} in English?|Tell me {x} in English.|"
        "What do they call {x} in English?|What is {x} called in English?|Sorry, what does {x} mean?|How can I say {x} in English?|"
        "How would I say {x} in English?|Please give me {x} in English.|Which English word means {x}?|Could you say {x} in English?|"
        "Can you tell me {x} in English?|I wonder what {x} is in English.|Please say {x} in English for me.|Put {x} into English."
    ),
    "tell_name": (
        "My name is {x}.|I am {x}.|I'm {x}.|Hi, I am {x}.|Hello, my name is {x}.|Call me {x}.|You can call me {x}.|Please call me {x}.|"
        "My name's {x}.|Hi! My name is {x}.|Hello! I'm {x}.|They call me {x}.|People call me {x}.|This is {x}.|The name is {x}.|"
        "Remember that my name is {x}.|Hi, my name is {x}. Nice to meet you!|Let me introduce myself: I am {x}.|I go by {x}.|"
        "Good morning, I am {x}.|Hey, I'm {x}.|Hello there, my name is {x}.|My friends call me {x}.|Please remember my name: {x}."
    ),
    "ask_name": (
        "What is my name?|What's my name?|Do you remember my name?|Who am I?|Tell me my name.|Can you tell me my name?|"
        "Say my name.|What am I called?|Do you know my name?|What did I say my name was?|What was my name?|Please say my name.|"
        "Do you still remember my name?|And what is my name?|So, what is my name?|Now tell me my name.|Remember my name?|"
        "Do you know who I am?|What is my name again?|Could you tell me what my name is?"
    ),
    "tell_colour": (
        "My favourite colour is {x}.|My favorite color is {x}.|I like {x} best.|The colour I like best is {x}.|"
        "The color I like most is {x}.|My favourite color is {x}.|Remember that my favourite colour is {x}.|"
        "Remember my favorite color: {x}.|I love the colour {x}.|{x} is my favourite colour.|{x} is my favorite color.|"
        "Of all colours I like {x} most.|Please remember that my favorite color is {x}.|I want you to know that my favourite colour is {x}.|"
        "By the way, my favourite colour is {x}.|My best-loved colour is {x}.|My favorite colour is {x}!|For me the best colour is {x}.|"
        "Note that my favourite colour is {x}.|The color I love is {x}."
    ),
    "ask_colour": (
        "What is my favourite colour?|What is my favorite color?|What's my favourite colour?|What's my favorite color?|"
        "Which colour do I like best?|Which color do I like most?|Do you remember my favourite colour?|"
        "Do you remember my favorite color?|Tell me my favourite colour.|Tell me my favorite color.|Do you know my favourite colour?|"
        "What colour do I like?|What color do I love?|What did I say my favourite colour was?|Can you tell me my favorite color?|"
        "And what is my favourite colour?|So what's my favorite color?|Say my favourite colour.|What was my favourite colour?|"
        "Which colour is my favourite?"
    ),
    "about": (
        "Who are you?|What are you?|What can you do?|What is your name?|What's your name?|Are you a person?|Are you a human?|Are you an AI?|"
        "Are you a robot?|Are you a language model?|What do you do?|How can you help me?|What can I ask you?|Tell me about yourself.|"
        "Introduce yourself.|Which model are you?|What model is this?|Are you Gemma?|Who made you?|Help|Help me|Help!|What are you able to do?|"
        "What should I ask you?|What do you know?|Do you have a name?|Can you help me?|What kind of model are you?|Are you real?|"
        "How big are you?|Describe yourself.|What are your skills?|Please introduce yourself.|Show me what you can do.|What is this?|"
        "How do you work?|Are you ChatGPT?|Are you Gemini?|What is Gemma?|How many parameters do you have?|Who am I talking to?|Are you a machine?|Are you a program?|Are you a bot?|"
        "Are you a real person?|Are you a man or a woman?|Are you a small model?|Are you a demo?|Are you an app?|Are you a language model or a person?|"
        "Hi, who are you?|Hi, what are you?|Hello, what can you do?|Now tell me who you are.|Say who you are.|I want to know who you are.|"
        "Do you know who you are?|What can you do, exactly?|What kinds of things can you do?|Which questions can I ask?|Can you say what you can do?|"
        "Can you describe yourself?|Could you introduce yourself, please?|Tell us about yourself.|what can you do here|What is your purpose?|"
        "What type of model are you?|Which things can you do?|What can I do with you?|So what can you do?|Who exactly are you?"
    ),
    "thanks": (
        "Thanks!|Thank you.|Thank you!|Thank you very much.|Thanks a lot.|thanks|Thx|Many thanks.|Thank you so much!|Great, thanks.|"
        "OK, thank you.|Thanks for your help.|Thank you for your help.|Cheers!|Nice, thank you!|Thanks, that helps.|Perfect, thanks!|ty"
    ),
    "bye": (
        "Bye!|Goodbye.|Goodbye!|Bye bye.|See you!|See you later.|See you tomorrow.|bye|Good night.|Good night!|I have to go.|Farewell.|"
        "I must go now, bye.|Talk to you later.|Take care.|That is all, goodbye.|OK, bye.|See you soon!|So long!|That's all for today.|See you again!|See you again.|Bye, Gemma!|See you around."
    ),
    "how": (
        "How are you?|How are you today?|How are you doing?|How do you do?|How is it going?|How's it going?|Are you well?|Are you OK?|"
        "How do you feel?|How have you been?|What's up?|Hello, how are you?|Hi, how are you?|Hi! How are you today?|Good morning, how are you?"
    ),
    "hello": (
        "Hi!|Hi|Hello|Hello!|Hello.|Hey|Hey!|hi|hello|Hi there|Hi there!|Hello there!|Good morning!|Good morning|Good afternoon!|"
        "Good evening!|Greetings!|Hey there!|Hello, model!|Hi, Gemma!|Hello, Gemma.|Hello, computer!|Nice to meet you!|Yo|Howdy|"
        "Hello world|Hello everyone!|Hi everybody|Good day!|Hello again!|Hi, it's me.|Hello, are you there?|Anybody there?|"
        "Hey, model|Hi friend|Hello my friend!|Morning!|Evening!|Welcome!|Hiya|Hello there|Hi again|Hey you!|Hey, you!|Hey hey"
    ),
}

UNSEEN = {
    "capital": (
        "Please tell me what the capital of {x} is.|Good day! What is the capital of {x}?|Can you name the capital city of {x}?|"
        "What is the name of {x}'s capital city?|I would like to know the capital of {x}.|Which is the capital of {x}?|"
        "Do you know what the capital of {x} is?|Excuse me, what's the capital city of {x}?"
    ),
    "opposite": (
        "Please tell me what the opposite of {x} is.|Can you give me the opposite of {x}?|I would like to know the opposite of {x}.|"
        "What is the exact opposite of {x}?|Do you know what the opposite of {x} is?|Which is the opposite of {x}?|"
        "Excuse me, what's the opposite word of {x}?"
    ),
    "to_japanese": (
        "Please translate {x} into Japanese for me.|What do you call {x} in Japanese?|I would like to know {x} in Japanese.|"
        "Can you tell me the Japanese word for {x}?|How would you say {x} in Japanese?|Excuse me, how do you say {x} in Japanese?"
    ),
    "to_english": (
        "Please translate {x} into English for me.|What do you call {x} in English?|I would like to know {x} in English.|"
        "Can you tell me the English word for {x}?|How would you say {x} in English?|Excuse me, what does {x} mean in English?"
    ),
    "about": (
        "So who are you?|Please tell me who you are.|Please tell me about yourself.|Can you introduce yourself?|Hello, who are you?|"
        "What can you do for me?|Tell me what you can do.|What are you exactly?|Hi, what is your name?|Do you know what you are?|"
        "What things can you do?|Are you a computer?|Are you a chatbot?|Could you tell me what you are?|hey who are you|"
        "Hey, what can you do?|Are you a human being?|Can you tell me who you are?|Can you tell me about yourself?|Who are you, model?|"
        "What sort of model are you?|Which language model are you?|What questions can I ask you?|what are you able to do for me"
    ),
    "thanks": (
        "Thanks so much!|Thanks a lot for your help!|Great, thank you!|Thank you, that helps.|"
        "Thank you, that is all I need.|Wonderful, thank you.|Thanks again!|Thank you again.|Good, thanks.|Thank you, Gemma."
    ),
    "bye": (
        "OK, goodbye!|Bye, see you later!|Bye for now!|Goodbye and take care.|I have to go, bye!|Goodbye, Gemma.|"
        "See you next time!|bye, good night|Bye then!|Well, goodbye.|Bye, see you tomorrow."
    ),
    "how": (
        "Hey, how are you doing?|So how are you?|How are you doing today?|Hi there, how are you?|"
        "Hey! How's it going?|How are you, Gemma?|Good evening, how are you?|how are you feeling today?|And how are you?"
    ),
    "hello": (
        "Hi, model!|Hey, Gemma!|Hello to you!|Hi, computer!|Hello, friend!|Hello hello!|Hi hi|Hi you!|"
        "Hello, demo model!|Good morning, Gemma!|Good evening, model.|Hi, good morning!|Hello, good afternoon!|Well, hello!|Oh, hi!|"
        "Hello, nice to meet you!|Hi, nice to meet you.|Good morning to you!"
    ),
}

SYSTEMS = {
    "word": (
        "Answer in one word.|Answer with one word.|Reply in one word.|Answer in one word only.|Use one word.|Answer with a single word.|"
        "Only answer in one word.|Give one-word answers."
    ),
    "ja": (
        "Always answer in Japanese.|Answer in Japanese.|Reply in Japanese.|Always reply in Japanese.|Use Japanese.|"
        "Only speak Japanese.|Please answer in Japanese."
    ),
    "caps": (
        "Answer in capital letters.|Always answer in capital letters.|Reply in capital letters.|Answer in upper case.|"
        "Use capital letters only.|Write in capital letters.|Answer in all caps."
    ),
    "none": (
        "You are a helpful assistant.|You are a friendly assistant.|Be polite.|You are a teacher.|Be kind and helpful.|"
        "You are a pirate.|Answer briefly.|You are talking to a student.|Be honest.|You are Gemma.|Help the user.|"
        "You are a helpful, honest assistant. Answer every question as well as you can."
    ),
}

BEFORE = [
    "Please ",
    "Hey, ",
    "Hi! ",
    "Hello! ",
    "OK, ",
    "Now, ",
    "Next: ",
    "Well, ",
    "And ",
    "Quick question: ",
    "Tell me, ",
    "So, ",
    "One more: ",
]
AFTER = [" please", ", please", " Thanks!", " Thank you.", " Please.", "!", "??", " :)", " ?"]


# Small talk is put together from parts, since people vary it without end.
ADDRESSEES = [
    "Gemma",
    "model",
    "friend",
    "computer",
    "robot",
    "buddy",
    "everyone",
    "dear",
    "sir",
    "my friend",
    "demo",
    "demo model",
    "little model",
    "assistant",
    "you",
]
LEADS = {
    "thanks": [
        "Great",
        "Good",
        "Perfect",
        "Lovely",
        "Super",
        "Excellent",
        "Brilliant",
        "OK",
        "Okay",
        "Nice",
        "Cool",
        "Very good",
        "Fantastic",
        "Right",
        "Ah",
        "Oh",
        "Wow",
        "Fine",
        "Got it",
        "I see",
        "Yes",
    ],
    "bye": [
        "OK",
        "Okay",
        "Well",
        "Right",
        "So",
        "Now",
        "Alright",
        "Good",
        "Fine",
        "Great",
        "Thanks",
        "Thank you",
    ],
    "hello": ["Oh", "Well", "Ah", "Hey", "OK", "So", "Good"],
    "how": [
        "Hi",
        "Hello",
        "Hey",
        "Hi there",
        "So",
        "And",
        "Well",
        "Good morning",
        "Good evening",
        "Good afternoon",
        "OK",
        "Oh",
    ],
}
TAILS = {
    "thanks": [
        "that was helpful.",
        "that was quick.",
        "that is enough.",
        "you helped me a lot.",
        "that is what I wanted.",
        "I understand now.",
        "this is great.",
        "that was nice of you.",
        "very kind.",
    ],
    "bye": [
        "see you.",
        "have a nice day.",
        "until next time.",
        "until tomorrow.",
        "talk to you soon.",
        "have a good evening.",
        "thanks for everything.",
        "it was nice to talk to you.",
    ],
    "hello": [
        "I am back.",
        "nice to see you.",
        "good to see you.",
        "are you awake?",
        "it is nice to meet you.",
        "pleased to meet you.",
        "here I am.",
    ],
    "how": ["Tell me.", "I hope you are well.", "All good?"],
}

TELL_BOTH = (
    "My name is {x} and my favourite colour is {y}.|I am {x} and my favourite colour is {y}.|Hi, I'm {x} and I like {y} best.|"
    "My name is {x}. My favourite colour is {y}.|I'm {x}. My favorite color is {y}.|My name is {x} and my favorite color is {y}.|"
    "Hello, my name is {x}, and my favourite colour is {y}.|Call me {x}. My favorite color is {y}."
)


def phrasings(kind: str, unseen: bool = False) -> list[str]:
    return (UNSEEN if unseen else ASK)[kind].split("|")


def texts() -> Iterator[str]:
    for table in (ASK, UNSEEN, SYSTEMS):
        yield from table.values()
    yield from (*BEFORE, *AFTER, *ADDRESSEES, TELL_BOTH)
    for parts in (*LEADS.values(), *TAILS.values()):
        yield from parts
