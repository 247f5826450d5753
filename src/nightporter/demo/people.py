"""What people in ten countries are called, where they live and how their telephone numbers look. Data only.

All made up by combination. Numbers stay in the ranges that the countries' regulators set aside for fiction, where there are
any. In a pattern, `#` is any digit and `%` a digit from 1 to 9.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """One country's customers."""

    code: str
    """ISO 3166-1 alpha-2."""
    weight: int
    """How many of a hundred customers live there."""
    given: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    address: str
    """How street and house number stand together."""
    cities: tuple[tuple[str, str], ...]
    """Name, and pattern of its postal codes."""
    phones: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


COUNTRIES = (
    Country(
        code="DE",
        weight=20,
        given=_words("Anna Lena Jürgen Björn Käthe Sabine Thomas Uwe Heike Lukas Jonas Mia Emma Felix Paul Greta Moritz Ute"),
        family=_words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein"
            " Wolf Schröder Neumann Schwarz Zimmermann Krüger Hofmann Lange Krause Größmann"
        ),
        streets=_names("Hauptstraße, Bahnhofstraße, Gartenstraße, Lindenweg, Schillerstraße, Am Mühlbach, Kirchgasse, Goetheplatz"),
        address="{street} {number}",
        cities=(("Berlin", "10###"), ("Hamburg", "20###"), ("München", "80###"), ("Köln", "506##"), ("Leipzig", "041##")),
        phones=("+49 30 23125 ###", "+49 40 66969 ###", "+49 89 99998 ###", "+49 171 39200##", "+49 176 040690##"),
    ),
    Country(
        code="FR",
        weight=14,
        given=_words("Camille Léa Manon Chloé Inès Jean Pierre Étienne François Hélène Zoé Hugo Louis Gabriel Raphaël Noémie Luc"),
        family=_names(
            "Martin, Bernard, Dubois, Thomas, Robert, Petit, Durand, Leroy, Moreau, Lefèvre, Girard, Mercier, Dupont,"
            "Lambert, Bonnet, François, Garnier, Chevalier, Faure, Le Goff, d'Aubigné, Hérault, Gauthier, Perrin"
        ),
        streets=_names(
            "rue de la République, avenue Victor Hugo, rue du Moulin, place de l'Église, rue Pasteur, allée des Tilleuls"
        ),
        address="{number} {street}",
        cities=(("Paris", "750##"), ("Lyon", "6900#"), ("Marseille", "130##"), ("Nantes", "44000"), ("Orléans", "45000")),
        phones=("+33 1 99 00 ## ##", "+33 4 65 71 ## ##", "+33 6 39 98 ## ##"),
    ),
    Country(
        code="GB",
        weight=14,
        given=_words("Oliver George Harry Amelia Isla Ava Emily Poppy Alfie Charlie Freya Grace Rhys Niamh Hamish Eilidh Priya"),
        family=_words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Hall Clarke Green Hughes Edwards"
            " O'Neill MacDonald Campbell Fraser Baker Turner Cooper Ahmed"
        ),
        streets=_names("High Street, Station Road, Church Lane, Victoria Road, Mill Lane, The Crescent, Park Avenue, Queensway"),
        address="{number} {street}",
        cities=(
            ("London", "SW%A #QT"),
            ("Leeds", "LS% #DB"),
            ("Bristol", "BS% #TR"),
            ("Cardiff", "CF1# #AG"),
            ("Glasgow", "G% #XQ"),
        ),
        phones=("+44 20 7946 0###", "+44 117 496 0###", "+44 141 496 0###", "+44 7700 900###"),
    ),
    Country(
        code="US",
        weight=18,
        given=_words("James Mary Robert Patricia Michael Linda David Maria Ashley Tyler Destiny Jamal Keisha Wei Guadalupe Ethan"),
        family=_words(
            "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Nguyen Washington"
            " Kim Jackson White Harris Robinson Clark Lewis Young Chen O'Brien"
        ),
        streets=_names("Main Street, Oak Avenue, Maple Drive, 2nd Street, Washington Boulevard, Lakeview Terrace, Elm Street"),
        address="{number} {street}",
        cities=(
            ("New York", "100##"),
            ("Chicago", "606##"),
            ("Austin", "787##"),
            ("Seattle", "981##"),
            ("Denver", "802##"),
        ),
        phones=("+1 212 555 01##", "+1 312 555 01##", "+1 512 555 01##", "+1 206 555 01##", "+1 303 555 01##"),
    ),
    Country(
        code="ES",
        weight=8,
        given=_names("Lucía, María, José, Íñigo, Sofía, Martín, Nuria, Álvaro, Begoña, Jordi, Ana Belén, Juan Carlos, Pilar, Iker"),
        family=_names(
            "García López, Fernández Ruiz, Martínez Gil, Sánchez Peña, Pérez Núñez, Gómez Ibáñez, Muñoz Vidal, Díaz Ortega,"
            "Ferrer Puig, Etxeberria Zabala, Castro Rey, Romero Cano"
        ),
        streets=_names(
            "Calle Mayor, Calle del Sol, Avenida de la Constitución, Plaza de España, Carrer de Balmes, Paseo del Prado"
        ),
        address="{street}, {number}",
        cities=(
            ("Madrid", "280##"),
            ("Barcelona", "080##"),
            ("Sevilla", "410##"),
            ("A Coruña", "150##"),
            ("Málaga", "290##"),
        ),
        phones=("+34 91 %## ## ##", "+34 93 %## ## ##", "+34 6## ## ## ##"),
    ),
    Country(
        code="IT",
        weight=7,
        given=_names("Giulia, Francesca, Marco, Alessandro, Niccolò, Chiara, Matteo, Elena, Davide, Beatrice, Gian Luca, Rosa"),
        family=_names(
            "Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, De Luca, Marino, Greco,D'Angelo, Conti, Lo Bianco"
        ),
        streets=_names("Via Roma, Via Garibaldi, Corso Italia, Piazza Dante, Via XX Settembre, Viale dei Pini, Via Mazzini"),
        address="{street} {number}",
        cities=(("Roma", "001##"), ("Milano", "201##"), ("Torino", "101##"), ("Forlì", "47121"), ("Napoli", "801##")),
        phones=("+39 06 %### ####", "+39 02 %### ####", "+39 34# ### ####"),
    ),
    Country(
        code="SE",
        weight=6,
        given=_words("Astrid Björn Elsa Nils Åsa Göran Märta Ebba Lars Linnea Östen Saga Olle Maja Sven Ylva"),
        family=_words("Andersson Johansson Karlsson Nilsson Lindström Åkesson Öberg Sjögren Holm Wikström Bergqvist Lundgren Ek"),
        streets=_names("Storgatan, Drottninggatan, Kungsgatan, Björkvägen, Skolgatan, Åvägen, Ringvägen"),
        address="{street} {number}",
        cities=(("Stockholm", "11# ##"), ("Göteborg", "41# ##"), ("Malmö", "21# ##"), ("Umeå", "90# ##")),
        phones=("+46 8 465 004 ##", "+46 31 390 06 ##", "+46 70 174 06 ##"),
    ),
    Country(
        code="PL",
        weight=5,
        given=_words("Zofia Paweł Małgorzata Łukasz Agnieszka Krzysztof Jakub Wojciech Grażyna Stanisław Ewa Michał Żaneta"),
        family=_words("Nowak Wójcik Kamiński Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Wiśniewski Mazur Krawczyk"),
        streets=_names("ul. Polna, ul. Leśna, ul. Słoneczna, ul. Krótka, al. Jerozolimskie, ul. Kościuszki, ul. Łąkowa"),
        address="{street} {number}",
        cities=(
            ("Warszawa", "00-###"),
            ("Kraków", "30-###"),
            ("Łódź", "90-###"),
            ("Gdańsk", "80-###"),
            ("Wrocław", "50-###"),
        ),
        phones=("+48 22 %## ## ##", "+48 5## ### ###", "+48 6## ### ###"),
    ),
    Country(
        code="IN",
        weight=5,
        given=_words("Aarav Vivaan Ananya Diya Ishaan Kavya Rohan Sneha Arjun Meera Sanjay Lakshmi Imran Fatima Harpreet"),
        family=_words("Sharma Verma Gupta Patel Reddy Nair Iyer Singh Khan Das Mukherjee Banerjee Joshi Kulkarni Menon Rao"),
        streets=_names("MG Road, Station Road, Nehru Marg, Park Street, Linking Road, Anna Salai, Brigade Road"),
        address="{number}, {street}",
        cities=(
            ("Mumbai", "4000##"),
            ("Bengaluru", "5600##"),
            ("Kolkata", "7000##"),
            ("Chennai", "6000##"),
            ("Pune", "4110##"),
        ),
        phones=("+91 98### #####", "+91 90### #####", "+91 22 2### ####"),
    ),
    Country(
        code="JP",
        weight=3,
        given=_words("陽菜 蓮 結衣 大翔 葵 美咲 翔太 さくら 健太 花子 太郎 悠真"),
        family=_words("佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田"),
        streets=_names("桜丘町, 本町, 中央, 栄町, 緑が丘, 旭町"),
        address="{street}{number}丁目",
        cities=(
            ("東京都渋谷区", "150-00##"),
            ("大阪市北区", "530-00##"),
            ("京都市中京区", "604-8###"),
            ("札幌市中央区", "060-00##"),
        ),
        phones=("+81 3 5### ####", "+81 6 6### ####", "+81 90 %### ####"),
    ),
)

# How names are spelled in e-mail addresses. What is not here loses its accents, or (Japanese) is replaced by a number.
TRANSLITERATION = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "å": "a", "ø": "o"}

# Reserved for examples by RFC 2606: no letter from a demonstration reaches anybody.
MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
