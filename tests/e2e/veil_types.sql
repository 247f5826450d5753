-- Tables with two columns of every type, and two of arrays of it: one that the tests label, one beside it that is shown as it is.
--
-- `specimen` has the types. A value stands in the first row of both columns, `extreme` in the second of the labelled one, the third
-- row holds NULLs, and `personal` is in the fourth of the labelled one (`extreme` again where nothing is said).
create extension citext;
create extension hstore;
create extension ltree;
create type mood as enum ('calm', 'cross', 'O''Brien "x"');
create type spot as (x int, "where is it" text, at timestamptz, tags text[]);
create type spots as (first spot, more spot[], mood mood, span int4range);
create type text_range as range (subtype = text);
create domain handle as text check (length(value) < 200);
create domain years as int check (value between 0 and 2000000000);
create domain handles as text[];
create domain place as spot;

create table specimen (n int generated always as identity primary key, type text, value text, extreme text, personal text);
insert into specimen (type, value, extreme, personal) values
    ('int2', '17', '-32768', '1984'),
    ('int4', '17', '-2147483648', '46701234'),
    ('int8', '17', '-9223372036854775808', '4111111111111111'),
    ('numeric', '12.50', 'NaN', '4111111111111111'),
    ('numeric(30, 10)', '12.5', '-99999999999999999999.0000000001', '91827.5'),
    ('numeric(6, -3)', '17000', '-999999000', '91827000'),
    ('numeric(3, 5)', '0.00125', '-0.00999', '0.00918'),
    ('numeric', '1e-300', '-1e500', '0.00000000000000000000004217'),
    ('numeric', '0', 'Infinity', '00.000'),
    ('float4', '1.5', 'NaN', '0.7'),
    ('float8', '1.5', '-Infinity', '91827.35'),
    ('float8', '1e-300', '-1.7976931348623157e308', '4111111111111111'),
    ('money', '12.34', '-92233720368547758.08', '91827.50'),
    ('text', 'plain words', E'O''Br\\ien, "Zoë" {x} (y)\t\n NULL', 'grace.h@example.com'),
    ('text', 'other words', '', '+46 8 123 456 78'),
    ('varchar', 'plain', E'\\', '4111 1111 1111 1111'),
    ('varchar(3)', 'abc', 'é"ß', 'g@x'),
    ('varchar(19)', 'plain', 'x', 'grace.h@example.com'),
    ('char(8)', 'plain', 'ééé', 'g@ex.org'),
    ('char(30)', 'plain', '', '+46 8 123 456 78'),
    ('name', 'plain', 'A "b" \', 'grace.h@example.com'),
    ('"char"', 'q', '"', 'z'),
    ('citext', 'Plain', 'ÄÖ "', 'Grace.H@Example.com'),
    ('date', '2021-03-04', 'infinity', '1906-12-09'),
    ('time', '12:30:01.5', '24:00:00', '23:59:59.999999'),
    ('time', '01:02', '00:00', '04:05:06'),
    ('timetz', '12:30:01.5+02', '00:00:00-15:59', '23:59:59.999999+15'),
    ('timestamp', '2021-03-04 05:06:07.89', '-infinity', '1906-12-09 10:11:12'),
    ('timestamp(0)', '2021-03-04 05:06:07', 'infinity', '9999-12-31 23:59:59'),
    ('timestamptz', '2021-03-04 05:06:07.89+02', 'infinity', '1906-12-09 10:11:12+01'),
    ('interval', '3 days 04:05:06.7', '-178000000 years', '1 year 2 mons'),
    ('interval hour to minute', '04:05', '-99:59', '01:01'),
    ('uuid', '6f1c1c1e-6b6d-4c36-8f0b-0c5d6ea0a001', 'ffffffff-ffff-ffff-ffff-ffffffffffff', null),
    ('bool', 'true', 'false', null),
    ('bytea', '\x00ff10', '\x', '\x67726163652e68406578616d706c652e636f6d'),
    ('inet', '10.1.2.3', '2001:db8::1/64', '10.1.2.3/24'),
    ('cidr', '10.1.0.0/16', '2001:db8::/32', '0.0.0.0/0'),
    ('macaddr', '08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff', null),
    ('macaddr8', '08:00:2b:01:02:03:04:05', 'ff:ff:ff:ff:ff:ff:ff:ff', null),
    ('bit', '1', '0', null),
    ('bit(11)', '10110111011', '11111111111', null),
    ('varbit', '101', '', '10110111011'),
    ('varbit(5)', '101', '', '11111'),
    ('point', '(1.5,2)', '(-1e300,Infinity)', '(59.85,17.63)'),
    ('lseg', '[(1,2),(3,4)]', '[(0,0),(0,0)]', null),
    ('path', '((1,2),(3,4))', '[(1,2)]', null),
    ('box', '(3,4),(1,2)', '(0,0),(0,0)', null),
    ('polygon', '((1,2),(3,4),(5,6))', '((1,2))', null),
    ('line', '{1,2,3}', '{1,0,0}', null),
    ('circle', '<(1,2),3>', '<(0,0),0>', null),
    ('int4range', '[1,10)', 'empty', '(,)'),
    ('int8range', '[1,10)', '(,5)', '[5,)'),
    ('numrange', '[1.5,10.25)', 'empty', '(,)'),
    ('daterange', '[2021-03-04,2021-03-06)', 'empty', '[1906-12-09,1906-12-10)'),
    ('tsrange', '["2021-03-04 05:06:07","2021-03-05 00:00:00")', '(,)', null),
    ('tstzrange', '["2021-03-04 05:06:07+00","2021-03-05 00:00:00+00")', '(,)', null),
    ('text_range', '[a,b)', '["a ""b\\",)', '[grace.h@example.com,grace.i@example.com]'),
    ('int4multirange', '{[1,10),[12,14)}', '{}', '{(,)}'),
    ('nummultirange', '{[1.5,10.25)}', '{}', null),
    ('datemultirange', '{[2021-03-04,2021-03-06)}', '{}', '{[1906-12-09,1906-12-10)}'),
    ('tstzmultirange', '{["2021-03-04 05:06:07+00","2021-03-05 00:00:00+00")}', '{}', null),
    ('text_multirange', '{[a,b)}', '{}', '{[grace.h@example.com,grace.i@example.com]}'),
    ('mood', 'calm', 'O''Brien "x"', 'cross'),
    ('handle', 'plain', '', 'grace.h@example.com'),
    ('years', '17', '0', '1906'),
    ('handles', '{plain,NULL,"b c"}', '{}', '{grace.h@example.com,"NULL",""}'),
    ('spot', '(1,"plain (x) ""y"" \\ z","2021-03-04 05:06:07+00","{a,NULL,""b c""}")', '(,,,)', '(7,grace.h@example.com,"1906-12-09 10:11:12+00",{x})'),
    ('place', '(1,plain,"2021-03-04 05:06:07+00",{})', '(,,,)', '(7,grace.h@example.com,"1906-12-09 10:11:12+00",{x})'),
    ('spots', '("(1,plain,""2021-03-04 05:06:07+00"",{a})","{""(2,b,,)"",NULL}",calm,"[1,3)")', '(,,,)',
        '("(1,grace.h@example.com,,)","{""(2,grace.h@example.com,,{x})""}",cross,empty)'),
    ('json', '{"a": "plain", "n": [1, -2.5, null, true], "o": {}}', ' [ ] ', '{"email": "grace.h@example.com", "n": 1.50, "x\u0040": "\u00eb"}'),
    ('jsonb', '{"a": "plain", "n": [1, -2.5, null, true], "o": {}}', '"text"', '{"email": "grace.h@example.com", "n": 1.50}'),
    ('jsonb', '[1, [], {}]', 'null', '91827'),
    ('jsonpath', '$."a"[*]?(@ == "plain")', '$', '$."a"?(@ == "grace.h@example.com")'),
    ('xml', '<a b="c">plain</a>', 'plain &amp; words', '<a b="grace.h@example.com"/>'),
    ('tsvector', '''plain'':1A ''word'':2', '', '''grace.h@example.com'':1'),
    ('tsquery', '''plain'' & ''word'':*', '!''x'' <-> ''y''', '''grace.h@example.com'''),
    ('hstore', '"a"=>"plain", "b\"c"=>NULL', '', '"email"=>"grace.h@example.com", ""=>""'),
    ('ltree', 'a.b.c', '', 'grace.h'),
    ('pg_lsn', '0/16B3748', 'FFFFFFFF/FFFFFFFF', null),
    ('oid', '17', '4294967295', null),
    ('xid8', '17', '18446744073709551615', null),
    ('regclass', 'pg_class', '-', null),
    ('regtype', 'integer', '-', null),
    ('int2vector', '1 2 3', '', null);

do $$
declare
    one record;
    made text := '';
    list text;
    shown text;
    plain text;
    arrays text;
begin
    begin
        perform '<a/>'::xml;
    exception when feature_not_supported then  -- a server that was built without libxml
        delete from specimen where type = 'xml';
    end;
    for one in select * from specimen order by n loop
        made := made || format(', m%1$s %2$s, p%1$s %2$s', one.n, one.type);
        if one.type not in ('handles', 'int2vector') then
            -- arrays of a limited type are limited too: numeric(30, 10)[]
            made := made || format(', am%1$s %2$s[], ap%1$s %2$s[]', one.n, one.type);
        end if;
    end loop;
    execute 'create table of_kinds (id int primary key, note text' || made || ')';
    execute 'insert into of_kinds (id, note) select n, ''row '' || n from generate_series(1, 4) n';
    for one in select * from specimen order by n loop
        plain := format('case when id <> 3 then %L::%s end', one.value, one.type);
        shown := format('case id when 1 then %1$L::%4$s when 2 then %2$L::%4$s when 4 then %3$L::%4$s end',
            one.value, one.extreme, coalesce(one.personal, one.extreme), one.type);
        execute format('update of_kinds set m%1$s = %2$s, p%1$s = %3$s', one.n, shown, plain);
        if one.type not in ('handles', 'int2vector') then
            list := format('array[%1$L::%4$s, null, %2$L::%4$s, %3$L::%4$s]', one.value, one.extreme, coalesce(one.personal, one.extreme), one.type);
            -- two dimensions, with other lower bounds than 1
            arrays := format('(''[0:1][-2:0]='' || array[[%1$L::%4$s, null, %2$L::%4$s], [%3$L::%4$s, %1$L::%4$s, null]]::text)::%4$s[]',
                one.value, one.extreme, coalesce(one.personal, one.extreme), one.type);
            execute format('update of_kinds set am%1$s = case id when 1 then %2$s when 2 then %3$s when 4 then ''{}''::%4$s[] end, '
                'ap%1$s = case id when 1 then array[%5$L::%4$s, null] when 2 then ''{}''::%4$s[] end', one.n, list, arrays, one.type, one.value);
        end if;
    end loop;
end $$;
-- The same rows under labels whose own maskers differ.
create table of_names as table of_kinds;
create table of_mail as table of_kinds;
create table of_cards as table of_kinds;
create table of_phones as table of_kinds;
create table of_births as table of_kinds;
create table of_pay as table of_kinds;
analyze;
