create table kunden (
    kd_nr int primary key, vorname text, nachname varchar(40), gehalt numeric(10, 2), kartennummer bigint,
    sozialversicherungsnummer text unique, kennwort text, status text
);
insert into kunden values
    (1, 'Walburga', 'Zwickelhuber', 83617.25, 4111111111111111, '65 170839 J 003', 'Gurkensalat!77', 'aktiv'),
    (2, 'Theobald', 'Brandlmoser', 71543.75, 5500000000000004, '12 081169 B 011', 'Apfelmus#12', 'ruhend');
create table profile (id int primary key, doc jsonb);
insert into profile values
    (1, '{"art": "konto", "n": 3, "personen": [{"nachname": "Zwickelhuber", "n": 1}], "karte": 4111111111111111}');
create type person_t as (vn text, nachname text, karte text, menge int);
create table akten (id int primary key, p person_t, ps person_t[]);
insert into akten values
    (1, row('Wally', 'Zwickelhuber', '4111 1111 1111 1111', 7), array[row('Theo', 'Brandlmoser', '5500000000000004', 8)::person_t]);
create table eltern (nachname text primary key);
insert into eltern values ('Zwickelhuber');
create table ereignis (id int primary key, was text);
insert into ereignis values (1, 'eins'), (2, 'zwei');
create function f_person() returns setof person_t language plpgsql stable as $$ declare r person_t; begin
    for r in select 'x', nachname, 'y', 1 from kunden loop return next r; end loop; end $$;
analyze;
