"""The word tables that the demo models are taught: opposites, translations, colours, names."""

from __future__ import annotations


def _pairs(table: str) -> tuple[tuple[str, str], ...]:
    rows = [row.split("=") for row in table.replace("\n", " ").split()]
    return tuple((left.replace("_", " "), right) for left, right in rows)


OPPOSITES = _pairs("""
hot=cold big=small up=down left=right day=night black=white fast=slow happy=sad open=closed
full=empty good=bad high=low hard=soft heavy=light long=short new=old rich=poor strong=weak
thick=thin true=false wet=dry wide=narrow young=old early=late easy=difficult far=near first=last
clean=dirty bright=dark deep=shallow loud=quiet safe=dangerous sharp=blunt smooth=rough sweet=sour
tall=tiny win=lose buy=sell push=pull give=take start=stop laugh=cry love=hate begin=end
inside=outside above=below before=after always=never many=few more=less same=different
alive=dead asleep=awake brave=afraid cheap=expensive clever=stupid cool=warm correct=wrong
cruel=kind east=west north=south enter=leave arrive=depart float=sink friend=enemy front=back
guilty=innocent healthy=sick hero=villain increase=decrease legal=illegal polite=rude
possible=impossible public=private question=answer raise=lower remember=forget summer=winter
success=failure tight=loose top=bottom ugly=beautiful useful=useless visible=invisible war=peace
yes=no accept=refuse add=subtract ancient=modern major=minor maximum=minimum
""")
"""Asked in both directions, except where the word on the right is the opposite of two words."""

OPPOSITES_JA = _pairs("""
大きい=小さい 高い=低い 長い=短い 新しい=古い 暑い=寒い 明るい=暗い 重い=軽い 強い=弱い
速い=遅い 近い=遠い 広い=狭い 多い=少ない 良い=悪い 深い=浅い 太い=細い 上=下 右=左 前=後ろ
内=外 昼=夜 朝=晩 男=女 北=南 東=西 夏=冬 白=黒 勝つ=負ける 買う=売る 開ける=閉める 押す=引く
入る=出る 始まる=終わる 笑う=泣く 覚える=忘れる 増える=減る 安全=危険 成功=失敗 平和=戦争
簡単=難しい 嬉しい=悲しい 甘い=辛い 静か=うるさい 味方=敵 生まれる=死ぬ 起きる=寝る
""")

TRANSLATIONS = _pairs("""
cat=猫 dog=犬 bird=鳥 fish=魚 horse=馬 cow=牛 pig=豚 sheep=羊 mouse=ねずみ rabbit=うさぎ
monkey=猿 bear=熊 tiger=虎 lion=ライオン elephant=象 fox=きつね wolf=狼 frog=かえる snake=蛇
turtle=亀 insect=虫 butterfly=蝶 bee=蜂 spider=くも chicken=鶏 duck=あひる whale=鯨 dolphin=いるか
water=水 fire=火 wind=風 earth=地球 sky=空 sea=海 river=川 mountain=山 forest=森 lake=湖 island=島
sun=太陽 moon=月 star=星 rain=雨 snow=雪 cloud=雲 ice=氷 stone=石 sand=砂 tree=木 flower=花
grass=草 leaf=葉 fruit=果物 vegetable=野菜 apple=りんご orange=オレンジ banana=バナナ
strawberry=いちご peach=桃 grape=ぶどう lemon=レモン melon=メロン tomato=トマト potato=じゃがいも
carrot=人参 onion=玉ねぎ rice=米 bread=パン meat=肉 egg=卵 milk=牛乳 tea=お茶 coffee=コーヒー
sugar=砂糖 salt=塩 soup=スープ cake=ケーキ candy=飴 cheese=チーズ butter=バター juice=ジュース
breakfast=朝食 lunch=昼食 dinner=夕食 kitchen=台所 table=机 chair=椅子 bed=ベッド door=ドア
window=窓 house=家 room=部屋 garden=庭 key=鍵 clock=時計 lamp=ランプ cup=コップ plate=皿
knife=ナイフ fork=フォーク spoon=スプーン book=本 pen=ペン pencil=鉛筆 paper=紙 letter=手紙
newspaper=新聞 dictionary=辞書 picture=絵 photo=写真 camera=カメラ computer=コンピューター
telephone=電話 television=テレビ radio=ラジオ car=車 bus=バス train=電車 airplane=飛行機 ship=船
bicycle=自転車 road=道 bridge=橋 station=駅 airport=空港 school=学校 university=大学 hospital=病院
library=図書館 park=公園 bank=銀行 shop=店 restaurant=レストラン hotel=ホテル church=教会
temple=寺 castle=城 town=町 village=村 city=都市 country=国 world=世界 man=男 woman=女
child=子供 baby=赤ちゃん boy=少年 girl=少女 mother=母 father=父 brother=兄 sister=姉 family=家族
friend=友達 teacher=先生 student=学生 doctor=医者 nurse=看護師 king=王 queen=女王 person=人
name=名前 head=頭 face=顔 eye=目 ear=耳 nose=鼻 mouth=口 tooth=歯 hand=手 finger=指 foot=足
heart=心 hair=髪 body=体 blood=血 bone=骨 shoes=靴 hat=帽子 shirt=シャツ coat=コート
umbrella=傘 bag=鞄 money=お金 gold=金 silver=銀 iron=鉄 glass=ガラス music=音楽 song=歌
dance=踊り game=ゲーム movie=映画 story=物語 word=言葉 language=言語 number=数字 time=時間
today=今日 tomorrow=明日 yesterday=昨日 morning=朝 noon=昼 evening=夕方 night=夜 week=週
year=年 spring=春 summer=夏 autumn=秋 winter=冬 red=赤 blue=青 green=緑 yellow=黄色
white=白 black=黒 purple=紫 pink=ピンク brown=茶色 grey=灰色 love=愛 dream=夢 peace=平和 war=戦争
light=光 shadow=影 sound=音 voice=声 color=色 shape=形 gift=贈り物 holiday=休日
birthday=誕生日 work=仕事 science=科学 history=歴史 mathematics=数学 art=芸術 sport=スポーツ
baseball=野球 soccer=サッカー swimming=水泳 thank_you=ありがとう hello=こんにちは
good_morning=おはよう good_night=おやすみ goodbye=さようなら yes=はい no=いいえ
""")
"""English word, Japanese word: one to one in both directions."""

COLOURS = dict(
    _pairs("""
red=赤 blue=青 green=緑 yellow=黄色 white=白 black=黒 purple=紫 pink=ピンク brown=茶色 grey=灰色
orange=オレンジ gold=金色 silver=銀色
""")
)
MORE_COLOURS = (
    "violet indigo cyan magenta turquoise crimson scarlet navy teal beige ivory lavender maroon "
    "olive lime coral salmon khaki amber emerald ruby sapphire azure bronze copper charcoal peach "
    "mint mustard lilac plum rose tan burgundy aquamarine"
).split()
MORE_COLOURS_JA = (
    "水色 紺色 桃色 空色 黄緑 藍色 朱色 若草色 えんじ色 クリーム色 ベージュ 群青".split()
)

NAMES = (
    "Aiko Ken Yuki Hana Taro Sakura Haruto Emi Naoko Kenji Mika Hiroshi Akira Yumi Rin Sora Daichi "
    "Alice Bob Carol David Emma Frank Grace Henry Isabel Jack Kate Liam Maria Noah Olivia Peter "
    "Quinn Rachel Sam Tom Uma Victor Wendy Xavier Yara Zoe Anna Ben Clara Daniel Elena Felix Gina "
    "Hugo Ida James Julia Karl Laura Lucas Mia Nina Oscar Paula Paul Rosa Simon Sofia Thomas "
    "Vera Walter Yusuf Amir Fatima Omar Layla Hassan Priya Arjun Ravi Anita Chen Wei Mei Jin Soo "
    "Minh Linh Kofi Ama Zainab Chidi Ngozi Pedro Ana Carlos Lucia Diego Marta Ivan Olga Dmitri Nadia "
    "Sven Astrid Lars Ingrid Pierre Chloe Louis Amelie Marco Giulia Luca Bianca George Mary John "
    "Michael Sarah Robert Linda William Susan Richard Karen Joseph Nancy Charles Lisa Matthew Betty "
    "Anthony Sandra Mark Ashley Donald Emily Steven Donna Andrew Michelle Joshua Amanda Kevin Melissa "
    "Brian Deborah Edward Stephanie Ronald Rebecca Timothy Sharon Jason Cynthia Jeffrey Kathleen Ryan "
    "Amy Jacob Angela Gary Shirley Nicholas Brenda Eric Pamela Jonathan Nicole Stephen Ruth Larry "
    "Samantha Justin Katherine Scott Christine Brandon Helen Benjamin Debra Gregory Catherine "
    "Alexander Carolyn Patrick Janet Raymond Ellie Leo Max Ella Ruby Oliver Harry Charlie Freya"
).split()
NAMES_JA = (
    "太郎 花子 健 愛子 さくら 陽斗 美香 直子 健二 弘 明 由美 凛 空 大地 田中 鈴木 佐藤 高橋 山田 "
    "伊藤 渡辺 中村 小林 加藤 吉田 山本 佐々木 松本 井上 木村 林 清水 山口 森 池田 石川 アンナ トム "
    "ケン アイコ ユキ ハナ マリア ジョン エマ さとし ゆうこ まさお けいこ はると ひなた あおい みなと "
    "かおり たくや なおき あやか りょう まい しょうた ななみ つばさ ゆい れん そうた めい ルーカス "
    "ソフィア オリバー リアム クララ マルコ ピーター リサ ナディア"
).split()

# Words for repeating and spelling in capitals; some are kept for the evaluation (see splits.py).
WORDS = (
    "able about across actor adventure afternoon agree airship album alphabet amazing anchor angel "
    "animal ankle apron arrow artist atlas attic avocado bacon badge bakery balloon bamboo banjo "
    "barrel basket battery beach beetle believe bench berry biscuit blanket blossom board bottle "
    "bracket branch breeze brick bronco bucket bubble budget buffalo builder bundle button cabin "
    "cactus camel candle canoe canvas captain caravan carpet castor cedar celery chapter cherry "
    "chimney chocolate circle circus citizen clarinet cliff clover coconut collar comet compass "
    "concert cookie cottage cotton cousin crayon cricket crystal curtain cushion daisy dancer decade "
    "desert diamond dinosaur dragon drawer driver drum eagle editor elbow elegant engine envelope "
    "escape evening eraser fabric factory fairy falcon farmer feather festival fiddle flamingo "
    "flavour flute forever fossil fountain freedom funnel galaxy gallery garlic gentle ghost giant "
    "ginger giraffe glacier glove goblin granite guitar hammer hamster harbour harmony harvest hazel "
    "helmet hero hockey honey horizon igloo imagine inkwell invite island jacket jaguar jasmine jelly "
    "jewel jigsaw jungle kangaroo kettle kitten koala ladder lantern laptop lava legend leopard "
    "lettuce lizard lobster locket magnet mango marble market meadow medal memory mirror mitten "
    "monster mosaic muffin museum mushroom napkin needle nephew nickel notebook nutmeg oasis ocean "
    "octopus office olive omelette opera orbit orchard otter oyster paddle paint palace panda panther "
    "parrot pasta pebble pelican penguin pepper piano pickle picnic pillow pilot pirate planet pocket "
    "poem pony popcorn porridge puddle pumpkin puppet puzzle python quartz quilt rabbit raccoon "
    "rainbow raisin ranger raven ribbon robin robot rocket saddle sailor sandal satin saturn scarf "
    "school scooter season secret shadow shelter shovel signal sister skeleton slipper soldier "
    "spinach squirrel stadium sunset swan sweater symbol teapot tennis theatre thunder ticket tiger "
    "timber toast tomato trumpet tulip tunnel turkey turnip unicorn universe valley vanilla velvet "
    "violin volcano voyage waffle wagon walnut walrus weasel whisper willow winter wizard wonder "
    "yogurt zebra zipper keyboard model tensor gemma hello goodbye python notebook test world okay"
).split()
