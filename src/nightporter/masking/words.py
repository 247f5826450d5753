# ruff: noqa: RUF001  letters of other alphabets are meant
"""What the words of names are about, other than labels: persons, organizations, things; and what takes a meaning away. Data only.

`customer_name` is the name of a person and `product_name` is not; `email_count` is no address. Words that name a label are in
`label.py`. Words run together there and here are found in any spelling: see `spelling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from nightporter.masking.spelling import spellings


class About(Enum):
    """What a word, or a table, is about."""

    PERSON = "a person"
    PUBLIC = "somebody known in public"  # artists, authors: their names stand on what they made
    CONTACT = "an address"  # billing, shipping, home
    ORGANIZATION = "an organization"
    PLACE = "a place"
    THING = "a thing"
    DEAL = "a deal between people"  # an order, a visit, a ticket
    KIND = "a kind"  # type, status, group: of persons too, but none of them
    BLOCK = "something else"  # count, id, verified: what stands beside it is not it
    AFTER = "something else, behind"  # `email_verified` is none, `verified_email` is one
    NEUTRAL = ""  # main, old, 2
    UNKNOWN = "?"


_TEXT: dict[About, str] = {
    About.PERSON: """
        person people human individual humans customer cust client member mbr user usr staff employee emp empl worker personnel
        patient pat student stud pupil teacher professor lecturer instructor tutor coach trainer doctor physician nurse surgeon
        therapist dentist provider_person contact contacts lead leads subscriber guest visitor passenger driver rider landlord
        lessee renter owner holder buyer seller purchaser shopper payer payee recipient receiver addressee consignee sender
        beneficiary applicant candidate participant attendee registrant player resident citizen voter donor volunteer agent rep
        salesperson sales_person salesman sales_rep manager mgr supervisor boss chief director_person head_person assignee
        reporter requester requestor submitter parent child children mother father guardian spouse partner_person husband wife
        sibling kin relative friend dependent dependant insured policyholder policy_holder borrower lender debtor creditor
        claimant plaintiff defendant colleague consultant contractor freelancer researcher lawyer attorney judge witness victim
        suspect offender inmate officer soldier crew pilot caller callee profile signer operator technician mechanic cashier
        clerk waiter courier admin administrator moderator prospect alumni faculty householder tenant_person cardholder signup
        signups registration registrations chef cook baker farmer trader broker banker accountant auditor counselor counsellor
        psychologist pharmacist midwife paramedic firefighter detective ranger guard steward associate adopter breeder rescuer
        stylist hairdresser halter respondent adjuster prescriber principal inventor architect dean governor mayor pastor priest
        veteran survivor heir nominee delegate speaker organizer_person host_person hr human_resources referrer referral_person
        inviter invitee approver reviewer creator_person salespersons whom who persona personas kunde kunden kd kdn mitarbeiter
        angestellter angestellte arbeitnehmer personal benutzer nutzer anwender mitglied mitglieder schüler lehrer arzt ärzte
        bewerber teilnehmer besucher gast gäste mieter vermieter eigentümer inhaber käufer verkäufer empfänger absender kontakt
        kontakte versicherter versicherungsnehmer schuldner gläubiger fahrer personen leute mandant mandanten ehepartner kind
        vater mutter betreuer sachbearbeiter patienten abonnent besteller auftraggeber interessent interessenten beschäftigte
        ansprechpartner employé salarié utilisateur adhérent membre élève étudiant professeur enseignant médecin candidat
        visiteur invité locataire propriétaire acheteur vendeur destinataire expéditeur personne personnes abonné usager
        conjoint assuré collaborateur infirmier passager cliente clientes empleado trabajador usuario miembro socio paciente
        alumno estudiante profesor médico candidato participante visitante huésped inquilino propietario comprador vendedor
        destinatario remitente contacto abonado asegurado interesado padre madre hijo ciudadano clienti dipendente dipendenti
        impiegato utente utenti pazienti studente studenti docente partecipante visitatore ospite acquirente venditore mittente
        contatto contatti persone assicurato anagrafica cittadino lavoratore funcionário empregado colaborador usuário
        utilizador sócio hóspede proprietário contato pessoa pessoas morador servidor_público klant klanten medewerker werknemer
        gebruiker lid leden leerling arts kandidaat deelnemer bezoeker huurder eigenaar koper verkoper ontvanger afzender
        persoon mensen patiënt kund kunder anställd anställda medarbetare användare medlem medlemmar elev elever lärare läkare
        sökande deltagare besökare gäst hyresgäst ägare köpare säljare mottagare avsändare personer ansat ansatte ansatt
        medarbejder bruger bruker medlemmer lærer læge lege ansøger deltager gjest lejer ejer eier køber selger modtager
        mottaker asiakas henkilö työntekijä käyttäjä potilas jäsen klient klienci pracownik pracownicy użytkownik użytkownicy
        członek członkowie pacjent pacjenci uczeń uczniowie nauczyciel lekarz kandydat uczestnik najemca właściciel kupujący
        sprzedawca odbiorca nadawca osoba osoby ubezpieczony zákazník zaměstnanec uživatel ügyfél müşteri kullanıcı клиент
        сотрудник пользователь пациент студент покупатель 顧客 会员 会員 社員 患者 用户 客户
        assistant ceo cfo cto founder demandeur époux épouse père mère président formateur formador presidente pai mãe demandante
        aanvrager melder melders
        """,
    About.PUBLIC: """
        artist author composer actor actress director writer singer band musician performer illustrator translator narrator
        creator lyricist producer conductor poet screenwriter songwriter celebrity politician painter photographer künstler
        autor schauspieler regisseur komponist schriftsteller interpret sänger artiste auteur compositeur acteur réalisateur
        écrivain chanteur artista autore autori compositore attore regista cantante escritor compositor actriz autora cantor
        ator kunstenaar componist schrijver konstnär författare skådespelare kompositör kunstner forfatter skuespiller artysta
        aktor kompozytor reżyser pisarz
        """,
    About.CONTACT: """
        address addr addresses billing bill shipping ship delivery deliver invoicing home residential residence mailing postal
        work correspondence remit location locations addressbook address_book rechnungs liefer versand lieferung wohn privat
        post adresse adressen anschrift anschriften adress adresses facturation livraison envoi coordonnées dirección
        direcciones domicilio domicilios envío entrega facturación indirizzo indirizzi spedizione fatturazione consegna
        residenza endereço endereços morada moradas faturamento cobrança adres adresgegevens bezorg lever bezorging adressbok
        leverans bostads hem hjem levering adresy zamieszkania dostawy korespondencja mailing_list
        """,
    About.ORGANIZATION: """
        company companies comp firm organization organisation organizations org orgs supplier supp vendor manufacturer mfr maker
        publisher shipper bank branch branches store stores shop shops merchant department dept division team teams agency
        institution school university college campus hospital clinic hotel hotels restaurant airline airlines business
        corporation corp enterprise employer tenant tenants brand club association studio network insurer franchise outlet
        dealer dealership reseller distributor wholesaler headquarter hq office offices facility facilities warehouse warehouses
        plant factory practice pharmacy ward carrier operator_company provider providers workspace organizer exchange issuer
        acquirer registrar party_organization retailer b2b affiliate ngo charity church ministry court union sponsor firma
        firmen unternehmen lieferant lieferanten hersteller verlag filiale filialen abteilung abteilungen händler betrieb
        behörde verein lager niederlassung krankenhaus schule arbeitgeber entreprise société sociétés fournisseur fournisseurs
        fabricant magasin magasins agence service_interne école établissement établissements hôpital entrepôt employeur empresa
        empresas proveedor proveedores fabricante tienda tiendas sucursal sucursales departamento escuela organización almacén
        empleador editorial azienda aziende ditta fornitore fornitori produttore negozio negozi reparto scuola ospedale
        magazzino fornecedor loja lojas filial escola empregador armazém bedrijf bedrijven leverancier leveranciers winkel
        winkels afdeling afdelingen vestiging vestigingen werkgever magazijn företag leverantör leverantörer butik butiker
        avdelning avdelningar arbetsgivare virksomhed bedrift leverandør leverandører avdeling butikk yritys przedsiębiorstwo
        dostawca dostawcy sklep sklepy oddział oddziały dział pracodawca magazyn firmy компания организация 会社 公司
        """,
    About.PLACE: """
        city cities country countries region regions state states province provinces district districts airport airports station
        stations port ports poi pois site sites venue venues building buildings room rooms zone zones territory territories
        continent continents timezone landmark municipality municipalities county counties town towns stop stops route routes
        trailhead beach mountain lake river park parks area areas place places destination destinations waypoint geo_names
        gazetteer postal_codes zip_codes zipcodes postcodes stadt städte staat staaten ort orte gemeinde länder land
        bundesländer ville villes pays régions gare aéroport ciudad ciudades país países provincia provincias municipio
        municipios lugar lugares città paese paesi comune comuni luogo luoghi cidade cidades estado estados bairro stad steden
        plaats plaatsen gemeenten landen städer länder_lista kommun kommuner by byer miasto miasta kraj kraje województwo
        województwa gmina lotnisko capital
        salle salles sala salas saal säle zaal
        """,
    About.THING: """
        product products prod item items article articles album track tracks song book books film films movie movies game games
        genre playlist media file files document doc image photo picture video page post posts topic event events course courses
        lesson subject project proj task tasks package feature features setting settings option options config configuration
        parameter param property properties attribute attr field fields column table schema database db index job jobs unit
        measure device devices sensor sensors machine machines server servers host hosts domain vehicle vehicles car cars truck
        vessel aircraft plane part parts component material asset assets equipment drug drugs medication medicine disease
        diagnosis treatment procedure test ingredient recipe dish menu currency currencies language languages template report
        dashboard skill skills model models module plugin app apps api oauth_client oauth_clients api_client api_clients
        client_app client_apps queue pipeline workflow stage step policy rule rules campaign promotion coupon discount offer
        channel segment animal pet pets species breed horse dog cat plant_species color colour size style attachment folder
        directory securities equities stocks bonds etf bucket repository repo repos commit build release version_info deployment
        cluster node environment env
        container sku catalog catalogue inventory stock warehouse_item shelf bin tag tags label_name badge award prize question
        answer survey quiz exam exams grade_item team_name holiday hostname filename tablename codename pathname typename
        classname domainname dbname roomname path function variable var symbol chart column_name metric metrics counter alarm
        alert alerts rule_name script command process thread program license_type shift shifts faq banner slide widget widgets
        newsletter newsletters tool tools gadget tariff produkt produkte artikel auftragsposition datei bild projekt projekte
        gerät geräte maschine fahrzeug fahrzeuge titel buch bücher kurs veranstaltung aufgabe dokument produit produits fichier
        projet projets appareil véhicule livre cours évènement tâche taches stagiaire_cours matière producto productos artículo
        artículos archivo proyecto proyectos dispositivo vehículo libro libros curso evento tarea prodotto prodotti articolo
        articoli progetto progetti veicolo corso produto produtos artigo projeto veículo livro tarefa product_naam bestand boek
        cursus apparaat voertuig produkter fil bok bøger bøker kurser enhet fordon varor vare varer towar towary produkty plik
        książka książki pojazd urządzenie
        price prices prix preis preise precio precios preço preços
        """,
    About.DEAL: """
        order orders ord invoice invoices payment payments transaction transactions txn shipment shipments booking bookings
        reservation reservations ticket tickets claim claims appointment appointments visit visits session sessions login logins
        log logs event_log audit message messages comment comments review reviews request requests enrollment enrolment
        subscription subscriptions purchase purchases sale sales rental rentals lease leases contract contracts loan loans
        donation donations application applications application_form quote quotes call calls inquiry enquiry inquiries
        deliveries delivery_note account accounts acct card cards credit_cards consent consents history trip trips ride rides
        journey prescription prescriptions encounter encounters admission admissions case cases feedback submission submissions
        entry entries document_signature chat chats conversation conversations communication communications auftrag aufträge
        bestellung bestellungen rechnung rechnungen zahlung zahlungen buchung buchungen reservierung termin termine vertrag
        verträge konto konten vorgang commande commandes facture factures paiement paiements réservation réservations contrat
        contrats compte comptes rendez_vous consultation pedido pedidos factura facturas pago pagos reserva reservas contrato
        contratos cuenta cuentas cita citas venta ventas ordine ordini fattura fatture pagamento pagamenti prenotazione
        prenotazioni contratto conto conti fatura faturas pagamentos conta contas venda vendas bestelling bestellingen factuur
        facturen betaling betalingen reservering boeking rekening afspraak ordrar beställning beställningar faktura fakturor
        betalning betalningar bokning bokningar avtal ordre ordrer bestilling fakturaer betalinger zamówienie zamówienia faktury
        płatność płatności rezerwacja rezerwacje umowa umowy wizyta wizyty transakcje
        """,
    About.KIND: """
        type types typ typen tipo tipos tipi kind kinds category categories cat categorie kategorie kategorien categoría
        categorías categoria kategori kategorier kategoria role roles rolle rollen rôle rol ruolo ruoli papel roller rola
        role_names group groups gruppe gruppen groupe groupes grupo grupos gruppo gruppi grupp grupper grupa grupy status
        statuses class classes classification permission permissions privilege privileges scope scopes lookup lookups enum enums
        code codes codelist grade grades level levels tier tiers plan plans priority priorities reason reasons title titles
        position positions occupation specialty specialties speciality demographics segment_type art arten sorte stufe rang
        """,
    About.BLOCK: """
        revenue revenues turnover umsatz id ids uuid guid fk pk key_id ref_id oid row_id rowid idx index seq sequence count
        counts cnt total totals sum avg average num_of nb nbre qty quantity amount_of number_of no_of n_of how_many anzahl anz
        cantidad quantité quantità quantidade antal aantal liczba ilość is has had can should must was were are does not flag
        flags bool boolean indicator ind type types typ tipo kind status stat statut estado_civil marital_status date dates
        datum fecha fec timestamp datetime hour minute seconds max min maximum minimum threshold limit limits quota quotas
        serial sku price cost fee tax vat currency mac web wallet contract memory eth ethereum btc bitcoin blockchain user_agent
        ship_via shipping_method delivery_via loyalty library gift sim graphics score_card scorecard business_card twitter_card
        post_card income_statement income_statements postcard vip fidelity membership discount_card dial calling dialing
        phone_country_code phone_code tel_code country_calling area_code public_key primary_key foreign_key sort_key partition_key
        cache_key lookup_key translation_key natural_key key_type percentage percent pct distinct unique typ_id sample_rate
        mínimo máximo mínima máxima minimal maximal mindest höchst multiple
        """,
    About.AFTER: """
        verified verify valid validated validation confirmed confirm bounced sent opened clicked received read seen changed
        change updated update created deleted modified required require enabled disabled allowed blocked locked expires expired
        expire expiry expiration until since at on failed failure failures failing unsubscribed subscribed hidden visible known
        missing unknown checked matched resolved sync synced syncing synchronized exported imported ok present available
        supported accepted agreed complete completed needed wanted shared time times ts day days month months year years week
        age ages alter âge edad età idade leeftijd ålder duration sec subject body template templates format formats server host
        port provider domain domains list lists campaign notification notifications newsletter optin opt_in opt_out optout opt
        consent version versions preference preferences pref prefs rate rates rating ratings ratio score scores rank ranking
        grade grades band level levels bracket range size length len width height weight category cat class url uri link href image
        img photo picture avatar icon logo file filename path folder mime font model brand os firmware manufacturer make color
        colour language lang locale timezone tz policy strength attempts attempt retries retry tries reset complexity rotation
        algorithm algo bucket buckets budget usage used population fingerprint bin funding network area gdp density elevation
        order position sort sorting priority visibility label labels tag tags title titles caption heading description desc
        message messages settings setting config configuration options option rule rules validator regex pattern mask
        placeholder example sample deliverability frequency freq quality confidence accuracy precision source source_type method
        reason reasons error errors bounce bounces clicks opens views visits followers collector handler router service queue
        job prefix suffix share growth forecast target statistics stats kitchen repair case betrag summe niveau seuil plafond
        longueur largo indicator verifiziert bestätigt gültig geprüft gesendet geändert erstellt aktiv gesperrt vorhanden
        versendet vérifié confirmé valide validé envoyé modifié créé actif verificado confirmado válido enviado modificado
        creado activo verificato confermato valido inviato modificato creato attivo alterado criado ativo geverifieerd bevestigd
        verzonden gewijzigd verifierad bekräftad skickad ändrad skapad bekræftet sendt endret zweryfikowany potwierdzony wysłano
        wysłany zmieniono
        use usage check checks theme themes encoding lifespan integer mode modes
        """,
    About.NEUTRAL: """
        main primary secondary default other alt alternate alternative backup old new current previous prev former original raw
        encrypted enc hashed hash sha256 md5 digest cipher_text plain masked full complete short long_form formatted normalized
        normalised clean cleaned lower lowercase upper preferred official legal real actual first_line line lines row text txt
        string str value val data info information details detail record records field number numbers num no nr nbr nummer numer
        numéro número numero num_ro n tbl tab t dim fact stg staging src tmp temp hist historical archive archived vw view v mv
        mview all active inactive list master base core app my our personal private professional business_line work office
        daytime evening day_time night emergency mobile_line home secret final latest last first one two three a b c p s o x y z
        l de du des di del della do da dos das of von der die the van het den la le les el los las og och und et e i en primär
        haupt privat privé particular casa trabajo laboral travail domicile perso personnel prive werk thuis hem arbete jobb
        arbejde hjemme praca domowy służbowy prywatny trabalho lavoro ufficio contacto zusatz zusätzlich extra additional ext
        extension copy copie kopie clone dup iso iso2 iso3 alpha2 alpha3 unformatted international intl local national e164 us
        uk eu inbound outbound from to cc bcc reply reply_to dest destination source log login last_seen sign_in signin create
        sys public stammdaten daten datos dati dados gegevens uppgifter dane donnees données fiche fichier liste lista listado
        elenco ficha tabla tabela tabelle bestand verzeichnis register registry directory reference ref account internal
        external synthetic test demo fake dummy production prod import export load snapshot year v1 v2 delta change_log changes
        alternativo alternativa alternatif
        """,
}


def _meanings() -> Mapping[str, About]:
    found: dict[str, About] = {}
    for about, text in _TEXT.items():
        for word in text.split():
            for spelling in spellings(word):
                found.setdefault(spelling, about)
    return MappingProxyType(found)


def _by_class() -> Mapping[About, frozenset[str]]:
    return MappingProxyType(
        {about: frozenset(each for word in text.split() for each in spellings(word)) for about, text in _TEXT.items()}
    )


ABOUT = _meanings()
"""What a word is about when it names what a table holds: the first of the lists above that has it."""
WORDS_OF = _by_class()
"""All the words of a class, whatever else they mean."""
