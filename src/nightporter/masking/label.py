# ruff: noqa: RUF001  letters of other alphabets are meant
"""The labels: classes of data that a column, or a value, may be of. One table; a new label is one entry in it. Pure.

A label's name is a path: whatever holds for `pii` holds for `pii.email`. The server's own columns have labels of other kinds
(`server.values`, ...), which say what the server remembers; they have entries here too, for how they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from . import checks, national, secret_shapes, shapes

TEXT, NUMBER, WHOLE_NUMBER, DATE, FLAG = "text", "number", "whole number", "date", "flag"
ADDRESS, PLACE, BYTES, CHOICE, UUID, OTHER = "address", "place", "bytes", "choice", "uuid", "other"
"""Families of types: what can be written as text; any number; one without fraction; dates, and with times; booleans; network
addresses; points and shapes; bytes; enums; uuids; what holds nothing that a label is for (intervals, ...). See `family_of`."""


@dataclass(frozen=True, slots=True)
class Label:
    """One class of data: how it is shown to those who may not see it, and by what it is found."""

    name: str
    title: str
    """As people read it: `e-mail address`."""
    masker: str
    """What stands in its place unless a policy names another: see `maskers`."""
    families: frozenset[str] = frozenset({TEXT})
    """Types that a column of it may have."""
    words: tuple[str, ...] = ()
    """Names that columns of it have, in several languages; lower case, words joined by `_`, with the accents and umlauts that they
    have. One with `~` at its end means this unless the table is one of things, places or organizations; one with `?` only where the
    rest of the name, or of the table, speaks of persons (of addresses, of cards, ...)."""
    pattern: str = ""
    """What its values look like, as a whole: a regular expression that takes linear time. Empty: values do not tell."""
    within: str = ""
    """The same inside of other text, strict enough that nothing else is taken for it. Empty: it is not looked for there."""
    confirm: Callable[[str], bool] | None = None
    """Whether what matches a pattern is one: a checksum, a range."""
    signs: tuple[str, ...] = ()
    """One of these is in every text in which `within` matches, so that others are not searched: literals, in either case, or those
    that `shapes` names. Empty: every text is."""
    digits: int = 0
    """Every text in which `within` matches has so many digits, wherever they are."""


MENTIONS = "pii.text"
"""Of texts and documents that hold data of other labels somewhere; a column that is of one of those itself is only that."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _table(*labels: Label) -> MappingProxyType[str, Label]:
    return MappingProxyType({label.name: label for label in labels})


LABELS = _table(
    Label(
        "pii.name",
        "name of a person",
        "full",
        words=_words(
            "name? naam? namn? navn? nome? nombre? nom? full_name~ fullname~ complete_name~ person_name contact_name"
            " display_name? legal_name? preferred_name? cardholder cardholder_name cc_owner cc_name card_owner account_owner"
            " bank_account_name bank_account_holder echeck_account_name card_holder card_holder_name name_on_card"
            " name_on_account account_holder account_holder_name accountholder contact_person emergency_contact"
            " emergency_contact_name next_of_kin recipient_name initials? signatory names? vollname vollständiger_name"
            " kontoinhaber karteninhaber ansprechpartner kontaktperson ansprechperson nom_complet nom_et_prénom nom_prénom"
            " prénom_nom nom_usage titulaire titulaire_carte titulaire_compte personne_contact nombre_completo"
            " nombre_y_apellidos nombre_apellidos titular titular_tarjeta titular_cuenta persona_contacto persona_de_contacto"
            " razon_social_persona nome_completo nome_cognome nome_e_cognome cognome_nome cognome_e_nome intestatario"
            " nominativo persona_di_contatto pessoa_de_contato nome_mãe nome_da_mãe nome_do_pai mother_name mothers_name"
            " father_name fathers_name nombre_madre nombre_padre volledige_naam contactpersoon rekeninghouder"
            " fullständigt_namn fullt_namn fulde_navn fullt_navn kortinnehavare imię_i_nazwisko imię_nazwisko nazwisko_i_imię"
            " osoba_kontaktowa fio ф_и_о фио имя_клиента 姓名 氏名 名前 이름 jméno_a_příjmení adi_soyadi koko_nimi nimi?"
            " voorletters? initialen? legal_representative representante_legal représentant_légal gesetzlicher_vertreter"
            " rappresentante_legale"
            " voller_name nome_social nome_pai nombre_del_padre nom_père nom_mère contact_urgence contact_d_urgence"
            " contacto_emergencia contacto_de_emergencia contato_emergência contato_de_emergência notfallkontakt"
            " contatto_emergenza noodcontact nödkontakt kontakt_awaryjny"
        ),
    ),
    Label(
        "pii.name.given",
        "given name",
        "full",
        words=_words(
            "first_name first_names firstname fname f_name first_nm first? given_name given_names givenname given? forename"
            " christian_name middle_name middlename middle_names middle_initial mname m_name minit middle? second_name"
            " vorname vname vn? vornamen rufname zweiter_vorname zweitname prénom prénoms deuxième_prénom nombre_de_pila"
            " nombre_pila primer_nombre segundo_nombre nombres? primo_nome secondo_nome nome_proprio nome_próprio"
            " primeiro_nome nome_do_meio voornaam voornamen roepnaam förnamn tilltalsnamn mellannamn fornavn mellemnavn"
            " mellomnavn etunimi imię imiona pierwsze_imię drugie_imię jméno křestní_jméno keresztnév utónév prenume"
            " ad_soyad_ad isim? имя отчество imya otchestvo 名 first_name_kana"
        ),
    ),
    Label(
        "pii.name.family",
        "family name",
        "full",
        words=_words(
            "last_name last_names lastname lname l_name last_nm last? surname surnames sname family_name familyname family?"
            " maiden_name maidenname birth_name mothers_maiden_name mother_maiden_name nachname nname nachnamen familienname"
            " zuname geburtsname mädchenname nom_famille nomfam nom_de_famille nom_naissance nom_usuel nom_marital"
            " nom_de_naissance nom_jeune_fille nom_de_jeune_fille patronyme apellido apellidos primer_apellido"
            " segundo_apellido apellido_paterno apellido_materno apellido1 apellido2 ap_paterno ap_materno cognome cognomi"
            " sobrenome sobrenomes apelido apelidos último_nome achternaam achternamen familienaam geboortenaam meisjesnaam"
            " tussenvoegsel efternamn etternavn efternavn slektsnavn flicknamn födelsenamn sukunimi nazwisko nazwisko_rodowe"
            " nazwisko_panieńskie příjmení vezetéknév nume_familie soyad soyadi фамилия familiya familija 姓 maiden?"
        ),
    ),
    Label(
        "pii.email",
        "e-mail address",
        "partial",
        words=_words(
            "email e_mail mail emails email_address e_mail_address email_addr mail_addr mail_address mailaddress emailid"
            " email_id? reply_to~ eml~ email_adresse e_mail_adresse mailadresse mail_adresse courriel mel? adresse_mail"
            " adresse_email adresse_e_mail adresse_courriel adresse_électronique correo correo_electrónico correo_e"
            " dirección_correo dirección_de_correo dirección_email email_contacto posta_elettronica indirizzo_email"
            " indirizzo_mail indirizzo_e_mail pec? correio_eletrônico correio_eletrónico endereço_email endereço_de_email"
            " e_mailadres emailadres mailadres epost e_post epostadress e_postadress e_postadresse epostadresse mejl"
            " mejladress mailadress sähköposti adres_email adres_e_mail poczta_elektroniczna email_adres elektronische_post"
            " эл_почта почта pochta e_posta eposta メール メールアドレス 邮箱 电子邮件"
        ),
        pattern=shapes.EMAIL,
        within=shapes.EMAIL_WITHIN,
        confirm=checks.is_email,
        signs=shapes.EMAIL_SIGNS,
    ),
    Label(
        "pii.phone",
        "phone number",
        "partial",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER}),
        words=_words(
            "phone phones telephone telephones tel phone_number phone_numbers telephone_number phonenumber phone_no phone_num"
            " phone_nbr telephone_no tel_no tel_number tel_num tel_nr tel_port tel_dom tel_fixe mobile mobile_number"
            " mobile_no mobile_phone mobile_phone_number cell~ cellphone cell_phone cell_number cell_no fax fax_number fax_no"
            " telefax facsimile landline landline_number home_phone work_phone business_phone contact_number calling_number"
            " called_number caller_number caller_id callee_number dialed_number dialled_number emergency_number contact_no"
            " contact_phone whatsapp whatsapp_number msisdn sms_number pager phone_ext phonenr telefon telefonnummer"
            " telefonnr rufnummer notfallnummer notrufnummer handy handynummer handynr mobilnummer mobilfunk mobilfunknummer"
            " mobilnr mobiltelefon festnetz festnetznummer faxnummer telefaxnummer fon~ téléphone téléphone_portable"
            " téléphone_mobile téléphone_fixe numéro_téléphone numéro_de_téléphone num_tél no_tél portable? numéro_portable"
            " gsm? teléfono teléfonos telf tlfno teléfono_móvil teléfono_fijo móvil celular número_teléfono"
            " número_de_teléfono num_teléfono telefono cellulare cell_num numero_telefono numero_di_telefono"
            " recapito_telefonico telefone telefones telemóvel telefone_celular número_telefone número_de_telefone telefoon"
            " telefoonnummer telefoonnr mobiel mobiele_nummer mobiel_nummer gsm_nummer vast_nummer tfn mobil~"
            " mobiltelefonnummer telefonnumre tlf tlf_nr tlfnr tlf_nummer puhelin puhelinnumero matkapuhelin nr_telefonu"
            " numer_telefonu telefon_komórkowy komórka numer_komórkowy tel_kom telefonní_číslo mobilní_telefon telefonszám"
            " cep_telefonu телефон тел мобильный 電話 電話番号 电话 手机 手机号 전화번호 durchwahl"
        ),
        pattern=shapes.PHONE,
        within=shapes.PHONE_WITHIN,
        confirm=checks.is_phone,
        signs=shapes.PHONE_SIGNS,
        digits=7,
    ),
    Label(
        "pii.address",
        "postal address",
        "full",
        words=_words(
            "address~ addresses~ addr~ full_address~ postal_address mailing_address home_address residential_address"
            " billing_address shipping_address delivery_address invoice_address permanent_address current_address"
            " work_address formatted_address~ ship_to? bill_to? residence? address_line~ address_lines~ address_full~"
            " adresse~ adressen~ anschrift wohnadresse wohnanschrift postanschrift postadresse rechnungsadresse"
            " rechnungsanschrift lieferadresse lieferanschrift adresszusatz privatadresse heimatadresse adresse_postale"
            " adresse_complète adresse_facturation adresse_livraison adresse_domicile complément_adresse dirección~ domicilio"
            " dirección_postal dirección_completa dirección_envío dirección_facturación indirizzo~ residenza?"
            " indirizzo_residenza indirizzo_spedizione indirizzo_fatturazione domicilio_fiscale endereço~ endereço_completo"
            " endereço_entrega morada~ morada_completa adres~ woonadres postadres factuuradres bezorgadres afleveradres"
            " huisadres adress~ hemadress bostadsadress faktureringsadress leveransadress besöksadress hjemmeadresse"
            " boligadresse faktureringsadresse leveringsadresse adres_zamieszkania adres_korespondencyjny adres_zameldowania"
            " adresa~ lakcím osoite~ kotiosoite адрес~ adres_dostawy 住所 地址 주소 address_complete~ lieu_dit~"
        ),
    ),
    Label(
        "pii.address.street",
        "street address",
        "full",
        frozenset({TEXT, WHOLE_NUMBER}),
        words=_words(
            "street~ street_address~ street_name~ street_no~ street_number~ street_line~ street_addr~ house_number~ house_no~"
            " house_num~ houseno~ apartment~ apartment_number~ apartment_no~ apt~ apt_no~ apt_number~ suite? unit_number?"
            " address1~ address2~ address3~ address_line1~ address_line2~ address_line3~ address_line_1~ address_line_2~"
            " addr1~ addr2~ addr_line1~ addr_line2~ line1? line2? po_box~ straße~ strasse~ str? straßenname~"
            " straße_hausnummer~ strasse_nr~ str_nr~ str_hnr~ hausnummer~ hausnr~ hnr? postfach~ rue~ voie? numéro_rue~"
            " numéro_voie~ nom_rue~ libellé_voie~ boîte_postale~ calle~ nombre_calle~ número_calle~ domicilio_calle~ via?"
            " via_civico~ numero_civico~ civico~ n_civico~ logradouro~ rua~ complemento? número_casa~ nro_casa~ straat~"
            " straatnaam~ straat_huisnummer~ huisnummer~ huisnr~ gata~ gatuadress~ gatunamn~ gatunummer~ husnummer~ husnr~"
            " gateadresse~ gatenavn~ gade~ vej~ vejnavn~ veinavn~ katuosoite~ lähiosoite~ ulica~ ulica_numer~ ulica_nr~"
            " nr_domu~ numer_domu~ nr_mieszkania~ numer_mieszkania~ nr_lokalu~ ulice~ utca~ улица~ дом? квартира~ 番地~ nom_voie~"
            " nom_de_voie~ nombre_vía~ nombre_de_vía~ piso? puerta? complément?"
        ),
        pattern=shapes.STREET_ALONE,
        within=shapes.STREET_WITHIN,
        signs=shapes.STREET_SIGNS,
        digits=1,
    ),
    Label(
        "pii.address.city",
        "city",
        "full",
        frozenset({TEXT, CHOICE}),
        words=_words(
            "city? cities? town? city_name? town_city? city_town? municipality? locality? suburb? village? hometown home_town"
            " birth_place birthplace place_of_birth birth_city city_of_birth ort? ortsname? wohnort stadt? ortschaft?"
            " gemeinde? geburtsort geb_ort ville? commune? localité? ville_naissance lieu_naissance lieu_de_naissance ciudad?"
            " población? localidad? municipio? lugar_nacimiento lugar_de_nacimiento ciudad_nacimiento città? citta? comune?"
            " località? luogo_nascita luogo_di_nascita comune_nascita comune_di_nascita cidade? localidade? município?"
            " naturalidade local_nascimento local_de_nascimento stad? woonplaats plaats? plaatsnaam? gemeente? geboorteplaats"
            " postort? bostadsort hemort födelseort ort_namn? kommun? poststed? bosted fødested by_navn? bynavn? kaupunki?"
            " postitoimipaikka? syntymäpaikka miasto? miejscowość? miejsce_urodzenia město? obec? város? şehir? город?"
            " city_birth 城市 市区町村"
        ),
    ),
    Label(
        "pii.address.postal_code",
        "postal code",
        "full",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER}),
        words=_words(
            "zip? zipcode~ zip_code~ zip4? zip_plus4? postal_code~ postalcode~ postcode~ post_code~ postal~ postal_zip~"
            " zip_postal~ zip_postal_code~ plz~ postleitzahl~ code_postal~ cp? código_postal~ cod_postal~ codigo_post~"
            " cpostal~ cap? codice_postale~ codice_avviamento_postale~ cep? postnummer~ postnr~ postnumero~ postinumero~"
            " kod_pocztowy~ psč~ irányítószám~ posta_kodu~ pincode~ pin_code? eircode~ индекс_почтовый~ почтовый_индекс~"
            " 郵便番号~ 邮编~"
        ),
    ),
    Label(
        "pii.address.region",
        "state or region",
        "full",
        frozenset({TEXT, CHOICE}),
        words=_words(
            "state? province? region? county? district? state_province? stateprovince? province_state? state_or_province?"
            " state_code? st_code? state_name? province_name? region_name? county_name? district_name? administrative_area?"
            " admin_area? prefecture? neighborhood? neighbourhood? borough? bundesland? kanton? landkreis? ortsteil?"
            " département? dept? provincia? comunidad_autónoma? estado? barrio? colonia? uf? bairro? regione?"
            " sigla_provincia? distrito? freguesia? concelho? provincie? län? landskap? fylke? maakunta? województwo? powiat?"
            " gmina? kraj_region? регион? область? 都道府県? 省?"
        ),
    ),
    Label(
        "pii.address.country",
        "country",
        "full",
        frozenset({TEXT, CHOICE}),
        words=_words(
            "country? countries? country_name? country_code? country_iso? country_iso2? country_region? nation? birth_country"
            " country_of_birth country_of_residence country_birth land? staat? ländercode? länderkürzel? laenderkennzeichen?"
            " geburtsland landeskennzeichen? pays? code_pays? pays_naissance pays_de_naissance país? código_país?"
            " país_nacimiento paese? nazione? stato? país_residência? landcode? geboorteland landskod? landkode? födelseland"
            " fødeland maa? kraj? kraj_zamieszkania země? ország? ülke? страна? 国? 国家? country_region_name?"
        ),
    ),
    Label(
        "pii.birth_date",
        "date of birth",
        "year",
        frozenset({DATE, TEXT, WHOLE_NUMBER}),
        words=_words(
            "birth_date birthdate date_of_birth dateofbirth dob d_o_b birth_day birthday birth_dt bdate bday date_birth born~"
            " born_on born_at born_date birth~ birth_year year_of_birth birthyear yob birth_month birth_time geburtsdatum"
            " geburtstag geb_datum gebdatum gebdat geb_dat geb_tag geboren~ geburtsjahr geb~ date_naissance ddn"
            " date_de_naissance datenaissance naissance né_le né_e_le dt_naissance année_naissance jour_naissance"
            " fecha_nacimiento fecha_de_nacimiento fecha_nac fec_nac f_nacimiento f_nac nacimiento nacido año_nacimiento"
            " cumpleaños data_nascita data_di_nascita nascita nato_il dt_nascita anno_nascita compleanno data_nascimento"
            " data_de_nascimento dt_nascimento data_nasc dt_nasc nascimento ano_nascimento aniversário~ geboortedatum"
            " geboortejaar geboortedag verjaardag födelsedatum födelsedag födelseår född~ födelsetid fødselsdato fødselsdag"
            " fødselsår fødselstid født~ fødedato syntymäaika syntymäpäivä syntynyt data_urodzenia urodzony data_ur"
            " rok_urodzenia urodziny datum_narození születési_dátum születési_idő data_nașterii doğum_tarihi dogum_tarihi"
            " дата_рождения день_рождения data_rozhdeniya 生年月日 誕生日 出生日期 생년월일"
        ),
        within=shapes.BIRTH_WITHIN,
        signs=shapes.BIRTH_SIGNS,
        digits=3,
    ),
    Label(
        "pii.national_id",
        "national identity number",
        "full",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER}),
        words=_words(
            "ssn ss_no ssn_number social_security social_security_number social_security_no socialsecuritynumber soc_sec_no"
            " soc_sec national_id nationalid national_id_number national_identifier national_identity_number"
            " national_identification_number national_number national_insurance national_insurance_number nino ni_number"
            " identity_number? identity_card identity_card_number id_card id_card_number id_card_no id_number? government_id"
            " gov_id citizen_id personal_id personal_id_number personal_identity_number personal_identification_number"
            " personal_number tax_id~ taxid~ tax_number~ tax_identifier~ tax_id_number~ taxpayer_id~ taxpayer_number~"
            " tax_file_number tfn_number tin~ itin passport passport_number passport_no passport_num passport_id"
            " driver_license driver_license_number drivers_license drivers_license_number driving_license driving_licence"
            " driver_licence licence_number_driver dl_number driving_licence_no aadhaar aadhaar_number aadhar aadhar_number"
            " aadhaar_no pan_card pan_number~ pan_no~ voter_id sin_number social_insurance_number medicare_number medicare_no"
            " nhs_number nhs_no health_insurance_number health_card_number health_number insurance_number? emirates_id nric"
            " fin_number hkid resident_registration_number rrn? cnic sozialversicherungsnummer sv_nummer sv_nr svnr"
            " sozialversnr rentenversicherungsnummer versicherungsnummer~ versichertennummer krankenversicherungsnummer kvnr"
            " kv_nummer kv_nr versichertennr ahv_nummer ahv_nr ahv steuer_id steuerid steuernummer~ steuer_nr~"
            " steueridentifikationsnummer steueridentnummer identifikationsnummer_steuer personalausweis"
            " personalausweisnummer ausweisnummer ausweis_nr personenkennzeichen reisepass reisepassnummer passnummer"
            " führerschein führerscheinnummer numéro_sécurité_sociale numéro_de_sécurité_sociale sécurité_sociale num_secu"
            " num_sécu no_sécu numéro_sécu numéro_ss num_ss nir~ numéro_insee code_insee_personne niss carte_identité"
            " numéro_carte_identité cni~ numéro_passeport passeport permis_conduire numéro_permis dni nie? nif~ dni_nie"
            " nif_nie documento_identidad documento_de_identidad número_documento~ num_documento~ nro_documento~ cédula"
            " cédula_identidad cédula_de_identidad curp rfc~ cuil rut~ run? número_seguridad_social seguridad_social nss?"
            " num_seguridad_social pasaporte número_pasaporte carnet_identidad codice_fiscale cod_fiscale codicefiscale cf?"
            " carta_identità numero_carta_identità tessera_sanitaria passaporto numero_passaporto cpf cpf_cnpj rg?"
            " número_contribuinte contribuinte nis? pis? pis_pasep bilhete_identidade cartão_cidadão cartão_de_cidadão"
            " título_eleitor passaporte número_passaporte cnh bsn burgerservicenummer sofinummer rijksregisternummer"
            " identiteitskaart identiteitsnummer paspoortnummer paspoort rijbewijsnummer personnummer pnr? person_nr personnr"
            " personbevis samordningsnummer pass_nr cpr cpr_nummer cpr_nr cprnr fødselsnummer fødselsnr fnr~ personkode"
            " henkilötunnus hetu sosiaaliturvatunnus pesel pesel_nr nr_pesel numer_pesel dowód_osobisty nr_dowodu"
            " numer_dowodu seria_dowodu nr_paszportu numer_paszportu paszport rodné_číslo rodne_cislo cnp? egn? tc_kimlik"
            " tc_kimlik_no tckn kimlik_no oib jmbg инн снилс inn? snils паспорт 身份证 身份证号 マイナンバー 주민등록번호"
            " ssn_id sin_id identification_id~ identification_number~ identification_no~ identity_document identity_document_number"
            " afiliación_ss num_afiliación_ss número_afiliación_ss pièce_identité numéro_pièce_identité pièce_d_identité cns?"
            " national_registration_number"
        ),
        pattern=shapes.NATIONAL,
        within=shapes.NATIONAL_WITHIN,
        confirm=national.is_national_id,
        signs=shapes.NATIONAL_SIGNS,
        digits=4,
    ),
    Label(
        "pii.card",
        "payment card",
        "partial",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER, DATE}),
        words=_words(
            "card_number card_no cardnumber card_num cardno card_nr card_nbr card? cc_num cc_number ccnum cc_no ccn cc?"
            " credit_card creditcard credit_card_number creditcard_number creditcardnumber credit_card_no credit_card_num"
            " cred_card debit_card debit_card_number payment_card payment_card_number bank_card bank_card_number pan?"
            " primary_account_number card_pan masked_pan card_last4 card_last_four last4~ last_four~ card_last_digits"
            " cc_last4 cvv cvv2 cvc cvc2 cvn csc? card_cvv card_cvc cvv_code card_security_code security_code?"
            " card_verification card_verification_value card_verification_code card_expiry card_expiration card_exp"
            " card_exp_date card_expiry_date card_expiration_date card_exp_month card_exp_year card_expires cc_exp cc_expiry"
            " cc_exp_date cc_exp_month cc_exp_year cc_expiration exp_month? exp_year? expiry_month? expiry_year?"
            " expiration_month? expiration_year? exp_date? expiry_date? expiration_date? expiry? expiration? valid_thru"
            " valid_through_card card_track card_track_data track2 kreditkarte kreditkartennummer kreditkarten_nr"
            " kreditkartennr kartennummer karten_nr~ karten_nummer ec_karte kreditkarte_nr kartenprüfnummer prüfziffer_karte"
            " kartenablauf carte_bancaire carte_bleue carte_crédit carte_de_crédit numéro_carte numéro_de_carte numéro_cb"
            " num_carte no_carte num_cb cryptogramme carte_expiration expiration_carte tarjeta? tarjeta_crédito"
            " tarjeta_de_crédito tarjeta_débito tarjeta_bancaria número_tarjeta número_de_tarjeta num_tarjeta nro_tarjeta"
            " código_seguridad? caducidad_tarjeta vencimiento_tarjeta carta_credito carta_di_credito numero_carta"
            " numero_carta_credito numero_carta_di_credito carta_di_debito scadenza_carta codice_sicurezza? cartão?"
            " cartão_crédito cartão_de_crédito número_cartão número_do_cartão num_cartão validade_cartão creditcardnummer"
            " kaartnummer creditcard_nr bankkaart kreditkort kreditkortsnummer kreditkortnummer kontokort kortnummer kort_nr~"
            " kort_nummer betalkort betalningskort betalingskort bankkort luottokortti numer_karty nr_karty karta_kredytowa"
            " karta_płatnicza numer_karty_kredytowej kreditní_karta číslo_karty номер_карты 信用卡 信用卡号 クレジットカード"
            " validade? validez? validité? gültig_bis? vencimiento? vencimento? scadenza?"
        ),
        pattern=shapes.CARD,
        within=shapes.CARD_WITHIN,
        confirm=checks.is_card,
        signs=shapes.CARD_SIGNS,
        digits=14,
    ),
    Label(
        "pii.bank_account",
        "bank account",
        "partial",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER}),
        words=_words(
            "iban iban_number iban_code bank_account bank_account_number bank_account_no bank_acct bank_acct_no bank_acc"
            " bank_ac_no ac_no~ account_number~ account_no~ account_num~ account_nr~ acct_number~ acct_no~ acct_num~"
            " acct_nbr~ acc_no~ acc_number~ accountnumber~ routing_number~ routing_no~ routing_num~ aba_number~ aba_routing~"
            " sort_code~ bsb~ bban clabe cbu~ kontonummer konto_nummer konto_nr~ kontonr kto_nr ktonr kto~ konto? bankkonto"
            " bankverbindung blz~ bankleitzahl~ compte_bancaire numéro_compte numéro_de_compte num_compte no_compte"
            " numéro_compte_bancaire rib code_guichet~ cuenta_bancaria cuenta? número_cuenta número_de_cuenta num_cuenta"
            " nro_cuenta ccc~ conto_corrente conto_bancario numero_conto numero_conto_corrente numero_c_c conta_bancária"
            " conta_corrente número_conta número_da_conta num_conta nib rekeningnummer bankrekening bankrekeningnummer"
            " rekening_nr rekening? bankkontonummer bankkonto_nr bankgiro~ plusgiro~ clearingnummer~ clearingnr~ tilinumero"
            " numer_konta nr_konta numer_rachunku nr_rachunku rachunek_bankowy číslo_účtu bankszámlaszám расчетный_счет"
            " номер_счета 口座番号 银行账号"
        ),
        pattern=shapes.IBAN,
        within=shapes.IBAN_WITHIN,
        confirm=checks.is_iban,
        signs=shapes.IBAN_SIGNS,
        digits=checks.IBAN_DIGITS,
    ),
    Label(
        "pii.ip_address",
        "ip address",
        "full",
        frozenset({TEXT, ADDRESS, WHOLE_NUMBER}),
        words=_words(
            "ip ip_address ip_addr ipaddress ipaddr ips ip4 ip6 ipv4 ipv6 ip_v4 ip_v6 ipv4_address ipv6_address client_ip"
            " last_ip login_ip host_ip server_ip public_ip private_ip local_ip remote_ip remote_addr remote_address"
            " remote_host~ client_addr client_address? source_ip src_ip dest_ip dst_ip user_ip peer_ip x_forwarded_for"
            " forwarded_for ip_adresse ipadresse ip_anschrift adresse_ip dirección_ip indirizzo_ip endereço_ip ip_adres"
            " ip_adress ipadress ip_osoite adres_ip ip_адрес"
        ),
        pattern=shapes.IP,
        within=shapes.IP_WITHIN,
        confirm=checks.is_ip_address,
        signs=shapes.IP_SIGNS,
        digits=1,
    ),
    Label(
        "pii.geo",
        "geographic position",
        "full",
        frozenset({TEXT, NUMBER, PLACE}),
        words=_words(
            "latitude~ lat~ longitude~ lng~ lon~ long? latlng~ lat_lng~ lat_lon~ lat_long~ latlong~ lonlat~ lng_lat~ geo~"
            " geolocation~ geo_location~ geoloc~ geo_point~ geo_position~ geopoint~ geo_lat~ geo_lng~ geo_lon~ geo_long~ gps~"
            " gps_coordinates~ gps_coords~ gps_position~ gps_lat~ gps_lon~ gps_lng~ gps_location~ gps_latitude~"
            " gps_longitude~ coordinates~ coords~ coordinate~ geog? geom? geometry? geography? position? location?"
            " spatial_location~ home_location last_location current_location last_known_location geohash~ lat_deg~ lon_deg~"
            " pos_lat~ pos_lon~ x_lat~ breitengrad~ längengrad~ breite_grad~ geokoordinaten~ koordinaten~ standort?"
            " geoposition~ coordonnées_gps~ coordonnées? latitud~ longitud~ coordenadas~ coordenadas_gps~ ubicación?"
            " latitudine~ longitudine~ coordinate_gps~ localização? breedtegraad~ lengtegraad~ coördinaten~ breddgrad~"
            " koordinater~ breddegrad~ lengdegrad~ længdegrad~ szerokość_geograficzna~ długość_geograficzna~ szer_geogr~"
            " dl_geogr~ współrzędne~ широта~ долгота~"
        ),
        pattern=shapes.GEO,
        within=shapes.GEO_WITHIN,
        confirm=checks.is_position,
        signs=shapes.GEO_SIGNS,
        digits=2,
    ),
    Label(
        "pii.gender",
        "gender",
        "full",
        frozenset({TEXT, WHOLE_NUMBER, FLAG, CHOICE}),
        words=_words(
            "gender~ sex~ gender_code~ sex_code~ gender_identity biological_sex legal_sex m_f? male_female~ geschlecht~"
            " geschl~ sexe~ sexo~ género? sesso~ geslacht~ kön~ kjønn~ køn~ sukupuoli~ płeć~ pohlaví~ neme? cinsiyet~ пол?"
            " pol_osoby 性别~ 性別~ 성별~"
        ),
    ),
    Label(
        "pii.salary",
        "salary",
        "bucket",
        frozenset({TEXT, NUMBER, WHOLE_NUMBER}),
        words=_words(
            "salary salaries wage wages base_salary annual_salary monthly_salary gross_salary net_salary current_salary"
            " starting_salary yearly_salary base_pay gross_pay net_pay take_home_pay pay_rate pay_amount hourly_rate~"
            " hourly_wage annual_income annual_inc monthly_inc monthly_income yearly_income household_income income~"
            " earnings~ remuneration compensation~ base_compensation total_compensation stipend ctc? sal~ payroll_amount"
            " bonus? gehalt gehälter jahresgehalt monatsgehalt bruttogehalt nettogehalt grundgehalt lohn bruttolohn nettolohn"
            " stundenlohn monatslohn jahreslohn entgelt? vergütung~ einkommen jahreseinkommen salaire salaire_brut"
            " salaire_net salaire_annuel salaire_mensuel salaire_base rémunération traitement_mensuel paie? revenu~"
            " revenu_annuel revenus~ sueldo sueldo_base sueldo_bruto salario salario_base salario_bruto salario_neto"
            " salario_anual salario_mensual nómina? jornal~ retribución ingresos_anuales renta_anual stipendio"
            " stipendio_lordo stipendio_netto retribuzione ral~ reddito~ salário salário_base salário_bruto salário_líquido"
            " remuneração ordenado~ vencimento_base rendimento? salaris brutosalaris nettosalaris bruto_salaris maandsalaris"
            " jaarsalaris loon brutoloon uurloon inkomen~ lön? månadslön årslön bruttolön grundlön timlön årsinkomst inkomst~"
            " løn? månedsløn timeløn årsløn bruttoløn lønn? månedslønn timelønn årslønn bruttolønn inntekt~ palkka"
            " kuukausipalkka pensja wynagrodzenie wynagrodzenie_brutto wynagrodzenie_netto płaca płaca_zasadnicza zarobki"
            " dochód~ mzda fizetés~ maaş~ зарплата оклад zarplata oklad 工资 給与 pretensión_salarial pretensiones_salariales"
            " pretensão_salarial aspiración_salarial prétentions_salariales gehaltsvorstellung gehaltswunsch traitement_brut"
            " traitement_net"
        ),
    ),
    Label(
        "pii.username",
        "user name",
        "full",
        words=_words(
            "username usernames user_name user_nm userid? user_login user? login~ login_name loginname login_id loginid"
            " login_user logon logon_name logon_id account_name? screen_name? screenname? nickname~ nick_name~ nick? handle?"
            " alias? user_handle user_nicename nicename user_alias twitter twitter_handle instagram instagram_handle skype"
            " skype_id skype_name telegram_username github_username slack_handle facebook_username uname~ usr_name"
            " sam_account_name samaccountname benutzername benutzerkennung nutzername anmeldename benutzer_name anwendername"
            " spitzname nom_utilisateur nom_d_utilisateur identifiant? identifiant_connexion pseudo~ pseudonyme surnom"
            " nombre_usuario nombre_de_usuario usuario? apodo~ nome_utente nomeutente soprannome nome_usuário nome_de_usuário"
            " nome_de_utilizador usuário? apelido_usuario gebruikersnaam gebruiker_naam bijnaam användarnamn användar_namn"
            " användarid? smeknamn inloggningsnamn brugernavn brukernavn kallenavn kælenavn käyttäjätunnus käyttäjänimi"
            " nazwa_użytkownika login_użytkownika pseudonim uživatelské_jméno felhasználónév kullanıcı_adı логин"
            " имя_пользователя nikneym 用户名 ユーザー名 utilisateur? benutzer? gebruiker?"
        ),
    ),
    Label(MENTIONS, "text that mentions personal data", "found"),
    Label(
        "secret.password",
        "password, or a hash of one",
        "full",
        frozenset({TEXT, BYTES, WHOLE_NUMBER}),
        words=_words(
            "password passwords passwd pwd passwrd pswd psw pass~ password_hash pass_hash passwd_hash user_hash pwd_hash"
            " hashed_password password_digest encrypted_password crypted_password password_salt pwd_salt pass_salt salt~"
            " password_hint password_plain password_text passphrase pass_phrase passcode pin_hash pin? pin_number? user_pin"
            " atm_pin security_answer secret_answer security_question_answer recovery_answer credential? login_password"
            " db_password smtp_password credentials~ passwort passwörter kennwort passwort_hash kennwort_hash passworthash"
            " zugangscode~ geheimzahl mot_de_passe motdepasse mdp mot_passe mdp_hash hash_mdp contraseña contrasena"
            " clave_acceso clave_hash hash_clave pass_usuario parola_chiave parola_d_ordine parola~ senha senha_hash"
            " hash_senha palavra_passe palavra_chave wachtwoord wachtwoord_hash lösenord lösenord_hash lösenordshash passord"
            " passord_hash adgangskode kodeord salasana hasło haslo hasło_hash hash_hasła heslo jelszó şifre sifre пароль"
            " parol 密码 パスワード 비밀번호 respuesta_seguridad respuesta_de_seguridad respuesta_secreta resposta_segurança"
            " resposta_de_segurança resposta_secreta réponse_secrète réponse_sécurité réponse_de_sécurité risposta_segreta"
            " risposta_di_sicurezza sicherheitsantwort geheime_antwort beveiligingsantwort"
        ),
        pattern=secret_shapes.HASH,
        within=secret_shapes.PASSWORD_WITHIN,
        confirm=checks.is_told_secret,
        signs=secret_shapes.PASSWORD_SIGNS,
    ),
    Label(
        "secret.token",
        "access token",
        "full",
        frozenset({TEXT, BYTES, UUID}),
        words=_words(
            "token tokens access_token refresh_token id_token auth_token authentication_token authorization_token api_token"
            " session_token bearer_token bearer jwt csrf_token xsrf_token reset_token password_reset_token confirmation_token"
            " verification_token invitation_token invite_token remember_token remember_me_token activation_token"
            " activation_key verification_key confirmation_key unlock_token activation_code? reset_code reset_password_token"
            " confirmation_code? verification_code? otp otp_code one_time_password one_time_code recovery_code recovery_codes"
            " backup_codes two_factor_recovery_codes mfa_code sms_code magic_link_token oauth_token device_token push_token"
            " personal_access_token session_key session_secret session_id? sessionid? sid? cookie~ cookies~ auth_cookie"
            " session_cookie authorization_code~ auth_code~ fcm_token card_token~ payment_token~ zugriffstoken sitzungstoken"
            " zugangstoken sitzungsschlüssel jeton jeton_accès jeton_d_accès jeton_session token_acceso token_de_acceso"
            " token_accesso token_de_acesso ficha_acceso toegangstoken åtkomsttoken sessionsnyckel adgangstoken token_dostępu"
            " токен invite_key invitation_key reset_key unlock_key secure_key"
        ),
        pattern=secret_shapes.TOKEN,
        within=secret_shapes.TOKEN_WITHIN,
        confirm=checks.is_token,
        signs=secret_shapes.TOKEN_SIGNS,
    ),
    Label(
        "secret.key",
        "key",
        "full",
        frozenset({TEXT, BYTES, UUID}),
        words=_words(
            "api_key apikey api_keys api_secret secret~ secrets~ secret_key secretkey private_key privatekey priv_key"
            " access_key access_key_id aws_access_key aws_access_key_id aws_secret aws_secret_key aws_secret_access_key"
            " secret_access_key encryption_key decryption_key signing_key signing_secret hmac_key hmac_secret master_key"
            " client_secret app_secret consumer_secret consumer_key shared_secret shared_key webhook_secret"
            " webhook_signing_key jwt_secret totp_secret otp_secret mfa_secret two_factor_secret encrypted_otp_secret ssh_key"
            " ssh_private_key rsa_key pgp_key gpg_key license_key licence_key wifi_key wpa_key psk network_key symmetric_key"
            " crypto_key data_key~ wrapping_key service_account_key account_key~ storage_key~ sas_key auth_key auth_secret"
            " app_key application_key server_key private_pem seed_phrase mnemonic~ wallet_key keyfile~ key_material kek dek"
            " api_schlüssel apischlüssel privater_schlüssel geheimer_schlüssel geheimschlüssel geheimnis~ clé_api clé_privée"
            " clé_secrète clef_api clave_api clave_privada clave_secreta llave_api llave_privada secreto~ chiave_api"
            " chiave_privata chiave_segreta segreto~ chave_api chave_privada chave_secreta segredo~ api_sleutel privésleutel"
            " geheime_sleutel api_nyckel privat_nyckel hemlig_nyckel hemlighet~ api_nøgle api_nøkkel privat_nøgle klucz_api"
            " klucz_prywatny tajny_klucz ключ_api секрет~"
        ),
        pattern=secret_shapes.KEY,
        within=secret_shapes.KEY_WITHIN,
        confirm=checks.is_random,
        signs=secret_shapes.KEY_SIGNS,
    ),
    Label(
        "secret.connection",
        "connection string",
        "full",
        words=_words(
            "connection_string connectionstring conn_string conn_str connstr connect_string dsn database_url db_url"
            " database_uri db_uri jdbc_url jdbc_uri odbc_dsn redis_url mongo_url mongodb_uri amqp_url broker_url"
            " connection_url connection_uri connection_info? smtp_url verbindungszeichenfolge chaîne_connexion"
            " chaîne_de_connexion cadena_conexión cadena_de_conexión stringa_connessione stringa_di_connessione"
            " string_de_conexão verbindingsreeks anslutningssträng"
        ),
        pattern=secret_shapes.CONNECTION,
        within=secret_shapes.CONNECTION,
        signs=secret_shapes.CONNECTION_SIGNS,
    ),
    Label("server.values", "what the server remembers of users' data", "null"),
    Label("server.statements", "texts of statements", "full"),
    Label("server.connections", "where other servers are", "full"),
    Label("server.state", "what the server does", "full"),
)
"""By name."""


def above(name: str) -> tuple[str, ...]:
    """The label itself and those that it is in, nearest first: `pii.name.given`, `pii.name`, `pii`."""
    parts = name.split(".")
    return tuple(".".join(parts[:n]) for n in range(len(parts), 0, -1))
