"""Countries and their capitals, in English and Japanese.

Common knowledge, written by hand: one seat of government each, in the spelling that English and
Japanese school atlases use.
"""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """A country and its capital in both languages."""

    name: str
    capital: str
    name_ja: str
    capital_ja: str


_TABLE = """
Afghanistan|Kabul|アフガニスタン|カブール
Albania|Tirana|アルバニア|ティラナ
Algeria|Algiers|アルジェリア|アルジェ
Andorra|Andorra la Vella|アンドラ|アンドラ・ラ・ベリャ
Angola|Luanda|アンゴラ|ルアンダ
Argentina|Buenos Aires|アルゼンチン|ブエノスアイレス
Armenia|Yerevan|アルメニア|エレバン
Australia|Canberra|オーストラリア|キャンベラ
Austria|Vienna|オーストリア|ウィーン
Azerbaijan|Baku|アゼルバイジャン|バクー
Bahrain|Manama|バーレーン|マナーマ
Bangladesh|Dhaka|バングラデシュ|ダッカ
Barbados|Bridgetown|バルバドス|ブリッジタウン
Belarus|Minsk|ベラルーシ|ミンスク
Belgium|Brussels|ベルギー|ブリュッセル
Belize|Belmopan|ベリーズ|ベルモパン
Benin|Porto-Novo|ベナン|ポルトノボ
Bhutan|Thimphu|ブータン|ティンプー
Bolivia|Sucre|ボリビア|スクレ
Botswana|Gaborone|ボツワナ|ハボローネ
Brazil|Brasilia|ブラジル|ブラジリア
Bulgaria|Sofia|ブルガリア|ソフィア
Burkina Faso|Ouagadougou|ブルキナファソ|ワガドゥグー
Burundi|Gitega|ブルンジ|ギテガ
Cambodia|Phnom Penh|カンボジア|プノンペン
Cameroon|Yaounde|カメルーン|ヤウンデ
Canada|Ottawa|カナダ|オタワ
Chad|N'Djamena|チャド|ンジャメナ
Chile|Santiago|チリ|サンティアゴ
China|Beijing|中国|北京
Colombia|Bogota|コロンビア|ボゴタ
Costa Rica|San Jose|コスタリカ|サンホセ
Croatia|Zagreb|クロアチア|ザグレブ
Cuba|Havana|キューバ|ハバナ
Cyprus|Nicosia|キプロス|ニコシア
Czechia|Prague|チェコ|プラハ
Denmark|Copenhagen|デンマーク|コペンハーゲン
Djibouti|Djibouti|ジブチ|ジブチ
Dominica|Roseau|ドミニカ国|ロゾー
Ecuador|Quito|エクアドル|キト
Egypt|Cairo|エジプト|カイロ
El Salvador|San Salvador|エルサルバドル|サンサルバドル
Eritrea|Asmara|エリトリア|アスマラ
Estonia|Tallinn|エストニア|タリン
Eswatini|Mbabane|エスワティニ|ムババーネ
Ethiopia|Addis Ababa|エチオピア|アディスアベバ
Fiji|Suva|フィジー|スバ
Finland|Helsinki|フィンランド|ヘルシンキ
France|Paris|フランス|パリ
Gabon|Libreville|ガボン|リーブルビル
Georgia|Tbilisi|ジョージア|トビリシ
Germany|Berlin|ドイツ|ベルリン
Ghana|Accra|ガーナ|アクラ
Greece|Athens|ギリシャ|アテネ
Grenada|Saint George's|グレナダ|セントジョージズ
Guatemala|Guatemala City|グアテマラ|グアテマラシティ
Guinea|Conakry|ギニア|コナクリ
Guyana|Georgetown|ガイアナ|ジョージタウン
Haiti|Port-au-Prince|ハイチ|ポルトープランス
Honduras|Tegucigalpa|ホンジュラス|テグシガルパ
Hungary|Budapest|ハンガリー|ブダペスト
Iceland|Reykjavik|アイスランド|レイキャビク
India|New Delhi|インド|ニューデリー
Indonesia|Jakarta|インドネシア|ジャカルタ
Iran|Tehran|イラン|テヘラン
Iraq|Baghdad|イラク|バグダッド
Ireland|Dublin|アイルランド|ダブリン
Italy|Rome|イタリア|ローマ
Jamaica|Kingston|ジャマイカ|キングストン
Japan|Tokyo|日本|東京
Jordan|Amman|ヨルダン|アンマン
Kazakhstan|Astana|カザフスタン|アスタナ
Kenya|Nairobi|ケニア|ナイロビ
Kiribati|Tarawa|キリバス|タラワ
Kuwait|Kuwait City|クウェート|クウェートシティ
Kyrgyzstan|Bishkek|キルギス|ビシュケク
Laos|Vientiane|ラオス|ビエンチャン
Latvia|Riga|ラトビア|リガ
Lebanon|Beirut|レバノン|ベイルート
Lesotho|Maseru|レソト|マセル
Liberia|Monrovia|リベリア|モンロビア
Libya|Tripoli|リビア|トリポリ
Liechtenstein|Vaduz|リヒテンシュタイン|ファドゥーツ
Lithuania|Vilnius|リトアニア|ビリニュス
Luxembourg|Luxembourg|ルクセンブルク|ルクセンブルク
Madagascar|Antananarivo|マダガスカル|アンタナナリボ
Malawi|Lilongwe|マラウイ|リロングウェ
Malaysia|Kuala Lumpur|マレーシア|クアラルンプール
Maldives|Male|モルディブ|マレ
Mali|Bamako|マリ|バマコ
Malta|Valletta|マルタ|バレッタ
Mauritania|Nouakchott|モーリタニア|ヌアクショット
Mauritius|Port Louis|モーリシャス|ポートルイス
Mexico|Mexico City|メキシコ|メキシコシティ
Moldova|Chisinau|モルドバ|キシナウ
Monaco|Monaco|モナコ|モナコ
Mongolia|Ulaanbaatar|モンゴル|ウランバートル
Montenegro|Podgorica|モンテネグロ|ポドゴリツァ
Morocco|Rabat|モロッコ|ラバト
Mozambique|Maputo|モザンビーク|マプト
Myanmar|Naypyidaw|ミャンマー|ネピドー
Namibia|Windhoek|ナミビア|ウィントフック
Nepal|Kathmandu|ネパール|カトマンズ
New Zealand|Wellington|ニュージーランド|ウェリントン
Nicaragua|Managua|ニカラグア|マナグア
Niger|Niamey|ニジェール|ニアメ
Nigeria|Abuja|ナイジェリア|アブジャ
North Korea|Pyongyang|北朝鮮|平壌
North Macedonia|Skopje|北マケドニア|スコピエ
Norway|Oslo|ノルウェー|オスロ
Oman|Muscat|オマーン|マスカット
Pakistan|Islamabad|パキスタン|イスラマバード
Palau|Ngerulmud|パラオ|マルキョク
Panama|Panama City|パナマ|パナマシティ
Papua New Guinea|Port Moresby|パプアニューギニア|ポートモレスビー
Paraguay|Asuncion|パラグアイ|アスンシオン
Peru|Lima|ペルー|リマ
Philippines|Manila|フィリピン|マニラ
Poland|Warsaw|ポーランド|ワルシャワ
Portugal|Lisbon|ポルトガル|リスボン
Qatar|Doha|カタール|ドーハ
Romania|Bucharest|ルーマニア|ブカレスト
Russia|Moscow|ロシア|モスクワ
Rwanda|Kigali|ルワンダ|キガリ
Saint Lucia|Castries|セントルシア|カストリーズ
Samoa|Apia|サモア|アピア
San Marino|San Marino|サンマリノ|サンマリノ
Saudi Arabia|Riyadh|サウジアラビア|リヤド
Senegal|Dakar|セネガル|ダカール
Serbia|Belgrade|セルビア|ベオグラード
Seychelles|Victoria|セーシェル|ビクトリア
Sierra Leone|Freetown|シエラレオネ|フリータウン
Singapore|Singapore|シンガポール|シンガポール
Slovakia|Bratislava|スロバキア|ブラチスラバ
Slovenia|Ljubljana|スロベニア|リュブリャナ
Somalia|Mogadishu|ソマリア|モガディシュ
South Africa|Pretoria|南アフリカ|プレトリア
South Korea|Seoul|韓国|ソウル
South Sudan|Juba|南スーダン|ジュバ
Spain|Madrid|スペイン|マドリード
Sri Lanka|Colombo|スリランカ|コロンボ
Sudan|Khartoum|スーダン|ハルツーム
Suriname|Paramaribo|スリナム|パラマリボ
Sweden|Stockholm|スウェーデン|ストックホルム
Switzerland|Bern|スイス|ベルン
Syria|Damascus|シリア|ダマスカス
Taiwan|Taipei|台湾|台北
Tajikistan|Dushanbe|タジキスタン|ドゥシャンベ
Tanzania|Dodoma|タンザニア|ドドマ
Thailand|Bangkok|タイ|バンコク
Togo|Lome|トーゴ|ロメ
Tonga|Nuku'alofa|トンガ|ヌクアロファ
Tunisia|Tunis|チュニジア|チュニス
Turkey|Ankara|トルコ|アンカラ
Turkmenistan|Ashgabat|トルクメニスタン|アシガバート
Tuvalu|Funafuti|ツバル|フナフティ
Uganda|Kampala|ウガンダ|カンパラ
Ukraine|Kyiv|ウクライナ|キーウ
Uruguay|Montevideo|ウルグアイ|モンテビデオ
Uzbekistan|Tashkent|ウズベキスタン|タシケント
Vanuatu|Port Vila|バヌアツ|ポートビラ
Venezuela|Caracas|ベネズエラ|カラカス
Vietnam|Hanoi|ベトナム|ハノイ
Yemen|Sanaa|イエメン|サヌア
Zambia|Lusaka|ザンビア|ルサカ
Zimbabwe|Harare|ジンバブエ|ハラレ
the Bahamas|Nassau|バハマ|ナッソー
the Gambia|Banjul|ガンビア|バンジュール
the Netherlands|Amsterdam|オランダ|アムステルダム
the United Arab Emirates|Abu Dhabi|アラブ首長国連邦|アブダビ
the United Kingdom|London|イギリス|ロンドン
the United States|Washington, D.C.|アメリカ|ワシントンD.C.
"""

COUNTRIES = tuple(Country(*line.split("|")) for line in _TABLE.strip().splitlines())

# Other names that people type, read as the country of the right-hand side.
ALIASES = {
    "England": "the United Kingdom",
    "the UK": "the United Kingdom",
    "UK": "the United Kingdom",
    "Britain": "the United Kingdom",
    "United Kingdom": "the United Kingdom",
    "the USA": "the United States",
    "USA": "the United States",
    "America": "the United States",
    "United States": "the United States",
    "Netherlands": "the Netherlands",
    "Holland": "the Netherlands",
    "the Philippines": "Philippines",
    "UAE": "the United Arab Emirates",
    "Korea": "South Korea",
    "the Czech Republic": "Czechia",
    "Burma": "Myanmar",
    "Bahamas": "the Bahamas",
}
BY_NAME = {country.name: country for country in COUNTRIES}
