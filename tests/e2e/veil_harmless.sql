create table products (id int primary key, sku text unique, name text, stars text, price numeric(8, 2) check (price >= 0), tags text[],
    attributes jsonb, ean text);
insert into products select g, 'LMP-' || 1000 + g || '-XL', 'Lamp No. ' || g, repeat('*', 1 + g % 5), g * 1.25,
    array['oak', 'v' || g, '2024-01-15', '10:30:45'], jsonb_build_object('code', 100 + g, 'dims', array[g, g + 1], 'name', 'Lamp',
    'title', 'The lamp', 'state', 'new', 'seed', -4012119329534123494, 'hash', md5(g::text)), '5901234123457' from generate_series(1, 300) g;
create table releases (version text, build text, sha text, digest text, trace text, file text, npm text, notes text, uid uuid, at timestamptz,
    took interval, span int4range);
insert into releases select '1.' || g || '.0', '120.0.6099.' || g, repeat(md5(g::text), 2), 'sha256:' || repeat(md5(g::text), 2),
    md5(g::text), 'icon' || g || '@2x.png', '@team/core@1.2.' || g, 'Fixed #' || g || ', see https://example.com/issues/' || g || e'\n'
    '**bold** 2*3*4 ***** `user@host` git@github.com:org/repo.git', md5(g::text)::uuid, timestamptz '2024-01-15 10:30:45+00',
    g * interval '1 min', int4range(g, g + 5) from generate_series(1, 300) g;
create table networks (name text, cidr cidr, range text, netmask text, mac macaddr, gateway inet);
insert into networks select 'vlan-' || g, ('10.' || g || '.0.0/16')::cidr, '10.' || g || '.0.0/16', '255.255.0.0', '08:00:2b:01:02:03',
    '255.255.255.255' from generate_series(1, 200) g;
create table shapes (name text, wkt text, svg text);
insert into shapes values ('a', 'LINESTRING(49.85323 89.23029, 85.75121 81.07235)', 'M1.2345,3.4567 12.0001,44.1234 9.3312 -22.3321z');
create table cities (name text, country text, latitude float8, longitude float8);
insert into cities values ('Uppsala', 'Sweden', 59.858562, 17.638927), ('Lyon', 'France', 45.764043, 4.835659);
create table counts (email_count int, email_verified boolean, phone_type text, token_count int, password_changed_at timestamptz, ip_version int,
    card_brand text, secret_name text, income_statement text);
insert into counts values (4, true, 'mobile', 900, '2024-01-15', 4, 'visa', 'database', 'Q3 2024');
create table campaigns (name text, sent int);
insert into campaigns select 'Spring ' || g, g from generate_series(1990, 2025) g;
create table reviews (id int primary key, stars text, body text);
create table payments (id int primary key, shown_as text, hint text);
analyze;
