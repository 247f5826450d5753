create table people (
    id int primary key, given_name text, family_name text, email text unique, phone text, ssn text, card text, born date,
    salary int, city text, street text, constraint modest check (salary < 100000)
);
insert into people values
    (1, 'Grace', 'Hopper', 'grace.h@example.com', '+1 202 555 0143', '078-05-1120', '4111 1111 1111 1111', '1906-12-09', 91827, 'Arlington', 'Storgatan 12'),
    (2, 'Ada', 'Lovelace', 'ada.l@example.org', '+44 20 7946 0018', '219-09-9999', '5500000000000004', '1815-12-10', 73911, 'London', 'Analytical Row 1'),
    (3, 'Signe', 'Ljungberg', 'signe.l@example.se', '+46 8 123 456 78', '457-55-5462', '378282246310005', '1988-03-17', 64282, 'Uppsala', 'Storgatan 3');
create view v_people as select id, email as contact, given_name || ' ' || family_name as who from people;
create materialized view mv_people as select id, email as contact, ssn as ref from people;
create table orders (id int primary key, person int references people, status text, amount int);
insert into orders values (1, 1, 'paid', 10), (2, 2, 'open', 20), (3, 1, 'paid', 30);
create table products (id int primary key, sku text, title text, price numeric(8, 2));
insert into products values (1, 'A-1', 'Lamp', 12.50), (2, 'B-2', 'Chair', 49.00), (3, 'C-3', 'Table', 120.00);
create table newsletter (id int primary key, email_count int, email_verified boolean);
insert into newsletter values (1, 4, true), (2, 0, false);
create table events (id int primary key, payload jsonb);
insert into events values
    (1, '{"kind": "login", "email": "grace.h@example.com", "user": {"ssn": "078-05-1120", "n": 1}}'),
    (2, '{"kind": "pay", "card": "4111 1111 1111 1111", "note": "call +46 8 123 456 78"}');
create table tickets (id int primary key, note text, tags text[]);
insert into tickets values
    (1, 'Please write to ada.l@example.org or call +46 8 123 456 78.', '{vip,grace.h@example.com}'),
    (2, 'The card 4111 1111 1111 1111 was refused; SSN 078-05-1120.', '{billing}');
create table kv (id int primary key, data text);
insert into kv values (1, 'grace.h@example.com'), (2, 'ada.l@example.org'), (3, 'signe.l@example.se');
create table logins (id int primary key, username text, password_hash text, api_token text);
insert into logins values (1, 'ghopper', '$2b$12$KIXQ4Zy8mQ9f1o2p3q4r5uE6y7t8r9e0w1q2a3s4d5f6g7h8j9k0l', 'sekret-token-0123456789abcdef');
create function contact_of(n int) returns text language sql stable as 'select email from people where id = n';
create function all_people() returns setof people language sql stable as 'select * from people';
create function whoami(n int) returns text language plpgsql stable as
    'declare found text; begin select p.family_name into found from people p where p.id = n; return found; end';
create function whine(what text) returns int language plpgsql immutable as 'begin raise exception ''no good: %'', what; end';
analyze;
