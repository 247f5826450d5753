# ruff: noqa: RUF001  letters of other alphabets are meant
"""Names that many people have, and places that many live in: enough to tell a column of them from one of products. Data only.

Facts of many countries; a few hundred of each, since a sample of a column needs to match in part only.
"""

from __future__ import annotations

from nightporter.masking.spelling import plain


def _set(text: str) -> frozenset[str]:
    return frozenset(plain(word).replace("_", " ") for word in text.split())


GIVEN = _set("""
    James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark Donald Steven
    Paul Andrew Joshua Kenneth Kevin Brian George Timothy Ronald Edward Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan
    Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Frank Patrick Raymond Jack Dennis Jerry Tyler Aaron
    Jose Adam Nathan Henry Douglas Zachary Peter Kyle Noah Ethan Jeremy Walter Christian Keith Roger Terry Austin Sean Gerald
    Carl Dylan Harold Jordan Jesse Bryan Lawrence Arthur Gabriel Bruce Logan Albert Willie Alan Juan Wayne Elijah Randy Roy
    Vincent Ralph Eugene Russell Bobby Mason Philip Louis Harry Liam Oliver Lucas Leo Theo Mary Patricia Jennifer Linda
    Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra Ashley Kimberly Emily Donna Michelle Carol
    Amanda Dorothy Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma
    Nicole Helen Samantha Katherine Christine Debra Rachel Carolyn Janet Catherine Maria Heather Diane Ruth Julie Olivia Joyce
    Virginia Victoria Kelly Lauren Christina Joan Evelyn Judith Megan Andrea Cheryl Hannah Jacqueline Martha Gloria Teresa Ann
    Sara Madison Frances Kathryn Janice Jean Abigail Alice Julia Judy Sophia Grace Denise Amber Doris Marilyn Danielle Beverly
    Isabella Theresa Diana Natalie Brittany Charlotte Marie Kayla Alexis Lori Ava Mia Chloe Ella Lily Amelia Isla Poppy Freya
    Ivy Florence Rosie Daisy Evie Harper Zoe Lucy Ellie Claire Jane Rose Bob Tom Tim Jim Joe Ben Sam Max Alex Chris Mike Steve
    Dave Dan Nick Matt Tony Andy Greg Ed Ted Bill Kate Liz Sue Meg Beth Jenny Becky Niamh Aoife Siobhan Rhys Ewan Hans Klaus
    Wolfgang Jürgen Stefan Andreas Uwe Bernd Dieter Günter Günther Helmut Heinz Manfred Ralf Rolf Gerhard Horst Karl Werner Jens
    Kai Lukas Leon Finn Jonas Felix Maximilian Moritz Niklas Tobias Sebastian Florian Matthias Markus Martin Torsten Björn Sven
    Ute Ursula Monika Petra Sabine Renate Helga Karin Brigitte Ingrid Erika Gisela Claudia Susanne Gabriele Christa Angelika
    Heike Birgit Anja Katrin Silke Nadine Lena Lea Leonie Johanna Greta Frieda Clara Marlene Käthe Heidi Anke Antje Tanja Sonja
    Nina Jana Katharina Franziska Annika Svenja Pierre Michel André Philippe Alain Jacques Bernard René Nicolas Christophe
    François Laurent Frédéric Julien Olivier Guillaume Antoine Sébastien Mathieu Hugo Jules Raphaël Adrien Maxime Étienne
    Thierry Pascal Éric Didier Gérard Yves Luc Camille Manon Léa Chloé Inès Sophie Nathalie Isabelle Sylvie Françoise Monique
    Martine Valérie Céline Aurélie Émilie Élodie Juliette Louise Jeanne Hélène Véronique Sandrine Audrey Pauline Margaux Océane
    Amélie Mathilde Zoé Noémie José Antonio Manuel Francisco Javier Carlos Jesús Alejandro Miguel Rafael Pedro Pablo Ángel
    Sergio Fernando Luis Jorge Alberto Álvaro Diego Adrián Raúl Iván Rubén Óscar Enrique Ramón Vicente Andrés Joaquín Santiago
    Eduardo Víctor Roberto Jaime Mario Ignacio Alfonso Ricardo Salvador Marcos Emilio Martín Mateo Gonzalo Iker Jordi Josep
    Xavier Carmen Josefa Isabel Dolores Pilar Ana Cristina Lucía Marta Elena Paula Raquel Mercedes Rosario Beatriz Nuria Silvia
    Sofía Alba Irene Rocío Mónica Montserrat Inmaculada Concepción Begoña Esther Ángela Lorena Guadalupe Alejandra Gabriela
    Verónica Valentina Camila Ximena Daniela Mariana Fernanda Luciana Agustina Giuseppe Giovanni Luigi Francesco Angelo Vincenzo
    Pietro Salvatore Carlo Franco Domenico Bruno Paolo Michele Giorgio Aldo Luciano Marco Matteo Alessandro Lorenzo Davide
    Simone Luca Riccardo Federico Stefano Fabio Massimo Claudio Enrico Giulia Chiara Francesca Martina Giorgia Alessia Elisa
    Paola Giovanna Rosa Lucia Caterina Federica Ilaria Roberta Beatrice Aurora Ginevra Gaia Niccolò João António Paulo Luís Rui
    Tiago Nuno Gonçalo Diogo Rodrigo Gustavo Felipe Thiago Mateus Vinícius Leonardo Inês Joana Catarina Rita Carolina Leonor
    Matilde Juliana Larissa Letícia Aline Vanessa Jan Piet Kees Willem Hendrik Johannes Cornelis Pieter Gerrit Dirk Maarten Bas
    Daan Sem Lars Thijs Jeroen Sander Ruud Joost Wouter Anouk Femke Sanne Lotte Fleur Tess Iris Marloes Marieke Saskia Wilma
    Annelies Els Joke Esmee Roos Maaike Griet Bram Milan Jasper Stijn Ruben Anders Johan Erik Per Nils Olof Gunnar Åke Lennart
    Mats Göran Fredrik Mikael Henrik Magnus Bengt Bo Leif Ulf Axel Oskar Elsa Astrid Kerstin Birgitta Margareta Eva Malin Sofia
    Linnéa Maja Ebba Saga Märta Ylva Gunilla Åsa Helena Ulla Inger Ole Knut Arne Kjell Bjørn Svein Terje Morten Kristian Søren
    Niels Rasmus Mads Frederik Mette Anne Hanne Kirsten Lone Pia Tove Solveig Ragnhild Sigrid Kari Liv Silje Ida Nora Matti Juha
    Timo Pekka Antti Mikko Jukka Heikki Ville Aino Anneli Kaarina Päivi Sari Tuula Riitta Helmi Eino Piotr Krzysztof Andrzej
    Tomasz Paweł Michał Marcin Jakub Marek Łukasz Grzegorz Wojciech Mateusz Stanisław Zbigniew Jerzy Tadeusz Dariusz Kamil
    Katarzyna Małgorzata Agnieszka Ewa Krystyna Elżbieta Joanna Magdalena Zofia Danuta Aleksandra Natalia Zuzanna Hanna Jolanta
    Beata Dorota Iwona Grażyna Bożena Renata Halina Jiří Petr Josef Pavel Jaroslav Zdeněk Václav Hana Věra Lenka Kateřina Alena
    István László József Zoltán Ferenc Sándor Gábor Attila Katalin Ilona Zsuzsanna Erzsébet Ion Andrei Mihai Alexandru Ioana
    Dimitris Giorgos Nikos Eleni Ivan Sergei Sergey Alexei Dmitry Dmitri Mikhail Nikolai Vladimir Andrey Olga Tatiana Svetlana
    Irina Ekaterina Anastasia Oleg Igor Yuri Boris Иван Сергей Алексей Дмитрий Михаил Николай Владимир Андрей Ольга Татьяна
    Наталья Елена Светлана Ирина Екатерина Анастасия Анна Мария Александр Mohammed Muhammad Mohamed Ahmed Ali Omar Hassan
    Hussein Ibrahim Khalid Youssef Abdullah Mustafa Fatima Aisha Khadija Maryam Zainab Layla Amina Yasmin Nour Mehmet Emre Murat
    Hüseyin Ayşe Fatma Zeynep Elif Emine Hatice Can Deniz Reza Hamid Leila Yosef Moshe Avi Noa Tamar Yael Rahul Amit Raj Sanjay
    Vijay Anil Sunil Arjun Rohan Vivek Ravi Suresh Rajesh Deepak Manish Priya Anjali Pooja Neha Sunita Kavita Lakshmi Meera
    Ananya Diya Aarav Vivaan Ishaan Kavya Sneha Imran Harpreet Gurpreet Kiran Asha Geeta Rekha Divya Shreya Aditya Karthik
    Ramesh Mahesh Wei Fang Li Min Jing Lei Yang Yan Chao Ming Xin Hui Jun Tao Hao Mei Ying Xia Hong Chen Hiroshi Takashi Kenji
    Yuki Haruto Sota Yui Sakura Aoi Hina Akiko Keiko Naoko Kenta Daisuke Satoshi Minjun Seojun Jiwoo Minji Soo Jin Hyun Thanh
    Minh Anh Linh Huong Nguyen Somchai Siti Budi Dewi Putri Agus Rizal Maria_Clara 蓮 陽菜 結衣 大翔 葵 美咲 翔太 さくら 健太
    花子 太郎 悠真 伟 芳 娜 敏 静 强 磊 洋 艳 勇 Kwame Kofi Ama Abena Chinedu Ngozi Emeka Oluwaseun Adebayo Thabo Sipho Nomsa
    Wanjiru Kamau Otieno Achieng Tendai Jamal Keisha Latoya DeShawn Aaliyah Destiny
""")

FAMILY = _set("""
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas
    Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King
    Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips
    Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper
    Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz
    Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell
    Coleman Butler Henderson Barnes Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin
    Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens
    Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson
    Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd
    Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner
    Payne Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan
    Armstrong Hudson Carroll Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards
    Contreras Willis Carpenter Lawrence Sandoval Davies O'Brien O'Neill O'Connor MacDonald Fraser Byrne Walsh Clarke Müller
    Schneider Fischer Weber Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann
    Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König
    Walter Mayer Huber Kaiser Fuchs Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger
    Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Schumacher Krämer Vogt Stein Jäger
    Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Voigt
    Sauer Pfeiffer Gruber Steiner Moser Pichler Hofer Bürgi Brunner Meister Ammann Bernard Dubois Robert Richard Petit Durand
    Leroy Moreau Laurent Lefebvre Lefèvre Michel David Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert
    Bonnet François Legrand Garnier Faure Rousseau Blanc Guérin Muller Roussel Nicolas Perrin Morin Mathieu Clément Gauthier
    Dumont Fontaine Chevalier Robin Masson Gérard Boyer Denis Lemaire Duval Joly Gautier Roger Roche Roy Noël Lucas Meunier
    Marchand Dufour Blanchard Barbier Brun Dumas Colin Aubert Caron Renard Leclerc Lacroix Renaud Picard Tremblay Gagnon
    Bouchard Côté García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Díaz Muñoz
    Álvarez Alonso Gutiérrez Navarro Domínguez Vázquez Gil Ramírez Serrano Blanco Molina Suárez Ortega Rubio Marín Sanz Núñez
    Iglesias Garrido Cortés Lozano Guerrero Cano Prieto Méndez Calvo Gallego Vidal León Márquez Peña Cabrera Campos Vega Fuentes
    Carrasco Diez Caballero Nieto Pascual Herrero Santana Lorenzo Montero Hidalgo Giménez Ibáñez Ferrer Durán Santiago Benítez
    Mora Vicente Arias Carmona Crespo Román Rojas Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno
    Gallo Conti De_Luca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara
    Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola De_Santis D'Angelo Marchetti Parisi Villa Conte
    Ferraro Ferri Fabbri Bianco Ferreira Pereira Oliveira Rodrigues Martins Jesus Sousa Fernandes Gonçalves Gomes Lopes Marques
    Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia Mendes Nunes Soares Vieira Monteiro Cardoso Rocha Neves Coelho
    Cunha Pires Reis Simões Antunes Matos Fonseca Souza Lima Araújo Barbosa Barros Freitas De_Jong Jansen De_Vries Van_den_Berg
    Van_Dijk Bakker Janssen Visser Smit Meijer De_Boer Mulder De_Groot Bos Vos Hendriks Van_Leeuwen Dekker Brouwer De_Wit
    Dijkstra Smits De_Graaf Van_der_Meer Kok Jacobs De_Haan Vermeulen Van_den_Heuvel Van_der_Veen Kuipers Veenstra Kramer
    Peeters Maes Willems Claes Goossens Wouters De_Smet Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson
    Svensson Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson Lindström
    Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren Lundqvist Mattsson Berglund Fredriksson Sandberg
    Henriksson Forsberg Sjöberg Wallin Engström Danielsson Eklund Håkansson Lundin Bergqvist Holm Åkesson Öberg Ek Sjögren
    Wikström Nyström Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen Haugen
    Hagen Johannessen Jacobsen Dahl Lund Halvorsen Sørensen Jørgensen Moen Nielsen Christensen Rasmussen Petersen Madsen
    Kristensen Thomsen Poulsen Møller Knudsen Mortensen Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen
    Koskinen Järvinen Lehtonen Saarinen Salminen Heinonen Niemi Nowak Kowalski Kowalska Wiśniewski Wiśniewska Wójcik Kowalczyk
    Kamiński Kamińska Lewandowski Lewandowska Zieliński Zielińska Szymański Szymańska Woźniak Dąbrowski Dąbrowska Kozłowski
    Kozłowska Jankowski Jankowska Mazur Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król
    Wieczorek Jabłoński Wróbel Nowakowski Majewski Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Nagy Kovács
    Tóth Szabó Horváth Varga Kiss Molnár Németh Popescu Ionescu Popa Papadopoulos Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov
    Sokolov Mikhailov Novikov Fedorov Morozov Volkov Ivanova Petrova Smirnova Иванов Смирнов Кузнецов Попов Васильев Петров
    Соколов Михайлов Иванова Петрова Смирнова Shevchenko Kovalenko Bondarenko Khan Ahmed Ali Hussain Malik Iqbal Singh Kaur
    Sharma Verma Gupta Reddy Nair Iyer Das Mukherjee Banerjee Joshi Kulkarni Menon Rao Mehta Shah Desai Chopra Kapoor Agarwal
    Mishra Yadav Kumar Pillai Bose Ghosh Chatterjee Wang Li Zhang Liu Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao
    Luo Zheng Liang Xie Tang Feng Wong Chan Cheung Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato
    Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Park Choi Kang Cho Yoon Jang Le Pham Hoang Huynh Phan
    Vu Vo Dang Bui Do Ho Ngo Bautista Ocampo Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Cohen Levy Mizrahi Friedman Katz
    Haddad Mansour Okafor Adeyemi Okonkwo Balogun Mensah Owusu Boateng Nkosi Dlamini Mokoena Mwangi Kamau Ochieng Abebe Tesfaye
    Diallo Traoré Keita Cissé 佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 王 李 张 刘 陈 杨 黄 赵 吴 周 김 이 박
    최 정
""")

CITIES = _set("""
    London Birmingham Manchester Leeds Liverpool Bristol Sheffield Glasgow Edinburgh Cardiff Belfast Leicester Nottingham
    Newcastle Brighton Oxford Cambridge York Bath Southampton Portsmouth Plymouth Reading Dublin Cork Galway Limerick New_York
    Los_Angeles Chicago Houston Phoenix Philadelphia San_Antonio San_Diego Dallas San_Jose Austin Jacksonville Columbus
    Charlotte Indianapolis San_Francisco Seattle Denver Washington Boston Nashville Detroit Portland Las_Vegas Memphis
    Louisville Baltimore Milwaukee Albuquerque Tucson Fresno Sacramento Kansas_City Atlanta Omaha Miami Oakland Minneapolis
    Tulsa Cleveland Tampa New_Orleans Honolulu Pittsburgh Cincinnati St._Louis Orlando Madison Springfield Salt_Lake_City
    Buffalo Richmond Boise Redmond Kirkland Cupertino Mountain_View Toronto Montreal Montréal Vancouver Calgary Edmonton Ottawa
    Winnipeg Quebec Halifax Victoria Sydney Melbourne Brisbane Perth Adelaide Canberra Auckland Wellington Christchurch Berlin
    Hamburg München Munich Köln Cologne Frankfurt Stuttgart Düsseldorf Dortmund Essen Leipzig Bremen Dresden Hannover Nürnberg
    Duisburg Bochum Wuppertal Bielefeld Bonn Münster Karlsruhe Mannheim Augsburg Wiesbaden Kiel Aachen Freiburg Mainz Rostock
    Kassel Erfurt Potsdam Heidelberg Regensburg Würzburg Ulm Wien Vienna Graz Linz Salzburg Innsbruck Zürich Zurich Genf Genève
    Basel Bern Lausanne Luzern Paris Marseille Lyon Toulouse Nice Nantes Strasbourg Montpellier Bordeaux Lille Rennes Reims
    Toulon Grenoble Dijon Angers Nîmes Orléans Tours Rouen Caen Nancy Metz Brest Limoges Avignon Bruxelles Brussels Brüssel
    Antwerpen Antwerp Gent Liège Brugge Luxembourg Madrid Barcelona Valencia Sevilla Zaragoza Málaga Murcia Palma Bilbao
    Alicante Córdoba Valladolid Vigo Gijón Granada A_Coruña Vitoria Oviedo Santander Toledo Salamanca Cádiz Pamplona Lisboa
    Lisbon Porto Braga Coimbra Faro Funchal Roma Rome Milano Milan Napoli Naples Torino Turin Palermo Genova Bologna Firenze
    Florence Bari Catania Venezia Venice Verona Messina Padova Trieste Brescia Parma Modena Perugia Cagliari Forlì Pisa Siena
    Amsterdam Rotterdam Den_Haag Utrecht Eindhoven Groningen Tilburg Almere Breda Nijmegen Arnhem Haarlem Enschede Leiden
    Maastricht Delft Stockholm Göteborg Gothenburg Malmö Uppsala Västerås Örebro Linköping Helsingborg Jönköping Norrköping Lund
    Umeå Gävle Luleå Kiruna Oslo Bergen Trondheim Stavanger Tromsø København Copenhagen Aarhus Århus Odense Aalborg Esbjerg
    Helsinki Espoo Tampere Turku Oulu Reykjavík Warszawa Warsaw Kraków Łódź Wrocław Poznań Gdańsk Szczecin Bydgoszcz Lublin
    Katowice Białystok Gdynia Toruń Praha Prague Brno Ostrava Bratislava Budapest Debrecen București Bucharest Cluj-Napoca Sofia
    Beograd Belgrade Zagreb Ljubljana Athens Athina Thessaloniki Moscow Moskva Москва Санкт-Петербург Kyiv Kiev Minsk Riga
    Vilnius Tallinn Istanbul Ankara Izmir Jerusalem Haifa Cairo Alexandria Casablanca Tunis Lagos Abuja Accra Nairobi Kampala
    Johannesburg Cape_Town Durban Dakar Addis_Ababa Mexico_City Ciudad_de_México México Guadalajara Monterrey Puebla Tijuana
    Bogotá Medellín Cali Lima Quito Guayaquil Caracas Santiago Valparaíso Buenos_Aires Rosario Montevideo La_Paz Asunción
    São_Paulo Rio_de_Janeiro Brasília Salvador Fortaleza Belo_Horizonte Curitiba Recife Porto_Alegre Manaus Mumbai Delhi
    New_Delhi Bangalore Bengaluru Hyderabad Chennai Kolkata Pune Ahmedabad Jaipur Surat Lucknow Karachi Lahore Islamabad Dhaka
    Colombo Kathmandu Beijing Shanghai Guangzhou Shenzhen Chengdu Wuhan Hong_Kong Taipei Tokyo Osaka Kyoto Yokohama Nagoya
    Sapporo Kobe Fukuoka Seoul Busan Incheon Bangkok Hanoi Ho_Chi_Minh_City Manila Jakarta Surabaya Kuala_Lumpur Singapore Dubai
    Abu_Dhabi Riyadh Doha Tehran Baghdad 東京 大阪 京都 札幌 横浜 名古屋 北京 上海 广州 深圳 서울 부산
""")

COUNTRIES = _set("""
    Germany France Spain Italy Portugal Netherlands Belgium Luxembourg Austria Switzerland Sweden Norway Denmark Finland Iceland
    Ireland United_Kingdom UK England Scotland Wales Poland Czechia Czech_Republic Slovakia Hungary Romania Bulgaria Greece
    Turkey Ukraine Russia Serbia Croatia Slovenia Estonia Latvia Lithuania USA United_States United_States_of_America Canada
    Mexico Brazil Argentina Chile Colombia Peru Venezuela Ecuador Uruguay China Japan India Pakistan Bangladesh Indonesia
    Malaysia Singapore Thailand Vietnam Philippines South_Korea Korea Taiwan Australia New_Zealand Egypt Morocco Algeria Tunisia
    Nigeria Kenya Ghana Ethiopia South_Africa Israel Iran Iraq Saudi_Arabia Deutschland Frankreich Spanien Italien Österreich
    Schweiz Schweden Norwegen Dänemark Finnland Niederlande Belgien Polen Großbritannien Vereinigtes_Königreich Allemagne
    Espagne Italie Autriche Suisse Suède Norvège Danemark Pays-Bas Belgique Pologne Royaume-Uni États-Unis Alemania Francia
    España Italia Suiza Suecia Noruega Dinamarca Países_Bajos Bélgica Polonia Reino_Unido Estados_Unidos México Brasil Perú
    Alemanha França Espanha Itália Germania Spagna Portogallo Svizzera Sverige Norge Danmark Suomi Tyskland Frankrike Nederland
    België Duitsland Frankrijk Polska Niemcy Francja Hiszpania Česko Magyarország
""")
